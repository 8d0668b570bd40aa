"""What devices say of themselves: presence and health, and whose messages are taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from cloud.database.prepared import Changing, Reading
from cloud.fleet.models import Device, PackingTable
from cloud.fleet.service import may_connect
from wire.messages import Health

_CALLS_THE_LEAD = "call-lead"
_LONGEST_AGE = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What has to be known of a device for each of its messages."""

    row_id: int
    organisation_id: int
    table_id: int
    partition: int


# Made once: they run for every message that a table sends.
_KNOWN = Reading(
    select(Device.id, Device.organisation_id, Device.table_id, Device.partition)
    .join(PackingTable, PackingTable.id == Device.table_id)
    .where(Device.device_id == bindparam("named"), may_connect())
)
_IS_THIS = and_(Device.id == bindparam("row_id"), Device.revoked_at.is_(None))
_HEALTH = Changing(
    update(Device)
    .where(_IS_THIS)
    .values(
        health=bindparam("said"),
        waiting_proofs=bindparam("waiting"),
        waiting_since=bindparam("since"),
        in_trouble=bindparam("trouble"),
        last_seen_at=bindparam("now"),
    )
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
    """The device with that MQTT user name, if it may connect (a system session)."""
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


def note_health(session: Session, newest: Mapping[int, Health], now: datetime) -> None:
    """Keep the newest health message of devices, by their row ids; not of revoked ones."""
    _HEALTH.run_all(session, [_noted(row_id, health, now) for row_id, health in newest.items()])


def _noted(row_id: int, health: Health, now: datetime) -> dict[str, object]:
    age = min(timedelta(seconds=min(health.oldest_waiting_s, 1e9)), _LONGEST_AGE)
    return {
        "row_id": row_id,
        "said": health.model_dump_json(exclude_none=True),
        "waiting": health.waiting_proofs,
        "since": now - age if health.waiting_proofs else None,
        "trouble": bool(health.faults) or health.sign == _CALLS_THE_LEAD,
        "now": now,
    }
