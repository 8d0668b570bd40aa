"""A device asks how it stands, and changes its password, over real HTTP."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.api.enrolment import RENEWAL_PATH, renewal_routes
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.broker_password import broker_hash, is_password
from cloud.fleet.enrolment import BrokerAddress
from cloud.fleet.errors import DeviceNotAdmitted
from cloud.fleet.models import Device, PackingTable
from cloud.fleet.renewal import Renewal
from edge.enrolling import renew_table
from edge.settings import TableSettings
from edge.uplink.credentials import Credentials, load_credentials, save_credentials
from edge.uplink.errors import CredentialsRefused, EnrolmentUnreachable
from tests.support.running_link import add_device
from tests.support.uplink_table import RealClock
from tests.support.waiting import eventually

TEST = system("test")
DEVICE, PARTITION = "table-01", 7
OLD, NEW, WRONG = ("old" * 15, "new" * 15, "bad" * 15)
BROKER = BrokerAddress(host="broker.example", port=8883, tls=True)


@dataclass
class Door:
    """A broker that is told to take passwords or not, or to let answers be lost."""

    refuses: bool = False
    admitted: list[str] = field(default_factory=list)

    def admit(self, _device_id: str, password: str) -> None:
        if self.refuses:
            raise DeviceNotAdmitted("the broker does not accept the table now; try again")
        self.admitted.append(password)

    def expel(self) -> None:
        """Nobody is connected."""


@dataclass
class Served:
    """The endpoint, and what stands behind it."""

    url: str
    database: Database
    door: Door

    def ask(self, password: str, new: str | None = None, device: str = DEVICE) -> httpx.Response:
        wanted = {"device_id": device, "password": password}
        wanted |= {} if new is None else {"new_password": new}
        return httpx.post(self.url + RENEWAL_PATH, json=wanted)

    def change(self, **values: object) -> None:
        def unit(session: Session) -> None:
            session.execute(update(Device).values(**values))

        self.database.write(unit, TEST)

    def counts(self, password: str) -> bool:
        """Whether that is the device's password."""
        with self.database.read(TEST) as session:
            return is_password(password, session.scalars(select(Device.password_hash)).one())


@pytest.fixture
def served(database: Database) -> Iterator[Served]:
    door = Door()
    app = FastAPI()
    app.include_router(renewal_routes(Renewal(database, BROKER, door)))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        eventually(lambda: server.started)
        made = Served(f"http://127.0.0.1:{listening.getsockname()[1]}", database, door)
        add_device(database, DEVICE, PARTITION)
        made.change(password_hash=broker_hash(OLD))
        yield made
        server.should_exit = True
        thread.join(20)


def test_a_device_hears_where_its_broker_is(served: Served) -> None:
    answer = served.ask(OLD)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    said = answer.json()
    assert (said["device_id"], said["password"]) == (DEVICE, OLD)
    assert said["broker"]["host"] == "broker.example"
    assert said["organisation"]
    assert served.door.admitted == []


def test_a_new_password_counts_and_the_old_one_no_more(served: Served) -> None:
    assert served.ask(OLD, NEW).json()["password"] == NEW
    assert served.door.admitted == [NEW]
    assert served.counts(NEW)
    assert served.ask(OLD).status_code == 403


def test_a_lost_answer_locks_nobody_out(served: Served) -> None:
    """The same again is answered alike, and the broker is not asked a second time."""
    first, second = served.ask(OLD, NEW), served.ask(OLD, NEW)
    assert first.json() == second.json()
    assert served.door.admitted == [NEW]


def test_a_broker_that_does_not_take_it_leaves_the_old_one(served: Served) -> None:
    served.door.refuses = True
    assert served.ask(OLD, NEW).status_code == 503
    assert served.counts(OLD)


@pytest.mark.parametrize("device", [DEVICE, "table-99"])
def test_strangers_are_refused(served: Served, device: str) -> None:
    answer = served.ask(WRONG, NEW, device)
    assert (answer.status_code, answer.json()["error"]) == (403, "credentials-refused")
    assert served.counts(OLD)


