"""A database that is in trouble at a chosen write of the dispatcher's senders."""

import threading
from collections.abc import Callable
from enum import Enum

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from cloud.database.errors import CommitUnknown
from cloud.database.scope import Scope, system
from cloud.database.sessions import T, Unit
from cloud.database.write import Database


class Trouble(Enum):
    """What happens to one write."""

    CUT_IN_UNIT = "cut in the unit"
    """The server ends our connection before COMMIT: nothing was written."""
    CUT_IN_COMMIT = "cut in COMMIT"
    """The connection ends before COMMIT is answered; nothing was written, and nobody knows."""
    ANSWER_LOST = "answer lost"
    """The same, and it was written."""


class TroubledWrites:
    """Stands before `Database.write` and lets the n-th write of the senders go wrong."""

    def __init__(self, database: Database, trouble: Trouble, number: int) -> None:
        self._database = database
        self._write = database.write
        self._trouble = trouble
        self._left = number
        self._lock = threading.Lock()
        self.happened = False

    def write(self, unit: Unit[T], scope: Scope, *, locks: bool = False) -> T:
        """As `Database.write`."""
        if not self._is_the_one():
            return self._write(unit, scope, locks=locks)
        self.happened = True
        if self._trouble is Trouble.CUT_IN_UNIT:
            return self._write(self._cut_by_the_server(unit), scope, locks=locks)
        if self._trouble is Trouble.CUT_IN_COMMIT:
            event.listen(self._database.engines.writer, "commit", self._end_backend, once=True)
            return self._write(unit, scope, locks=locks)
        self._write(unit, scope, locks=locks)
        raise CommitUnknown("the connection broke during COMMIT")

    def _is_the_one(self) -> bool:
        if not threading.current_thread().name.startswith("dispatch-send"):
            return False
        with self._lock:
            self._left -= 1
            return self._left == 0

    @staticmethod
    def _cut_by_the_server(unit: Unit[T]) -> Callable[[Session], T]:
        def cut(session: Session) -> T:
            result = unit(session)
            session.flush()
            session.scalar(select(func.pg_terminate_backend(func.pg_backend_pid())))
            return result

        return cut

    def _end_backend(self, connection: object) -> None:
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()  # type: ignore[attr-defined]  # SQLAlchemy's own events are untyped
        with self._database.read(system("test")) as other:
            other.scalar(select(func.pg_terminate_backend(process, 10_000)))
