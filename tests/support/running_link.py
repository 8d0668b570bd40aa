"""The link as the program runs it, on a broker and a database of a test."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.feed import ChangeFeed
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.dispatcher.advice import Advised
from cloud.dispatcher.intake import ask_for_dispatch
from cloud.fleet.broker_password import broker_hash
from cloud.fleet.models import Device, PackingTable
from cloud.link.service import Link
from cloud.link.settings import LinkSettings
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.photos.store import PhotoStore
from cloud.proofs.models import Photo
from tests.support.link_table import LinkTable
from tests.support.mosquitto import CLOUD, Mosquitto
from wire.messages import AdviceKind
from wire.topics import Address

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
TEST = system("test")


def add_device(
    database: Database, device_id: str, partition: int = 7, organisation_id: int | None = None
) -> tuple[Address, int]:
    """Add a device at a table of its own; gives its address and its organisation."""

    def unit(session: Session) -> int:
        owner = organisation_id
        if owner is None:
            organisation = Organisation(name=f"of {device_id}", created_at=NOW)
            session.add(organisation)
            session.flush()
            owner = organisation.id
        table = PackingTable(name=device_id, created_at=NOW, organisation_id=owner)
        session.add(table)
        session.flush()
        session.add(
            Device(
                organisation_id=owner,
                device_id=device_id,
                table_id=table.id,
                partition=partition,
                password_hash=broker_hash("unused"),
                enrolled_at=NOW,
            )
        )
        return owner

    return Address(partition, device_id), database.write(unit, TEST)


class RunningLink:
    """A started link; ends with the ``with`` block, and tells whether a thread had died."""

    def __init__(
        self, broker: Mosquitto, database: Database, store: PhotoStore, **settings: Any
    ) -> None:
        self.deaths: list[BaseException] = []
        self.asked: list[str] = []
        self.advise: Callable[[int, str], Advised] = lambda _organisation, _code: Advised(
            AdviceKind.KNOWN
        )
        self._asked_lock = threading.Lock()
        self._feed = ChangeFeed(database)
        self.link = Link(
            LinkSettings(
                host=broker.host,
                port=broker.port,
                username=CLOUD,
                password=broker.users[CLOUD],
                **settings,
            ),
            database=database,
            store=store,
            feed=self._feed,
            ask_for_dispatch=ask_for_dispatch,
            advise=self._advise,
            on_death=self.deaths.append,
        )

    def __enter__(self) -> "RunningLink":
        self.link.start()
        assert self.link.wait_connected(10)
        return self

    def __exit__(self, *_: object) -> None:
        alive = self.link.alive()
        self._feed.close()
        self.link.stop()
        assert not self.deaths
        assert alive

    def _advise(self, organisation_id: int, code: str) -> Advised:
        with self._asked_lock:
            self.asked.append(code)
        return self.advise(organisation_id, code)


@dataclass
class LinkSide:
    """A running link, its database, and one table that talks to it."""

    database: Database
    store: SimulatedPhotoStore
    running: RunningLink
    organisation_id: int
    table: LinkTable

    def device(self) -> Device:
        with self.database.read(scoped(self.organisation_id)) as session:
            return session.scalars(
                select(Device).where(Device.device_id == self.table.address.device_id)
            ).one()

    def count_photos(self) -> int:
        with self.database.read(scoped(self.organisation_id)) as session:
            return len(session.scalars(select(Photo)).all())


@contextmanager
def link_side(broker: Mosquitto, database: Database) -> Iterator[LinkSide]:
    """Start a link with photos in memory, and connect a table to it."""
    address, organisation_id = add_device(database, "table-01")
    store = SimulatedPhotoStore()
    running = RunningLink(broker, database, store)
    with running, LinkTable(broker, address) as table:
        yield LinkSide(database, store, running, organisation_id, table)
