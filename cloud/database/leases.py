"""Leases by name: work that one process at a time does. Units for the write path.

Measured by the database's clock, so that machines need not agree.
"""

from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from cloud.database.base import Base
from cloud.database.clock import database_now


class Lease(Base):
    """Who does the work of that name, until ``lease_until``. ``fence`` counts changes of holder."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(60))
    lease_until: Mapped[datetime]
    fence: Mapped[int]


def take_lease(session: Session, name: str, holder: str, lasts: timedelta) -> bool:
    """Take a lease, or make an own one last longer. False: another process has it."""
    row = _row(session, name)
    now = database_now(session)
    if row is None:
        session.add(Lease(name=name, holder=holder, lease_until=now + lasts, fence=1))
        return True
    if row.holder != holder:
        if row.lease_until > now:
            return False
        row.holder = holder
        row.fence += 1
    row.lease_until = now + lasts
    return True


def keep_lease(session: Session, name: str, holder: str, lasts: timedelta) -> None:
    """Make an own lease last longer; nothing if it is not the holder's."""
    row = _row(session, name)
    if row is not None and row.holder == holder:
        row.lease_until = database_now(session) + lasts


def end_lease(session: Session, name: str, holder: str, rest: timedelta) -> None:
    """The work is done, and needs nobody for ``rest``; nothing if another has taken it since."""
    row = _row(session, name)
    if row is not None and row.holder == holder:
        row.lease_until = database_now(session) + rest


def forget_leases(session: Session) -> None:
    """End all: said by the one process that may exist, whose file lock proves the others dead."""
    session.execute(delete(Lease))


def _row(session: Session, name: str) -> Lease | None:
    return session.scalar(select(Lease).where(Lease.name == name).with_for_update())
