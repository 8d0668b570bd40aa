"""Tables of an organisation for tests of the fleet, as many and in whatever state."""

import itertools
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.fleet.models import Device, EnrolmentClaim, PackingTable
from cloud.fleet.news import tell_fleet
from tests.support.dashboard_rows import World

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Fleet:
    """Tables of one world. All methods commit."""

    world: World

    def add(self, name: str, **like: Any) -> int:
        """A table; its id. Keywords as ``add_all``."""
        return self.add_all([name], **like)[0]

    def add_all(
        self,
        names: list[str],
        *,
        enrolled: bool = True,
        online: bool = True,
        seen_ago: timedelta = timedelta(seconds=10),
        waiting: int = 0,
        waiting_for: timedelta = timedelta(),
        faults: tuple[str, ...] = (),
    ) -> list[int]:
        """Tables that are alike."""
        now = utc_now()

        def unit(session: Session) -> list[int]:
            tables = [PackingTable(name=name, created_at=now) for name in names]
            session.add_all(tables)
            session.flush()
            for table in tables if enrolled else []:
                session.add(
                    Device(
                        device_id=f"fleet-{next(_numbers):016x}",
                        table_id=table.id,
                        partition=0,
                        password_hash="-",
                        hardware="Raspberry Pi 5, 10000000abcd",
                        software="0.5.0",
                        enrolled_at=now - timedelta(days=1),
                        online=online,
                        last_seen_at=now - seen_ago,
                        waiting_proofs=waiting,
                        waiting_since=now - waiting_for if waiting else None,
                        in_trouble=bool(faults),
                        health=json.dumps({"sign": "ready", "faults": list(faults)}),
                    )
                )
            for table in tables:
                tell_fleet(session, table)
            return [table.id for table in tables]

        return self.world.database.write(unit, self.world.scope)

    def table(self, table_id: int) -> PackingTable:
        """Its row now."""
        with self.world.database.read(self.world.scope) as session:
            return session.scalars(select(PackingTable).where(PackingTable.id == table_id)).one()

    def device(self, table_id: int) -> Device:
        """The newest device of a table, revoked or not."""
        with self.world.database.read(self.world.scope) as session:
            of_table = select(Device).where(Device.table_id == table_id)
            return session.scalars(of_table.order_by(Device.id.desc()).limit(1)).one()

    def open_claims(self, table_id: int, now: datetime) -> int:
        """How many claim codes of a table can be used."""
        with self.world.database.read(self.world.scope) as session:
            found = session.scalars(
                select(EnrolmentClaim.id).where(
                    EnrolmentClaim.table_id == table_id,
                    EnrolmentClaim.used_at.is_(None),
                    EnrolmentClaim.expires_at > now,
                )
            )
            return len(found.all())

    def set_device(self, table_id: int, **values: object) -> None:
        """Change the devices of a table as if it had said so."""

        def unit(session: Session) -> None:
            session.execute(update(Device).where(Device.table_id == table_id).values(**values))
            tell_fleet(session, session.get_one(PackingTable, table_id))

        self.world.database.write(unit, self.world.scope)
