"""A claim code over real HTTP: once, for one device, and in no log or answer."""

import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.accounts.throttle import FAILURE_WINDOW
from cloud.api.enrolment import PATH, enrolment_routes
from cloud.broker.mosquitto import Mosquitto
from cloud.database.base import utc_now
from cloud.database.errors import DatabaseBusy
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.fleet import enrolment as enrolment_module
from cloud.fleet.broker_password import broker_hash
from cloud.fleet.enrolment import BrokerAddress, Enrolment
from cloud.fleet.errors import DeviceNotAdmitted
from cloud.fleet.models import Device, EnrolmentClaim, PackingTable
from cloud.fleet.service import broker_users, create_table, issue_claim, new_claim_code
from cloud.link.settings import LinkSettings
from cloud.main.admission import BrokerAdmission
from edge.uplink import errors as edge_errors
from edge.uplink.enrolment import enroll
from tests.database_rows import only_sqlite
from tests.support.link_table import LinkTable
from tests.support.mosquitto import free_port
from tests.support.waiting import eventually
from wire.topics import Address

TEST = system("test")
BROKER = BrokerAddress(host="broker.example", port=8883, tls=True)


@dataclass
class Door:
    """A broker that is told to take devices or not."""

    refuses: bool = False
    admitted: list[str] = field(default_factory=list)
    expelled: int = 0

    def admit(self, device_id: str, password: str) -> None:
        assert password
        if self.refuses:
            raise DeviceNotAdmitted("the broker does not accept the table now; try again")
        self.admitted.append(device_id)

    def expel(self) -> None:
        self.expelled += 1


@dataclass
class Served:
    """The endpoint, and what stands behind it."""

    url: str
    database: Database
    door: Door

    def claim(self, table: str = "Table 1", organisation: str = "Shop") -> str:
        """A claim code for a table, made if it is not there."""
        code = new_claim_code()

        def unit(session: Session) -> None:
            owner = session.scalar(select(Organisation).where(Organisation.name == organisation))
            if owner is None:
                owner = Organisation(name=organisation, created_at=utc_now())
                session.add(owner)
                session.flush()

        self.database.write(unit, TEST)
        with self.database.read(TEST) as session:
            owner_id = session.scalars(
                select(Organisation.id).where(Organisation.name == organisation)
            ).one()

        def issue(session: Session) -> None:
            found = session.scalar(select(PackingTable).where(PackingTable.name == table))
            found = found or create_table(session, table, utc_now())
            issue_claim(session, found.id, code, utc_now())

        self.database.write(issue, scoped(owner_id))
        return code

    def ask(self, code: object, **more: object) -> httpx.Response:
        return httpx.post(self.url + PATH, json={"claim_code": code, **more})

    def devices(self) -> list[Device]:
        with self.database.read(TEST) as session:
            return list(session.scalars(select(Device).order_by(Device.id)))


@pytest.fixture
def served(database: Database) -> Iterator[Served]:
    door = Door()
    app = FastAPI()
    app.include_router(enrolment_routes(Enrolment(database, BROKER, door)))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        eventually(lambda: server.started)
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", database, door)
        server.should_exit = True
        thread.join(20)


def test_a_claim_becomes_a_device(served: Served) -> None:
    answer = served.ask(served.claim(), hardware="Pi 5, 10000000abcd", software="0.1.0")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    [device] = served.devices()
    assert body["device_id"] == device.device_id == served.door.admitted[0]
    assert body["partition"] == device.partition
    assert body["table_name"] == "Table 1"
    assert body["broker"] == {
        "host": "broker.example",
        "port": 8883,
        "transport": "tcp",
        "tls": True,
        "further": [],
        "websockets": [],
    }
    assert (device.hardware, device.software) == ("Pi 5, 10000000abcd", "0.1.0")
    assert body["password"] not in device.password_hash
    assert Address(device.partition, device.device_id).root


def test_the_tables_own_program_understands_the_answers(served: Served) -> None:
    code = served.claim()
    assert enroll(served.url, code.lower().replace("-", " ")).table_name == "Table 1"
    with pytest.raises(edge_errors.ClaimRefused, match="used already"):
        enroll(served.url, code)
    served.door.refuses = True
    with pytest.raises(edge_errors.EnrolmentUnreachable, match="try again"):
        enroll(served.url, served.claim("Table 2"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [("unknown", "not known"), ("used", "used already"), ("expired", "has expired")],
)
def test_a_code_that_cannot_be_used_says_why(served: Served, spoil: str, said: str) -> None:
    code = served.claim()
    if spoil == "unknown":
        code = new_claim_code()
    if spoil == "used":
        assert served.ask(code).status_code == 200
    if spoil == "expired":

        def age(session: Session) -> None:
            session.execute(
                update(EnrolmentClaim).values(expires_at=utc_now() - timedelta(seconds=1))
            )

        served.database.write(age, TEST)
    before = len(served.devices())
    answer = served.ask(code)
    assert (answer.status_code, answer.json()["error"]) == (403, "claim-refused")
    assert said in answer.json()["text"]
    assert len(served.devices()) == before


def test_a_new_claim_ends_an_earlier_unused_one(served: Served) -> None:
    first = served.claim()
    second = served.claim()
    assert served.ask(first).status_code == 403
    assert served.ask(second).status_code == 200


def test_enrolling_again_revokes_the_earlier_device(served: Served) -> None:
    first = served.ask(served.claim()).json()["device_id"]
    other = served.ask(served.claim("Table 2")).json()["device_id"]
    expelled = served.door.expelled
    second = served.ask(served.claim()).json()["device_id"]
    revoked = {device.device_id: device.revoked_at is not None for device in served.devices()}
    assert revoked == {first: True, other: False, second: False}
    assert served.door.expelled == expelled + 1
    with served.database.read(TEST) as session:
        assert {name for name, _ in broker_users(session)} == {other, second}


def test_one_claim_used_at_once_gives_one_device(served: Served) -> None:
    code = served.claim()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(served.ask, [code] * 8))
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 7
    assert len(served.devices()) == 1


