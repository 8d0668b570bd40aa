"""Tables, claims, and the devices that enrol by them."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from cloud.fleet.errors import (
    ClaimRefused,
    TableDisabled,
    TableExists,
    TableRetired,
    UnknownTable,
)
from cloud.fleet.models import Device, EnrolmentClaim, PackingTable
from cloud.fleet.naming import table_name_of
from cloud.fleet.news import tell_fleet

CLAIM_LASTS = timedelta(days=7)
PARTITIONS = 64
_CLAIM_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1: people read it


def new_claim_code() -> str:
    """A random claim code: four groups of five, 100 bits."""
    groups = ("".join(secrets.choice(_CLAIM_ALPHABET) for _ in range(5)) for _ in range(4))
    return "-".join(groups)


def new_device_id() -> str:
    """A random device id, fit for topics and MQTT user names."""
    return f"table-{secrets.token_hex(8)}"


def may_connect() -> ColumnElement[bool]:
    """Condition of devices that the broker lets in. The statement joins their table."""
    return and_(
        Device.revoked_at.is_(None),
        PackingTable.id == Device.table_id,
        PackingTable.disabled_at.is_(None),
    )


def create_table(session: Session, name: str, now: datetime) -> PackingTable:
    """Add a packing table (a scoped session).

    Raises:
        BadTableName: the text is no name.
        TableExists: the organisation has one of that name.
    """
    name = table_name_of(name)
    refuse_taken_name(session, name)
    table = PackingTable(name=name, created_at=now)
    session.add(table)
    session.flush()
    tell_fleet(session, table)
    return table


def refuse_taken_name(session: Session, name: str) -> None:
    """Raises TableExists when a table in use has that name; those of retired ones are free."""
    if table_named(session, name) is not None:
        raise TableExists(f"there is a table named {name!r} already")


def table_named(session: Session, name: str) -> PackingTable | None:
    """The table in use with that name (a scoped session)."""
    return session.scalar(
        select(PackingTable).where(PackingTable.name == name, PackingTable.retired_at.is_(None))
    )


def table_in_use(session: Session, table_id: int) -> PackingTable:
    """A table that may be changed, held until the write ends (a scoped session).

    Raises:
        UnknownTable: there is none.
        TableRetired: it is gone for good.
    """
    table = session.scalar(
        select(PackingTable)
        .where(PackingTable.id == table_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if table is None:
        raise UnknownTable("there is no such table")
    if table.retired_at is not None:
        raise TableRetired(f"the table {table.name!r} is retired")
    return table


def issue_claim(session: Session, table_id: int, code: str, now: datetime) -> EnrolmentClaim:
    """Allow one device to enrol at a table with ``code``; earlier unused claims end.

    The device that stands there goes on until the new one has enrolled.

    Raises:
        UnknownTable: there is none.
        TableRetired: it is gone for good.
        TableDisabled: nobody may enrol there now.
    """
    table = table_in_use(session, table_id)
    if table.disabled_at is not None:
        raise TableDisabled(f"the table {table.name!r} is disabled: enable it first")
    end_claims(session, table_id, now)
    claim = EnrolmentClaim(
        table_id=table_id,
        code_hash=_claim_hash(code),
        created_at=now,
        expires_at=now + CLAIM_LASTS,
    )
    session.add(claim)
    session.flush()
    tell_fleet(session, table)
    return claim


def end_claims(session: Session, table_id: int, now: datetime) -> None:
    """Let the unused claims of a table expire."""
    session.execute(
        update(EnrolmentClaim)
        .where(
            EnrolmentClaim.table_id == table_id,
            EnrolmentClaim.used_at.is_(None),
            EnrolmentClaim.expires_at > now,
        )
        .values(expires_at=now)
    )


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What the caller made up for a device before the write."""

    device_id: str
    password_hash: str
    hardware: str
    software: str


def add_device(session: Session, claim_code: str, new: NewDevice, now: datetime) -> Device:
    """Use a claim up for a new device (a system session).

    Follow it with ``replace_others`` or with ``give_claim_back``.

    Raises:
        ClaimRefused: the code is unknown, used or expired.
    """
    claim = session.scalar(
        select(EnrolmentClaim)
        .where(EnrolmentClaim.code_hash == _claim_hash(claim_code))
        .with_for_update()
    )
    if claim is None:
        raise ClaimRefused("this claim code is not known; check it, or print a new claim sheet")
    if claim.used_at is not None:
        raise ClaimRefused("this claim code was used already; print a new claim sheet")
    if claim.expires_at <= now:
        raise ClaimRefused("this claim code has expired; print a new claim sheet")
    if not _is_open(session, claim.table_id):
        raise ClaimRefused("this table is disabled or retired; ask your IT")
    claim.used_at = now
    claim.device_id = new.device_id
    device = Device(
        organisation_id=claim.organisation_id,
        device_id=new.device_id,
        table_id=claim.table_id,
        partition=_partition_of(new.device_id),
        password_hash=new.password_hash,
        hardware=new.hardware,
        software=new.software,
        enrolled_at=now,
    )
    session.add(device)
    session.flush()
    return device


def replace_others(session: Session, device: Device, now: datetime) -> None:
    """Revoke the earlier devices of its table: a table points to one device at a time."""
    session.execute(
        update(Device)
        .where(
            Device.table_id == device.table_id,
            Device.id < device.id,
            Device.revoked_at.is_(None),
        )
        .values(revoked_at=now, online=False)
    )


def give_claim_back(session: Session, device_id: str) -> None:
    """Forget a device that never connected; its claim can be used again (a system session)."""
    session.execute(delete(Device).where(Device.device_id == device_id))
    session.execute(
        update(EnrolmentClaim)
        .where(EnrolmentClaim.device_id == device_id)
        .values(used_at=None, device_id=None)
    )


def enrolled_device(session: Session, device_id: str) -> Device | None:
    """The device with that MQTT user name, unless it was revoked."""
    return session.scalar(
        select(Device).where(Device.device_id == device_id, Device.revoked_at.is_(None))
    )


def find_device(session: Session, device_id: str) -> Device | None:
    """The device with that MQTT user name, if it may connect."""
    return session.scalar(select(Device).where(Device.device_id == device_id, may_connect()))


def table_name(session: Session, table_id: int) -> str:
    """Name of a table; empty when it is gone."""
    return session.scalar(select(PackingTable.name).where(PackingTable.id == table_id)) or ""


def broker_users(session: Session) -> list[tuple[str, str]]:
    """Device id and password hash of every device that may connect (a system session)."""
    rows = session.execute(
        select(Device.device_id, Device.password_hash)
        .where(may_connect())
        .order_by(Device.device_id)
    )
    return [(device_id, password_hash) for device_id, password_hash in rows]


def _is_open(session: Session, table_id: int) -> bool:
    """Whether devices may enrol at a table. Held, so that it is not disabled meanwhile."""
    open_one = (
        select(PackingTable.id)
        .where(
            PackingTable.id == table_id,
            PackingTable.disabled_at.is_(None),
            PackingTable.retired_at.is_(None),
        )
        .with_for_update()
    )
    return session.scalar(open_one) is not None


def _partition_of(device_id: str) -> int:
    return hashlib.sha256(device_id.encode()).digest()[0] % PARTITIONS


def _claim_hash(code: str) -> bytes:
    """Hash of a claim code as typed or scanned: case and separators do not matter."""
    return hashlib.sha256(re.sub(r"[^A-Z0-9]", "", code.upper()).encode()).digest()
