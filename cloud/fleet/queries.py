"""Reading tables and their devices."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.fleet.models import Device, PackingTable


def table_names(session: Session) -> list[tuple[int, str]]:
    """Id and name of each table of the organisation, by name (a scoped session)."""
    rows = session.execute(select(PackingTable.id, PackingTable.name).order_by(PackingTable.name))
    return [(table_id, name) for table_id, name in rows]


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
    return session.scalar(select(PackingTable.id).order_by(PackingTable.name).limit(1))
