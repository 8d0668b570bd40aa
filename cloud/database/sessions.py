"""Opens sessions on a connection whose transaction somebody else holds."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from cloud.database.errors import WriteMisuse
from cloud.database.news import ChangeRow
from cloud.database.scope import Scope, ScopedSession, session_info

T = TypeVar("T")

Unit = Callable[[Session], T]

_NEWS = "packwitness.news"


@contextmanager
def session_on(
    connection: Connection, scope: Scope, *, read_only: bool = False
) -> Iterator[Session]:
    """Yield a session that never ends the connection's transaction by itself."""
    session = ScopedSession(
        bind=connection,
        info=session_info(scope, read_only=read_only),
        # The rows stay readable after the commit, which the session does not see.
        expire_on_commit=False,
        join_transaction_mode="rollback_only",
        autoflush=not read_only,
    )
    try:
        yield session
    finally:
        session.close()


def run_unit(connection: Connection, unit: Unit[T], scope: Scope) -> tuple[T, Sequence[ChangeRow]]:
    """Run a unit in the connection's transaction; return its result and the changes it wrote."""
    with session_on(connection, scope) as session:
        result = unit(session)
        session.flush()
        if not (session.is_active and _transaction_is_sound(connection)):
            # A COMMIT would now be answered like any other, and write nothing.
            raise WriteMisuse("a unit must not go on after an error of the database: let it rise")
        return result, session.info.get(_NEWS, ())


def _transaction_is_sound(connection: Connection) -> bool:
    """Ask the driver, which knows of a transaction that the server or SQLite gave up."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        return driver.in_transaction
    return isinstance(driver, psycopg.Connection) and (
        driver.info.transaction_status
        in (TransactionStatus.INTRANS, TransactionStatus.IDLE)  # idle: the unit ran no statement
    )


def add_news(session: Session, change: ChangeRow) -> None:
    """Note a change that this session wrote, and that others wait for."""
    session.info.setdefault(_NEWS, []).append(change)
