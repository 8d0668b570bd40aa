"""The leases of partitions in the database. Units for the write path; its clock measures them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.database.clock import database_now
from cloud.link.models import LinkProcess, PartitionLease
from cloud.link.shares import balance
from wire.topics import PARTITIONS


@dataclass(frozen=True, slots=True)
class Turn:
    """What a process holds after its turn; of it, what it has to give up."""

    held: frozenset[int]
    surplus: frozenset[int]
    taken: frozenset[int]
    """New in this turn."""


def take_turn(session: Session, process: str, lease: timedelta) -> Turn:
    """Renew what the process holds, and take of what is free as much as makes its share.

    What it has too much of stays its own until ``give_up``, so that it can leave its topics first.
    """
    now = database_now(session)
    until = now + lease
    _be_alive(session, process, now, until)
    rows = _rows(session, now)
    holders = {row.partition: row.holder if row.lease_until > now else None for row in rows}
    plan = balance(process, _alive(session, now), holders)
    held = {number for number, holder in holders.items() if holder == process}
    held.update(plan.take)
    _assign(rows, process, held, until)
    return Turn(frozenset(held), frozenset(plan.give_up), frozenset(plan.take))


def take_all(session: Session, process: str, lease: timedelta) -> Turn:
    """The same for the one process that may exist (SQLite's file lock): all others are dead."""
    now = database_now(session)
    session.execute(delete(LinkProcess).where(LinkProcess.id != process))
    _be_alive(session, process, now, now + lease)
    rows = _rows(session, now)
    every = frozenset(row.partition for row in rows)
    taken = frozenset(row.partition for row in rows if row.holder != process)
    _assign(rows, process, every, now + lease)
    return Turn(every, frozenset(), taken)


def give_up(session: Session, process: str, partitions: Collection[int]) -> None:
    """Let others have these at once; those that are not the process's own stay as they are."""
    now = database_now(session)
    for row in _rows(session, now):
        if row.holder == process and row.partition in partitions:
            row.holder = None
            row.lease_until = now


def leave(session: Session, process: str) -> None:
    """Give up everything, and count no more as a process."""
    give_up(session, process, range(PARTITIONS))
    session.execute(delete(LinkProcess).where(LinkProcess.id == process))


def _be_alive(session: Session, process: str, now: datetime, until: datetime) -> None:
    session.execute(delete(LinkProcess).where(LinkProcess.alive_until <= now))
    row = session.get(LinkProcess, process)
    if row is None:
        session.add(LinkProcess(id=process, alive_until=until))
    else:
        row.alive_until = until
    session.flush()


def _alive(session: Session, now: datetime) -> Sequence[str]:
    return session.scalars(select(LinkProcess.id).where(LinkProcess.alive_until > now)).all()


def _rows(session: Session, now: datetime) -> Sequence[PartitionLease]:
    """All of them, locked; made by the first process that ever asks."""
    statement = select(PartitionLease).order_by(PartitionLease.partition).with_for_update()
    rows = session.scalars(statement).all()
    if rows:
        return rows
    made = [
        PartitionLease(partition=number, holder=None, lease_until=now, fence=0)
        for number in range(PARTITIONS)
    ]
    session.add_all(made)
    session.flush()
    return made


def _assign(
    rows: Sequence[PartitionLease], process: str, partitions: Collection[int], until: datetime
) -> None:
    for row in rows:
        if row.partition in partitions:
            row.fence += row.holder != process
            row.holder = process
            row.lease_until = until
