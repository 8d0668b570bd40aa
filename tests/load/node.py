"""The node under load: `packwitness-cloud serve` with its broker, and tables enrolled in bulk."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.fleet.broker_password import broker_hash, new_device_password
from cloud.fleet.service import (
    NewDevice,
    add_device,
    create_table,
    issue_claim,
    new_claim_code,
    new_device_id,
)
from edge.uplink.credentials import Credentials
from launcher.errors import LauncherError
from launcher.ports import HOST, is_free
from launcher.programs import Program, installed, run_command
from wire.enrolment import BrokerAddress, EnrolmentAnswer

_READY_S = 60.0
_STOP_S = 30.0
_IN_ONE_UNIT = 100
_PORTS = range(20_000, 30_000)
"""Below those that the kernel gives to outgoing connections: one of thousands that try to connect
to a broker that is away would otherwise be given the broker's own port, and connect to itself."""


class Node:
    """Cloud and broker on one machine, in a folder that is emptied."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.broker_port = _free_port()
        self._environment = {
            "PACKWITNESS_CLOUD_DATA_DIR": str(data / "cloud"),
            "PACKWITNESS_CLOUD_WEB__PORT": str(_free_port()),
            "PACKWITNESS_CLOUD_BROKER__PORT": str(self.broker_port),
        }
        self.cloud = Program(
            "the cloud",
            [installed("packwitness-cloud"), "serve"],
            log=data / "cloud.log",
            environment=self._environment,
        )

    def enrol(self, tables: int) -> list[Credentials]:
        """Credentials of so many new tables, by what enrolment itself writes.

        Only its test connect is left out. For a node that does not run yet.
        """
        run_command([installed("packwitness-cloud"), "init"], self._environment)
        found: list[Credentials] = []
        with Database.open(self.database_address) as database:
            with database.read(system("the load's organisation")) as session:
                organisation_id = session.scalars(select(Organisation.id)).one()
            for first in range(0, tables, _IN_ONE_UNIT):
                numbers = range(first, min(first + _IN_ONE_UNIT, tables))
                found += self._enrol_some(database, organisation_id, numbers)
        return found

    @property
    def database_address(self) -> str:
        """Of its database."""
        return f"sqlite:///{self.data / 'cloud' / 'packwitness.sqlite3'}"

    @property
    def photos(self) -> Path:
        """Where it keeps photos."""
        return self.data / "cloud" / "photos"

    def start(self) -> None:
        """Start it and wait until tables can connect. From the main thread only."""
        self.cloud.start()
        self.cloud.wait_said("packwitness-cloud ready on", _READY_S)

    def stop(self) -> bool:
        """End it; whether it ended politely."""
        return self.cloud.stop(_STOP_S)

    def broker_pid(self) -> int | None:
        """The broker it runs now."""
        for listed in Path(f"/proc/{self.cloud.pid}/task").glob("*/children"):
            for pid in _words(listed).split():
                if _words(Path(f"/proc/{pid}/comm")).strip() == "mosquitto":
                    return int(pid)
        return None

    def _enrol_some(
        self, database: Database, organisation_id: int, numbers: range
    ) -> list[Credentials]:
        made = [
            (number, new_claim_code(), new_device_id(), new_device_password()) for number in numbers
        ]
        hashes = [broker_hash(password) for *_, password in made]
        now = utc_now()

        def claims(session: Session) -> None:
            for number, code, _, _ in made:
                issue_claim(session, create_table(session, _name(number), now).id, code, now)

        def devices(session: Session) -> list[int]:
            return [
                add_device(
                    session, code, NewDevice(device_id, hashed, "load", "load"), now
                ).partition
                for (_, code, device_id, _), hashed in zip(made, hashes, strict=True)
            ]

        database.write(claims, scoped(organisation_id))
        partitions = database.write(devices, system("tables of the load enrol"))
        return [
            self._credentials(number, device_id, password, partition)
            for (number, _, device_id, password), partition in zip(made, partitions, strict=True)
        ]

    def _credentials(
        self, number: int, device_id: str, password: str, partition: int
    ) -> Credentials:
        answer = EnrolmentAnswer.model_validate(
            {
                "device_id": device_id,
                "partition": partition,
                "table_name": _name(number),
                "password": password,
                "broker": BrokerAddress(host=HOST, port=self.broker_port),
            }
        )
        return Credentials.model_validate(answer.model_dump())


@contextmanager
def emptied(data: Path) -> Iterator[Path]:
    """A folder without what an earlier run left, and gone afterwards: photos need much room."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    yield data
    shutil.rmtree(data / "cloud", ignore_errors=True)


def _name(number: int) -> str:
    return f"Table {number + 1}"


def _free_port() -> int:
    for port in random.sample(_PORTS, 100):
        if is_free(port):
            return port
    raise LauncherError(f"no free port among {_PORTS.start} to {_PORTS.stop}")


def _words(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""
