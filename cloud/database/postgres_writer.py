"""The write path of PostgreSQL: a transaction of its own in the caller's thread.

SERIALIZABLE, so that a unit means the same as on SQLite; run again when the server refuses it
because of others at the same moment (40001, 40P01). A unit that locks what it decides by runs READ
COMMITTED: it waits for those who have the same rows, and is refused because of nobody else's.
"""

import logging
import random
import threading
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cloud import metrics
from cloud.database.errors import CommitUnknown, WriterStopped
from cloud.database.scope import Scope
from cloud.database.sessions import T, Unit, run_unit
from cloud.database.translate import is_answered, is_conflict, is_unique_violation, outside_view

ATTEMPTS = 12
# A row that another transaction committed since "is it there?" was asked shows as a violation
# (PostgreSQL manual, 13.2.3). Once more tells it from a real one, and once more again where the
# rival's rival was faster. Counted by themselves: conflicts before it must not use them up.
VIOLATIONS_BELIEVED = 3
FIRST_PAUSE_S = 0.005
LONGEST_PAUSE_S = 0.5

logger = logging.getLogger(__name__)


class TransactionWriter:
    """Runs each unit in the thread that asks for it, again after a conflict.

    `on_news` is called with the connection after a commit that others wait for.
    """

    def __init__(self, engine: Engine, *, on_news: Callable[[Connection], None]) -> None:
        self._engine = engine
        self._on_news = on_news
        self._inside = threading.local()
        self._closing = threading.Event()
        self._idle = threading.Condition()
        self._running = 0
        metrics.WRITES_WAITING.set_function(lambda: self._running)

    def write(self, unit: Unit[T], scope: Scope, *, locks: bool = False) -> T:
        """Run the unit until it commits, and return its result."""
        with self._idle:
            if self._closing.is_set():
                raise WriterStopped("the database is closed")
            self._running += 1
        self._inside.unit = True
        try:
            return self._until_committed(unit, scope, locks)
        except SQLAlchemyError as error:
            view = outside_view(error)
            raise view from view.__cause__
        finally:
            self._inside.unit = False
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def is_writing_thread(self) -> bool:
        """Say whether the caller is a unit."""
        return getattr(self._inside, "unit", False)

    def close(self) -> None:
        """Take no more units and wait for those that run."""
        with self._idle:
            self._closing.set()
            self._idle.wait_for(lambda: self._running == 0)

    def _until_committed(self, unit: Unit[T], scope: Scope, locks: bool) -> T:
        attempt = 1
        violations = 0
        while True:
            try:
                return self._once(unit, scope, locks)
            except DBAPIError as error:
                violations += is_unique_violation(error)
                is_rivalry = is_conflict(error) or is_unique_violation(error)
                if not is_rivalry or attempt >= ATTEMPTS or violations >= VIOLATIONS_BELIEVED:
                    raise
                logger.debug("conflict with another transaction", extra={"attempt": attempt})
            # Not cut short by close(), which lets a unit that has begun come to its end.
            threading.Event().wait(_pause_s(attempt))
            attempt += 1

    def _once(self, unit: Unit[T], scope: Scope, locks: bool) -> T:
        began_s = time.monotonic()
        with self._engine.connect() as connection:
            if locks:
                # Said here, because an option of an engine made from this one would lose.
                connection.execution_options(isolation_level="READ COMMITTED")
            # Leaving without a commit rolls back.
            transaction = connection.begin()
            result, has_news = run_unit(connection, unit, scope)
            try:
                transaction.commit()
            except DBAPIError as error:
                if not is_answered(error):
                    raise CommitUnknown("the connection broke during COMMIT") from error
                raise
            metrics.WRITE_SECONDS.observe(time.monotonic() - began_s)
            metrics.WRITE_GROUP.observe(1)
            if has_news:
                self._on_news(connection)
            return result


def _pause_s(attempt: int) -> float:
    """Return a random pause that doubles in the mean, so that rivals do not meet again."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
    return random.uniform(0, longest)  # noqa: S311  spreads rivals, protects nothing
