"""Changing tables: their name, whether they may work, and that they are gone (scoped sessions).

Each of these is a unit of a write. The session of a device that may not connect any more is ended
by the broker, which hears of it as soon as the write is committed.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.fleet.models import Device, PackingTable
from cloud.fleet.naming import table_name_of
from cloud.fleet.news import tell_broker, tell_fleet
from cloud.fleet.service import end_claims, refuse_taken_name, table_in_use


def rename_table(session: Session, table_id: int, name: str) -> None:
    """Call a table otherwise; its device need not know.

    Raises:
        UnknownTable, TableRetired: there is no table to rename.
        BadTableName: the text is no name.
        TableExists: another table has it.
    """
    table = table_in_use(session, table_id)
    name = table_name_of(name)
    if name == table.name:
        return
    refuse_taken_name(session, name)
    table.name = name
    tell_fleet(session, table)


def disable_table(session: Session, table_id: int, now: datetime) -> list[str]:
    """Keep a table's device out, and let none enrol, until it is enabled again.

    Its credentials stay what they are, and so does what it holds. Gives the devices put out.
    Raises UnknownTable or TableRetired.
    """
    table = table_in_use(session, table_id)
    table.disabled_at = table.disabled_at or now
    end_claims(session, table_id, now)
    put_out = _put_out(session, table_id, None)
    _tell(session, table)
    return put_out


def enable_table(session: Session, table_id: int) -> None:
    """Let a table's device in again. Raises UnknownTable or TableRetired."""
    table = table_in_use(session, table_id)
    table.disabled_at = None
    _tell(session, table)


def retire_table(session: Session, table_id: int, now: datetime) -> list[str]:
    """Take a table out of use for good: its device is revoked, its name free, its proofs stay.

    Gives the devices that were revoked. Raises UnknownTable or TableRetired.
    """
    table = table_in_use(session, table_id)
    table.retired_at = now
    end_claims(session, table_id, now)
    put_out = _put_out(session, table_id, now)
    _tell(session, table)
    return put_out


def _put_out(session: Session, table_id: int, revoked_at: datetime | None) -> list[str]:
    """Devices of a table that are not revoked yet: offline from now on."""
    of_table = (Device.table_id == table_id, Device.revoked_at.is_(None))
    found = list(session.scalars(select(Device.device_id).where(*of_table)))
    session.execute(update(Device).where(*of_table).values(online=False, revoked_at=revoked_at))
    return found


def _tell(session: Session, table: PackingTable) -> None:
    tell_fleet(session, table)
    tell_broker(session, table.id, table.organisation_id)
