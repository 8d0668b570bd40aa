"""The database's own clock. Leases are measured by it, so that machines need not agree."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.database.base import UtcDateTime


def database_now(session: Session) -> datetime:
    """Return the database's time, aware, in UTC. It moves on within one transaction.

    SQLite runs in this process and has no clock but this machine's, so it is not asked.
    """
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    return session.scalars(select(func.clock_timestamp(type_=UtcDateTime()))).one()
