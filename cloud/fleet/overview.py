"""All tables of an organisation, with the device at each: filtered, sorted, counted.

A page of any size takes one statement, and the counts of all groups one more. Pages are cut by the
sort key of the name and the id (keyset).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, Tuple, and_, case, func, not_, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from cloud.fleet.models import Device, PackingTable

Columns = TypeVarTuple("Columns")

SILENT_AFTER = timedelta(minutes=3)
"""A table says how it is every minute: one that is silent for longer is not there."""


class TableState(StrEnum):
    """Where a table stands."""

    ONLINE = "online"
    OFFLINE = "offline"
    NOT_ENROLLED = "not-enrolled"
    DISABLED = "disabled"
    RETIRED = "retired"


class TableGroup(StrEnum):
    """What else tables can be filtered by, across their states."""

    ATTENTION = "attention"
    """Offline, or with a fault."""
    WAITING = "waiting"
    """Holds orders that the cloud has not got."""


@dataclass(frozen=True, slots=True)
class TableFilter:
    """Which tables are wanted. Without a state: all that are not retired."""

    state: str = ""
    """A state, or a group."""
    name: str = ""
    """A part of the name; case does not count."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A table, and the device that stands there now."""

    table: PackingTable
    device: Device | None
    state: TableState


def state_of(table: PackingTable, device: Device | None, now: datetime) -> TableState:
    """Where a table stands at a time. The same as the conditions below."""
    if table.retired_at is not None:
        return TableState.RETIRED
    if table.disabled_at is not None:
        return TableState.DISABLED
    if device is None:
        return TableState.NOT_ENROLLED
    seen_at = device.last_seen_at
    is_there = device.online and seen_at is not None and seen_at > now - SILENT_AFTER
    return TableState.ONLINE if is_there else TableState.OFFLINE


def tables_of(
    session: Session,
    wanted: TableFilter,
    now: datetime,
    *,
    most: int | None = None,
    after: int | None = None,
    before: int | None = None,
) -> list[TableRow]:
    """Tables by their names, at most so many after or before one by its id (a scoped session)."""
    place = tuple_(PackingTable.sort_key, PackingTable.id)
    statement = _filtered(_with_device(select(PackingTable, Device)), wanted, now).limit(most)
    if before is not None:
        statement = statement.where(place < _place_of(before))
        order = (PackingTable.sort_key.desc(), PackingTable.id.desc())
    else:
        order = (PackingTable.sort_key.asc(), PackingTable.id.asc())
    if after is not None:
        statement = statement.where(place > _place_of(after))
    found = session.execute(statement.order_by(*order)).all()
    rows = [TableRow(table, device, state_of(table, device, now)) for table, device in found]
    return rows[::-1] if before is not None else rows


def count_tables(session: Session, name: str, now: datetime) -> dict[str, int]:
    """How many tables are in each state and group, and under "" how many are not retired."""
    kinds = {"": PackingTable.retired_at.is_(None), **_conditions(now)}
    sums = [func.sum(case((condition, 1), else_=0)) for condition in kinds.values()]
    statement = _with_device(select(*sums).select_from(PackingTable))
    found = session.execute(_named(statement, name)).one()
    return {kind: int(count or 0) for kind, count in zip(kinds, found, strict=True)}


def find_table(session: Session, table_id: int, now: datetime) -> TableRow | None:
    """One table (a scoped session)."""
    statement = _with_device(select(PackingTable, Device)).where(PackingTable.id == table_id)
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    table, device = found
    return TableRow(table, device, state_of(table, device, now))


def _place_of(table_id: int) -> Tuple:
    """Where a table stands in the list; the database looks it up."""
    other = aliased(PackingTable)
    key = select(other.sort_key).where(other.id == table_id).scalar_subquery()
    return tuple_(key, table_id)


def _with_device(statement: Select[*Columns]) -> Select[*Columns]:
    """Join the newest device of each table that was not revoked."""
    other = aliased(Device)
    newest = (
        select(func.max(other.id))
        .where(other.table_id == PackingTable.id, other.revoked_at.is_(None))
        .correlate(PackingTable)
        .scalar_subquery()
    )
    return statement.outerjoin(Device, Device.id == newest)


def _filtered(statement: Select[*Columns], wanted: TableFilter, now: datetime) -> Select[*Columns]:
    condition = _conditions(now).get(wanted.state, PackingTable.retired_at.is_(None))
    return _named(statement.where(condition), wanted.name)


def _named(statement: Select[*Columns], name: str) -> Select[*Columns]:
    if not name:
        return statement
    return statement.where(PackingTable.name.icontains(name, autoescape=True))


def _conditions(now: datetime) -> Mapping[str, ColumnElement[bool]]:
    """Of each state and group. The statement has joined the device."""
    works = and_(PackingTable.retired_at.is_(None), PackingTable.disabled_at.is_(None))
    enrolled = and_(works, Device.id.is_not(None))
    # Null where it was never heard of, which must count as not there.
    seen = func.coalesce(Device.last_seen_at > now - SILENT_AFTER, False)
    there = and_(Device.online, seen)
    return {
        TableState.ONLINE: and_(enrolled, there),
        TableState.OFFLINE: and_(enrolled, not_(there)),
        TableState.NOT_ENROLLED: and_(works, Device.id.is_(None)),
        TableState.DISABLED: and_(
            PackingTable.retired_at.is_(None), PackingTable.disabled_at.is_not(None)
        ),
        TableState.RETIRED: PackingTable.retired_at.is_not(None),
        TableGroup.ATTENTION: and_(enrolled, or_(not_(there), Device.in_trouble)),
        TableGroup.WAITING: and_(enrolled, Device.waiting_proofs > 0),
    }
