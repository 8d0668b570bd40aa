"""Makes the SQLAlchemy engines of one database address, with what each engine needs to be safe.

Two per database: `writer` and `reader`. On SQLite they have connections of their own (a reader
sees the last commit and is never in the writer's way); on PostgreSQL they share one pool.
"""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from cloud.database.durable import flush
from cloud.database.errors import DatabaseUnusable

BUSY_TIMEOUT_S = 10
READERS = 20
CONNECTIONS = 20
STOPPED_AFTER_S = 60


@dataclass(frozen=True)
class Engines:
    """The engines of one database."""

    writer: Engine
    reader: Engine

    @property
    def is_sqlite(self) -> bool:
        """Say which of the two kinds of database this is."""
        return self.writer.dialect.name == "sqlite"

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.reader.dispose()
        self.writer.dispose()


def make_engines(address: str) -> Engines:
    """Return the engines of `sqlite:///path` or `postgresql+psycopg://...`.

    Raises DatabaseUnusable for any other address, and for a SQLite folder that does not exist.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise DatabaseUnusable("the database address cannot be read as a URL") from error
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite(url)
    if url.drivername == "postgresql+psycopg":
        return _postgres(url)
    raise DatabaseUnusable(
        f"database kind {url.drivername!r} is not supported: "
        "use sqlite:///<path> or postgresql+psycopg://<user>@<host>/<name>"
    )


def _sqlite(url: URL) -> Engines:
    if not url.database or url.database == ":memory:":
        raise DatabaseUnusable("a SQLite address must name a file: sqlite:///<path>")
    _make_file(Path(url.database))
    return Engines(
        writer=_sqlite_engine(url, begin="BEGIN IMMEDIATE", query_only=False, connections=1),
        reader=_sqlite_engine(url, begin="BEGIN", query_only=True, connections=READERS),
    )


def _make_file(path: Path) -> None:
    """Make the file ours alone before SQLite makes it readable; its WAL inherits the mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        flush(path.parent)
    except PermissionError:
        if not path.is_file():
            raise DatabaseUnusable(f"the database file {path} cannot be made") from None
        # Reading may still work; a write will say that it is read-only.
    except OSError as error:
        raise DatabaseUnusable(
            f"the database file {path} cannot be opened: {error.strerror}"
        ) from error


def _sqlite_engine(url: URL, *, begin: str, query_only: bool, connections: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": BUSY_TIMEOUT_S},
    )
    pragmas = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"]
    if query_only:
        pragmas = ["foreign_keys=ON", "query_only=ON"]
    event.listen(engine, "connect", _sqlite_preparer(pragmas))
    event.listen(engine, "begin", _sqlite_beginner(begin))
    return engine


def _sqlite_preparer(
    pragmas: list[str],
) -> Callable[[sqlite3.Connection, ConnectionPoolEntry], None]:
    def prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN comes late and is deferred: we say it ourselves ("begin" event).
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    return prepare


def _sqlite_beginner(begin: str) -> Callable[[Connection], None]:
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return start


def _postgres(url: URL) -> Engines:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_pre_ping=True,
        connect_args={"application_name": "packwitness", "connect_timeout": BUSY_TIMEOUT_S},
    )
    event.listen(engine, "connect", _prepare_postgres)
    return Engines(
        # SERIALIZABLE gives a unit the same meaning as on SQLite: as if it ran alone.
        writer=engine.execution_options(isolation_level="SERIALIZABLE"),
        reader=engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ),
    )


def _prepare_postgres(
    connection: psycopg.Connection[tuple[object, ...]], _entry: ConnectionPoolEntry
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        # A process that is stopped in a transaction would keep its locks, and the news of all.
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{STOPPED_AFTER_S}s'")
    connection.commit()
