"""The database's own clock. Leases are measured by it, so that machines need not agree."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from cloud.database.base import UtcDateTime


class database_time(ColumnElement[datetime]):  # noqa: N801  reads as the SQL function it is
    """The time of the database at the moment it runs this, usable inside any statement.

    SQLite gives milliseconds, PostgreSQL microseconds. It moves on within one transaction.
    """

    inherit_cache = True
    type = UtcDateTime()


@compiles(database_time, "sqlite")
def _on_sqlite(_element: database_time, _compiler: SQLCompiler, **_: object) -> str:
    # The same width as stored times, so that they compare as text.
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(database_time, "postgresql")
def _on_postgres(_element: database_time, _compiler: SQLCompiler, **_: object) -> str:
    return "clock_timestamp()"


def database_now(session: Session) -> datetime:
    """Return the database's time, aware, in UTC."""
    return session.scalars(select(database_time())).one()
