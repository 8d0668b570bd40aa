"""Opens sessions on a connection whose transaction somebody else holds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

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


def run_unit(connection: Connection, unit: Unit[T], scope: Scope) -> tuple[T, bool]:
    """Run a unit in the connection's transaction; return its result and whether it has news."""
    with session_on(connection, scope) as session:
        result = unit(session)
        session.flush()
        return result, _NEWS in session.info


def mark_news(session: Session) -> None:
    """Note that this session wrote a change that others wait for."""
    session.info[_NEWS] = True
