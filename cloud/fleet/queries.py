"""Reading tables and their devices."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.fleet.models import Device, EnrolmentClaim, PackingTable


def table_names(session: Session, *, retired: bool = False) -> list[tuple[int, str]]:
    """Id and name of each table in use, or of each retired one, by name (a scoped session)."""
    has_end = PackingTable.retired_at.is_not(None)
    rows = session.execute(
        select(PackingTable.id, PackingTable.name)
        .where(has_end if retired else ~has_end)
        .order_by(PackingTable.sort_key, PackingTable.id)
    )
    return [(table_id, name) for table_id, name in rows]


def devices_of(session: Session, table_id: int, most: int) -> list[Device]:
    """The devices that stood at a table, newest first (a scoped session)."""
    of_table = select(Device).where(Device.table_id == table_id)
    return list(session.scalars(of_table.order_by(Device.id.desc()).limit(most)))


def claim_ends_at(session: Session, table_id: int, now: datetime) -> datetime | None:
    """Until when a device may enrol at a table by its newest claim code; None without one."""
    return session.scalar(
        select(func.max(EnrolmentClaim.expires_at)).where(
            EnrolmentClaim.table_id == table_id,
            EnrolmentClaim.used_at.is_(None),
            EnrolmentClaim.expires_at > now,
        )
    )


def table_with_device(session: Session, table_id: int) -> tuple[PackingTable, Device | None] | None:
    """A table and the device that stands there now; None when there is no such table."""
    table = session.get(PackingTable, table_id)
    if table is None:
        return None
    device = session.scalar(
        select(Device)
        .where(Device.table_id == table_id, Device.revoked_at.is_(None))
        .order_by(Device.id.desc())
        .limit(1)
    )
    return table, device


def liveliest_table(session: Session) -> int | None:
    """The table that was heard of last, those online before the others; None without tables."""
    heard = session.scalar(
        select(Device.table_id)
        .where(Device.revoked_at.is_(None))
        .order_by(Device.online.desc(), Device.last_seen_at.desc().nulls_last(), Device.id)
        .limit(1)
    )
    if heard is not None:
        return heard
    in_use = select(PackingTable.id).where(PackingTable.retired_at.is_(None))
    return session.scalar(in_use.order_by(PackingTable.sort_key, PackingTable.id).limit(1))
