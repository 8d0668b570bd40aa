"""Tables, claims, enrolment, and what devices say of themselves."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from cloud.database.prepared import Changing, Reading
from cloud.fleet.errors import ClaimRefused, TableExists
from cloud.fleet.models import Device, EnrolmentClaim, PackingTable

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


def create_table(session: Session, name: str, now: datetime) -> PackingTable:
    """Add a packing table (a scoped session).

    Raises:
        TableExists: the organisation has one of that name.
    """
    if session.scalar(select(PackingTable.id).where(PackingTable.name == name)) is not None:
        raise TableExists(f"there is a table named {name!r} already")
    table = PackingTable(name=name, created_at=now)
    session.add(table)
    session.flush()
    return table


def issue_claim(session: Session, table_id: int, code: str, now: datetime) -> EnrolmentClaim:
    """Allow one device to enrol at a table with ``code``; earlier unused claims end."""
    session.execute(
        update(EnrolmentClaim)
        .where(EnrolmentClaim.table_id == table_id, EnrolmentClaim.used_at.is_(None))
        .values(expires_at=now)
    )
    claim = EnrolmentClaim(
        table_id=table_id,
        code_hash=_claim_hash(code),
        created_at=now,
        expires_at=now + CLAIM_LASTS,
    )
    session.add(claim)
    session.flush()
    return claim


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


def find_device(session: Session, device_id: str) -> Device | None:
    """The device with that MQTT user name, unless it was revoked."""
    return session.scalar(
        select(Device).where(Device.device_id == device_id, Device.revoked_at.is_(None))
    )


def table_name(session: Session, table_id: int) -> str:
    """Name of a table; empty when it is gone."""
    return session.scalar(select(PackingTable.name).where(PackingTable.id == table_id)) or ""


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What has to be known of a device for each of its messages."""

    row_id: int
    organisation_id: int
    table_id: int
    partition: int


# Made once: they run for every message that a table sends.
_KNOWN = Reading(
    select(Device.id, Device.organisation_id, Device.table_id, Device.partition).where(
        Device.device_id == bindparam("named"), Device.revoked_at.is_(None)
    )
)
_IS_THIS = and_(Device.id == bindparam("row_id"), Device.revoked_at.is_(None))
_HEALTH = Changing(
    update(Device).where(_IS_THIS).values(health=bindparam("said"), last_seen_at=bindparam("now"))
)
_PRESENCE = Changing(
    update(Device)
    .where(
        _IS_THIS,
        or_(
            Device.boot_count < bindparam("boot"),
            and_(
                Device.boot_count == bindparam("boot"),
                Device.connection_count <= bindparam("connection"),
            ),
        ),
    )
    .values(
        boot_count=bindparam("boot"),
        connection_count=bindparam("connection"),
        online=bindparam("is_online"),
        software=func.coalesce(
            func.nullif(bindparam("named_software", type_=String), ""), Device.software
        ),
        last_seen_at=bindparam("now"),
    )
)


def known_device(session: Session, device_id: str) -> KnownDevice | None:
    """The device with that MQTT user name, unless it was revoked (a system session)."""
    row = _KNOWN.first(session, named=device_id)
    return None if row is None else KnownDevice(*row)


def note_presence(
    session: Session,
    row_id: int,
    *,
    online: bool,
    connection: tuple[int, int],
    software: str,
    now: datetime,
) -> bool:
    """Take a birth, stop or will. False: it is older than the newest birth and was ignored.

    ``connection`` is the count of the device's starts, and of its connections since that start. A
    revoked device is ignored too.
    """
    boot, number = connection
    changed = _PRESENCE.run(
        session,
        row_id=row_id,
        boot=boot,
        connection=number,
        is_online=online,
        named_software=software,
        now=now,
    )
    return changed > 0


def note_health(session: Session, newest: Mapping[int, str], now: datetime) -> None:
    """Keep the newest health message (JSON) of devices, by their row ids; not of revoked ones."""
    _HEALTH.run_all(
        session, [{"row_id": row_id, "said": text, "now": now} for row_id, text in newest.items()]
    )


def broker_users(session: Session) -> list[tuple[str, str]]:
    """Device id and password hash of every device that may connect (a system session)."""
    rows = session.execute(
        select(Device.device_id, Device.password_hash)
        .where(Device.revoked_at.is_(None))
        .order_by(Device.device_id)
    )
    return [(device_id, password_hash) for device_id, password_hash in rows]


def _partition_of(device_id: str) -> int:
    return hashlib.sha256(device_id.encode()).digest()[0] % PARTITIONS


def _claim_hash(code: str) -> bytes:
    """Hash of a claim code as typed or scanned: case and separators do not matter."""
    return hashlib.sha256(re.sub(r"[^A-Z0-9]", "", code.upper()).encode()).digest()