def test_two_tables_at_once_get_a_device_each(served: Served) -> None:
    codes = [served.claim(f"Table {number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(served.ask, codes))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert sorted(answer.json()["table_name"] for answer in answers) == [
        f"Table {number}" for number in range(4)
    ]


# --- a broker that does not take the device ---------------------------------------------------


def test_a_device_that_the_broker_refuses_leaves_no_trace_and_the_code_works_later(
    served: Served,
) -> None:
    earlier = served.ask(served.claim()).json()["device_id"]
    code = served.claim()
    served.door.refuses = True
    for _ in range(2):
        answer = served.ask(code)
        assert (answer.status_code, answer.json()["error"]) == (503, "not-admitted")
    [device] = served.devices()
    assert (device.device_id, device.revoked_at) == (earlier, None)
    served.door.refuses = False
    assert served.ask(code).status_code == 200
    assert served.ask(code).status_code == 403


def test_without_a_database_the_code_works_later(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = served.claim()

    def away(*_: object) -> None:
        raise DatabaseBusy("away")

    with monkeypatch.context() as broken:
        broken.setattr(served.database, "write", away)
        answer = served.ask(code)
    assert (answer.status_code, answer.json()["error"]) == (503, "no-database")
    assert served.ask(code).status_code == 200


# --- what is no claim -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"claim_code": 12345678}',
        b'{"claim_code": "SECRET7"}',
        b'{"claim_code": ["SECRET-SECRET"]}',
        b'{"claim_code": "SECRET-SECRET", "hardware": 5}',
        b'{"claim_code": "SECRET-SECRET", "software": "' + b"x" * 61 + b'"}',
        b'{"claim_code": "SECRET-SECRET"',
        b'\xff"SECRET-SECRET"',
        b'{"claim_code": "' + b"SECRET" * 20 + b'"}',
    ],
)
def test_a_malformed_request_is_refused_without_repeating_it(
    served: Served, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = httpx.post(served.url + PATH, content=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "malformed")
    assert answer.headers["cache-control"] == "no-store"
    assert "SECRET" not in answer.text
    assert "SECRET" not in caplog.text


def test_a_body_without_end_is_not_read(served: Served) -> None:
    answer = httpx.post(served.url + PATH, content=b"x" * 1_000_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "too-long")


def test_neither_code_nor_password_is_logged(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 9."""
    code = served.claim()
    with caplog.at_level(logging.DEBUG):
        password = served.ask(code).json()["password"]
        served.ask(code)
        served.door.refuses = True
        refused = served.claim()
        served.ask(refused)
    logged = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    for secret in (code, password, refused):
        assert secret not in logged
        assert secret.replace("-", "") not in logged


def test_only_hashes_are_kept(served: Served, tmp_path: Path) -> None:
    """Invariant 9."""
    code = served.claim()
    password = served.ask(code).json()["password"]
    with served.database.read(TEST) as session:
        rows = [*session.scalars(select(EnrolmentClaim)), *session.scalars(select(Device))]
        kept = "".join(str(vars(row)) for row in rows)
    for secret in (code, code.replace("-", ""), password):
        assert secret not in kept


def test_who_guesses_is_made_to_wait(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment_module, "_FAILURES_ALLOWED", 3)
    code = served.claim()
    for _ in range(3):
        assert served.ask(new_claim_code()).status_code == 403
    answer = served.ask(code)
    assert (answer.status_code, answer.json()["error"]) == (429, "too-many-claims")
    later = utc_now() + FAILURE_WINDOW
    monkeypatch.setattr(enrolment_module, "utc_now", lambda: later)
    assert served.ask(code).status_code == 200


# --- with the real broker ---------------------------------------------------------------------


@only_sqlite
def test_the_password_opens_the_broker_and_the_earlier_device_is_out(
    database: Database, tmp_path: Path
) -> None:
    """Revocation ends the session; the answer comes after a test connect."""
    port = free_port()

    def users() -> list[tuple[str, str]]:
        with database.read(TEST) as session:
            return [("cloud", broker_hash("c")), *broker_users(session)]

    broker = Mosquitto(tmp_path / "broker", host="127.0.0.1", port=port, users=users)
    broker.start()
    try:
        link = LinkSettings(host="127.0.0.1", port=port, username="cloud", password="c")
        served = Served("", database, Door())
        enrolment = Enrolment(database, BROKER, BrokerAdmission(link, broker))

        def enrol() -> tuple[Address, str]:
            wanted = enrolment_module.EnrolmentRequest.model_validate(
                {"claim_code": served.claim()}
            )
            answer = enrolment.enrol(wanted, "127.0.0.1")
            return (
                Address(answer.partition, answer.device_id),
                answer.password.get_secret_value(),
            )

        where = ("127.0.0.1", port)
        with LinkTable(where, *enrol()) as first, LinkTable(where, *enrol()):
            eventually(lambda: not first.connected)
    finally:
        broker.stop()


@only_sqlite
def test_a_broker_that_is_away_does_not_admit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.main.admission._ADMIT_WITHIN_S", 0.0)
    link = LinkSettings(host="127.0.0.1", port=free_port(), username="cloud", password="c")
    with pytest.raises(DeviceNotAdmitted):
        BrokerAdmission(link, None).admit("table-01", "x")
