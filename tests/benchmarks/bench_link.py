"""Link: MB/s of 300 kB photos stored and receipted. Goal: at least 0.7 of a bare subscriber.

Link, broker and publisher are processes of their own. The bare subscriber takes the same slices,
puts them together, and writes and fsyncs each photo (temporary file, rename, directory) before it
answers; it checks no hash, keeps no database, and stores no photo of a device it does not know.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from statistics import median

from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.fleet.models import Device
from cloud.fleet.service import create_table
from cloud.migrations.upgrade import upgrade
from launcher.programs import Program
from tests.benchmarks.support.figures import (
    data_folder,
    interleaved,
    say_figure,
    say_machine,
)
from tests.benchmarks.support.photos import PhotoMaker
from tests.benchmarks.support.publishing_tables import PublishingTable, publish_all
from tests.support.mosquitto import CLOUD, Mosquitto
from wire.topics import Address

TABLES = 4
PHOTOS_PER_TABLE = 40
ROUNDS = 5
GOAL = 0.7
MB = 1_000_000
READY_S = 60.0
ADDRESSES = tuple(Address(number, f"table-{number:02d}") for number in range(1, TABLES + 1))


class Rig:
    """A broker, and both ways to take photos in."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self._folder = folder
        self._broker = broker
        self._photos = PhotoMaker()
        self._serials = count(1)
        (folder / "bare").mkdir()

    def ours(self) -> float:
        """MB/s of the link."""
        return self._measured("link_process", self._folder)

    def bare(self) -> float:
        """MB/s of the bare subscriber."""
        return self._measured("bare_subscriber", self._folder / "bare")

    def _measured(self, module: str, folder: Path) -> float:
        photos = [
            [self._photos.photo(next(self._serials)) for _ in range(PHOTOS_PER_TABLE)]
            for _ in range(TABLES)
        ]
        with self._receiver(module, folder), ExitStack() as stack:
            tables = [PublishingTable(self._broker, address) for address in ADDRESSES]
            for table in tables:
                stack.callback(table.close)
            return publish_all(tables, photos) / MB

    @contextmanager
    def _receiver(self, module: str, folder: Path) -> Iterator[None]:
        password = self._broker.users[CLOUD]
        program = Program(
            module,
            [
                *(sys.executable, "-m", f"tests.benchmarks.support.{module}"),
                *(str(self._broker.port), password, str(folder)),
            ],
            log=self._folder / f"{module}.log",
            environment={},
        )
        program.start()
        try:
            program.wait_said("ready", READY_S)
            yield
        finally:
            program.stop(READY_S)


def add_tables(address: str) -> None:
    """The devices that publish, as enrolled."""
    with Database.open(address) as database:
        upgrade(database.engines)
        now = utc_now()

        def organisation(session: Session) -> int:
            row = Organisation(name="Seller", created_at=now)
            session.add(row)
            session.flush()
            return row.id

        def devices(session: Session) -> None:
            for one in ADDRESSES:
                table = create_table(session, one.device_id, now)
                device = Device(
                    device_id=one.device_id,
                    table_id=table.id,
                    partition=one.partition,
                    password_hash="",
                    hardware="",
                    software="",
                    enrolled_at=now,
                )
                session.add(device)

        database.write(devices, scoped(database.write(organisation, system("the benchmark"))))


def main() -> None:
    """Measure and print."""
    say_machine()
    with data_folder() as folder:
        add_tables(f"sqlite:///{folder / 'cloud.sqlite3'}")
        broker = Mosquitto(folder / "broker")
        broker.start()
        rig = Rig(folder, broker)
        rig.ours()
        rig.bare()
        speeds = interleaved(ROUNDS, rig.ours, rig.bare)
        broker.stop()
    say_figure(
        "link",
        f"{speeds.ratio:.2f} of the bare subscriber",
        goal=f">= {GOAL:g}",
        met=speeds.ratio >= GOAL,
        measured=f"ours {median(speeds.ours):.0f} MB/s, bare {median(speeds.bare):.0f} MB/s"
        f" ({TABLES} tables, {ROUNDS} rounds of {TABLES * PHOTOS_PER_TABLE} photos each)",
    )


if __name__ == "__main__":
    main()