def test_a_revoked_device_is_told_so_and_changes_nothing(served: Served) -> None:
    served.change(revoked_at=utc_now())
    answer = served.ask(OLD, NEW)
    assert answer.status_code == 403
    assert "revoked, or another one took its place" in answer.json()["text"]
    assert served.counts(OLD)


def test_guessing_is_ended_for_the_guessed_device_alone(served: Served) -> None:
    for _ in range(30):
        assert served.ask(WRONG).status_code == 403
    assert served.ask(WRONG).status_code == 429
    assert served.ask(WRONG, device="table-99").status_code == 403


@pytest.mark.parametrize("new", ["short", "x" * 101])
def test_a_password_that_is_too_short_or_long_is_not_repeated(served: Served, new: str) -> None:
    answer = served.ask(OLD, new)
    assert answer.status_code == 422
    assert new not in answer.text
    assert OLD not in answer.text


# --- the table's side --------------------------------------------------------------------------


@pytest.fixture
def table(served: Served, tmp_path: Path) -> TableSettings:
    """Enrolled at that cloud with the old password."""
    path = tmp_path / "credentials.json"
    who = Credentials(
        device_id=DEVICE,
        partition=PARTITION,
        table_name="Table 1",
        password=SecretStr(OLD),
        broker=BROKER,
        server_url=served.url,
        formerly=("unenrolled-1",),
    )
    save_credentials(path, who)
    return TableSettings.model_validate({"enrolment": {"credentials_file": path}})


def stored(table: TableSettings) -> Credentials:
    return load_credentials(table.enrolment.credentials_file)


def test_a_table_renews(served: Served, table: TableSettings) -> None:
    renewed = renew_table(table, RealClock(), change_password=True)
    assert renewed == stored(table)
    assert served.counts(renewed.password.get_secret_value())
    assert (renewed.next_password, renewed.formerly) == (None, ("unenrolled-1",))
    assert renewed.renewed_at is not None


def test_a_table_that_did_not_hear_the_answer_goes_on_with_the_password_it_made_up(
    served: Served, table: TableSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut before, and after, the cloud took it."""
    path = table.enrolment.credentials_file
    served.door.refuses = True
    with pytest.raises(EnrolmentUnreachable):
        renew_table(table, RealClock(), change_password=True)
    made_up = stored(table).next_password
    assert made_up is not None
    assert stored(table).password.get_secret_value() == OLD
    served.door.refuses = False
    before = path.read_bytes()
    renew_table(table, RealClock(), change_password=True)
    path.write_bytes(before)  # as if the power had gone before the answer was on the disk
    again = renew_table(table, RealClock(), change_password=False)
    assert again.password == made_up
    assert served.counts(made_up.get_secret_value())


def test_a_question_alone_changes_no_password(served: Served, table: TableSettings) -> None:
    asked = renew_table(table, RealClock(), change_password=False)
    assert asked.password.get_secret_value() == OLD
    assert asked.renewed_at is None
    assert served.counts(OLD)


def test_a_revoked_table_hears_it(served: Served, table: TableSettings) -> None:
    served.change(revoked_at=utc_now())
    with pytest.raises(CredentialsRefused, match="revoked"):
        renew_table(table, RealClock(), change_password=True)


def test_a_disabled_table_is_told_so_and_keeps_its_password(served: Served) -> None:
    """Not that it was shut out for good: it needs no new claim sheet."""

    def disable(session: Session) -> None:
        session.execute(update(PackingTable).values(disabled_at=utc_now()))

    served.database.write(disable, TEST)
    answer = served.ask(OLD, NEW)
    assert (answer.status_code, answer.json()["error"]) == (503, "table-disabled")
    assert "once it is enabled" in answer.json()["text"]
    assert served.counts(OLD)
    assert served.ask(WRONG).status_code == 403
