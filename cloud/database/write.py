"""The one way to write, and the one way to open a session for reading."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cloud.database.engine import Engines, make_engines
from cloud.database.errors import WriteMisuse
from cloud.database.news import RecentChanges
from cloud.database.postgres_writer import TransactionWriter
from cloud.database.scope import Scope
from cloud.database.sessions import T, Unit, session_on
from cloud.database.sqlite_writer import GroupCommitWriter
from cloud.database.translate import outside_view

NEWS_CHANNEL = "packwitness_changes"
_RECENT = 1000
"""Changes kept in memory: every reader that keeps up reads them there."""

logger = logging.getLogger(__name__)


def log_death(error: BaseException) -> None:
    """Report a dead writer and nothing else: for programs that end by themselves soon."""
    logger.critical("the process must end: its database writer is dead", exc_info=error)


class Database:
    """One database: its write path, its reading sessions, and the signal of news.

    `on_death` is called, in the dying thread, when nothing can be written any more (SQLite's one
    writer died). The process must end; every `write` from then on raises WriterStopped.
    """

    def __init__(
        self, engines: Engines, *, on_death: Callable[[BaseException], None] = log_death
    ) -> None:
        self.engines = engines
        self.recent_changes = RecentChanges(_RECENT)
        """SQLite's; always up to date with what this process committed."""
        self._listeners: list[Callable[[], None]] = []
        self._writer: GroupCommitWriter | TransactionWriter
        if engines.is_sqlite:
            self._writer = GroupCommitWriter(
                engines.writer,
                recent=self.recent_changes,
                on_news=self._tell_news,
                on_death=on_death,
            )
        else:
            self._writer = TransactionWriter(engines.writer, on_news=_notify)

    @classmethod
    def open(
        cls, address: str, *, on_death: Callable[[BaseException], None] = log_death
    ) -> "Database":
        """Return the database at an address (see `engine.make_engines`)."""
        return cls(make_engines(address), on_death=on_death)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Database({self.engines.writer.dialect.name})"

    def write(self, unit: Unit[T], scope: Scope, *, locks: bool = False) -> T:
        """Run `unit(session)` in a transaction and return its result after COMMIT.

        The unit does nothing but work on its session (no network, file or other database call)
        and may be run more than once, so it changes nothing outside the session. It neither
        commits nor rolls back; to undo everything it raises, and the caller gets that error.

        `locks` is for units that run many times a second: it promises that the unit locks every
        row that its decisions depend on (FOR UPDATE) before it reads them, so that it needs not be
        kept apart from units that work on other rows (PostgreSQL; see decision 17).

        Raises a TransientDatabaseError (busy, full, connection lost, outcome unknown) or a
        PermanentDatabaseError (constraint, read-only, damaged, writer stopped), and WriteMisuse
        when called by a unit.
        """
        if self._writer.is_writing_thread():
            raise WriteMisuse("a unit must not call write: do its work in the same session")
        return self._writer.write(unit, scope, locks=locks)

    @contextmanager
    def read(self, scope: Scope) -> Iterator[Session]:
        """Yield a session that sees one state of the database and cannot change it.

        Raises the same errors as `write`. Rows stay readable after it, but load nothing more.
        """
        try:
            with (
                self.engines.reader.connect() as connection,
                session_on(connection, scope, read_only=True) as session,
            ):
                yield session
        except SQLAlchemyError as error:
            view = outside_view(error)
            raise view from view.__cause__

    def on_news(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit of this process that wrote a change (SQLite)."""
        self._listeners.append(listener)

    def _tell_news(self) -> None:
        for listener in self._listeners:
            listener()

    def close(self) -> None:
        """Finish the units that wait, then close all connections. May be called twice."""
        self._writer.close()
        self.engines.dispose()


def _notify(connection: Connection) -> None:
    """Wake the other processes.

    After the commit, not within it: a transaction that holds a notification makes all others of
    the database wait for its disk flush. A notification that gets lost only costs time.
    """
    raw = connection.connection.driver_connection
    try:
        if isinstance(raw, psycopg.Connection):
            raw.set_autocommit(True)
            try:
                raw.execute(f"NOTIFY {NEWS_CHANNEL}")
            finally:
                raw.set_autocommit(False)
    except psycopg.Error:
        logger.warning("could not wake the readers of changes; they look by themselves soon")
