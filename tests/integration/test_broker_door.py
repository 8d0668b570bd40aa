"""A broker of one's own asks over real HTTP who may connect and do what."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy.orm import Session

from cloud.api.broker_door import broker_door
from cloud.database.base import utc_now
from cloud.database.errors import DatabaseBusy
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.broker_password import broker_hash
from cloud.fleet.service import find_device
from tests.database_rows import only_postgres
from tests.support.cloud_roles import CloudRoles
from tests.support.mosquitto import free_port
from tests.support.running_link import add_device
from tests.support.waiting import eventually

TEST = system("test")
DEVICE, PASSWORD, CLOUD_PASSWORD = "table-01", "of the table", "of the cloud"


@contextmanager
def served(database: Database, cloud_password: str) -> Iterator[httpx.Client]:
    app = FastAPI()
    app.include_router(broker_door(database, "cloud", cloud_password))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        eventually(lambda: server.started)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.fixture
def door(database: Database) -> Iterator[httpx.Client]:
    """The door, with one device that may come in."""
    add_device(database, DEVICE)

    def set_password(session: Session) -> None:
        device = find_device(session, DEVICE)
        assert device is not None
        device.password_hash = broker_hash(PASSWORD)

    database.write(set_password, TEST)
    with served(database, CLOUD_PASSWORD) as client:
        yield client


def ask(door: httpx.Client, question: str, **form: str) -> str:
    answer = door.post(question, data=form)
    assert answer.status_code == 200
    return answer.text


def login(door: httpx.Client, username: str, password: str, client_id: str) -> str:
    return ask(door, "/user", username=username, password=password, client_id=client_id)


def test_a_device_comes_in_with_its_password_and_its_own_client_id(door: httpx.Client) -> None:
    assert login(door, DEVICE, PASSWORD, DEVICE) == "allow"
    assert login(door, DEVICE, "wrong", DEVICE) == "deny"
    assert login(door, DEVICE, PASSWORD, "table-02") == "deny"
    assert login(door, "table-02", PASSWORD, "table-02") == "deny"
    assert ask(door, "/user", username=DEVICE, password=PASSWORD) == "deny"
    assert ask(door, "/vhost", username=DEVICE, vhost="/", client_id=DEVICE) == "allow"


def test_a_device_that_was_revoked_stays_outside(door: httpx.Client, database: Database) -> None:
    def revoke(session: Session) -> None:
        device = find_device(session, DEVICE)
        assert device is not None
        device.revoked_at = utc_now()

    database.write(revoke, TEST)
    assert login(door, DEVICE, PASSWORD, DEVICE) == "deny"


def test_links_come_in_with_the_password_of_the_settings(door: httpx.Client) -> None:
    assert login(door, "cloud", CLOUD_PASSWORD, "cloud-0123") == "allow"
    assert login(door, "cloud", "", "cloud-0123") == "deny"
    assert login(door, "cloud", CLOUD_PASSWORD, DEVICE) == "deny"


def test_without_a_password_of_the_cloud_nobody_is_the_cloud(database: Database) -> None:
    with served(database, "") as client:
        assert login(client, "cloud", "", "cloud") == "deny"


def test_rights_are_answered_for_each_message(door: httpx.Client) -> None:
    asked = {"username": DEVICE, "name": "amq.topic", "permission": "write", "vhost": "/"}
    own, other = f"packwitness.v1.07.{DEVICE}.up.health", "packwitness.v1.07.table-02.up.health"
    assert ask(door, "/topic", resource="topic", routing_key=own, **asked) == "allow"
    assert ask(door, "/topic", resource="topic", routing_key=other, **asked) == "deny"
    assert ask(door, "/resource", resource="exchange", **asked) == "allow"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"a" * 20_000, b"a=b&" * 100, b"username"])
@pytest.mark.parametrize("question", ["/user", "/resource", "/topic", "/vhost"])
def test_what_is_no_question_of_a_broker_is_denied(
    door: httpx.Client, question: str, body: bytes
) -> None:
    assert door.post(question, content=body).text == "deny"


def test_without_the_database_nobody_comes_in(
    door: httpx.Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_scope: object) -> None:
        raise DatabaseBusy("the database does not answer")

    monkeypatch.setattr(database, "read", gone)
    form = {"username": DEVICE, "password": PASSWORD, "client_id": DEVICE}
    answer = door.post("/user", data=form)
    assert (answer.status_code, answer.text) == (503, "deny")


@only_postgres
def test_the_role_web_answers_on_a_port_of_its_own(tmp_path: Path, migrated_address: str) -> None:
    port = free_port()
    settings = {
        "PACKWITNESS_CLOUD_BROKER__EMBEDDED": "false",
        "PACKWITNESS_CLOUD_BROKER__DOOR_PORT": str(port),
        "PACKWITNESS_CLOUD_BROKER__PASSWORD": CLOUD_PASSWORD,
    }
    with CloudRoles(tmp_path, migrated_address, settings) as roles:
        roles.init()
        process = roles.start("web")
        form = {"username": "cloud", "client_id": "cloud-1"}
        url = f"http://127.0.0.1:{port}/user"
        right = httpx.post(url, data={**form, "password": CLOUD_PASSWORD})
        wrong = httpx.post(url, data={**form, "password": "guessed"})
        assert (right.text, wrong.text) == ("allow", "deny")
        assert httpx.post(f"{roles.cloud.url}/user", data=form).text not in {"allow", "deny"}
        roles.cloud.web_port = free_port()
        refused = roles.cloud.run("run", "web")
        assert refused.returncode == 2
        assert f"the broker's door cannot have port {port} of 127.0.0.1" in refused.stderr
        assert "broker.door_host or broker.door_port" in refused.stderr
        assert process.end() == 0
