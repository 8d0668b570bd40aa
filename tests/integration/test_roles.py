"""`packwitness-cloud run`: roles in processes of their own, on PostgreSQL (issue 3)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from cloud.database.scope import system
from cloud.database.write import Database
from cloud.link.models import PartitionLease
from edge.uplink.enrolment import enroll
from tests.database_rows import only_postgres
from tests.fixtures_database import PostgresServer
from tests.support.cloud_program import Cloud
from tests.support.cloud_roles import CloudRoles
from tests.support.link_table import LinkTable, jpeg
from tests.support.waiting import eventually
from wire.messages import PhotoResult
from wire.topics import PARTITIONS, Address

TEST = system("test")
ROLES = ("web", "link", "dispatch", "sync")


@pytest.fixture
def roles(tmp_path: Path, migrated_address: str) -> Iterator[CloudRoles]:
    with CloudRoles(tmp_path, migrated_address) as made:
        yield made


def refuse_all(server: PostgresServer, address: str) -> str:
    """Take one database away from everybody, as when the server is away; gives its name."""
    name = str(make_url(address).database)
    url = make_url(address).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as line:
        server.administer(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        line.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    return name


def holders(database: Database) -> dict[int, str | None]:
    with database.read(TEST) as session:
        rows = session.scalars(select(PartitionLease))
        return {row.partition: row.holder for row in rows}


@pytest.mark.parametrize("role", ROLES)
def test_sqlite_refuses_the_split_in_one_line(tmp_path: Path, role: str) -> None:
    cloud = Cloud(tmp_path / "data")
    refused = cloud.run("run", role)
    assert refused.returncode == 2
    assert refused.stderr == (
        "packwitness-cloud: SQLite serves one process: type packwitness-cloud serve, or set "
        "database to a PostgreSQL address (postgresql+psycopg://user@host/name)\n"
    )


@only_postgres
def test_what_processes_must_share_is_asked_for(roles: CloudRoles) -> None:
    refused = roles.cloud.run("run", "link")
    assert refused.returncode == 2
    assert "keys/sealing.key is missing. On the first machine type: packwitness-cloud init" in (
        refused.stderr
    )
    del roles.cloud._settings["PACKWITNESS_CLOUD_BROKER__PASSWORD"]
    roles.init()
    refused = roles.cloud.run("run", "link")
    assert refused.returncode == 2
    assert "broker.password is empty" in refused.stderr


@only_postgres
@pytest.mark.parametrize("role", ROLES)
def test_each_role_says_who_it_is_and_ends_cleanly(roles: CloudRoles, role: str) -> None:
    roles.init()
    process = roles.start(role)
    if role == "web":
        health = httpx.get(f"{roles.cloud.url}/health")
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert process.end() == 0
    assert {line["role"] for line in process.log()} <= {role}
    assert not [line for line in process.log() if line["level"] == "ERROR"]


@only_postgres
def test_serve_and_roles_do_not_share_a_data_folder(roles: CloudRoles) -> None:
    roles.init()
    process = roles.start("sync")
    refused = roles.cloud.run("serve")
    assert refused.returncode == 2
    assert f"another packwitness-cloud (process {process.pid}) has" in refused.stderr


@only_postgres
def test_a_table_enrols_and_is_heard_by_processes_that_share_the_work(
    roles: CloudRoles, database: Database
) -> None:
    """The broker, the pages and two links are processes of their own."""
    roles.init()
    for role in ("broker", "web", "link", "link"):
        roles.start(role)
    sizes = eventually(lambda: _sizes_of_two(database))
    assert sizes == [PARTITIONS // 2] * 2
    claim = json.loads(roles.cloud.run("table", "create", "Table 1").stdout)
    given = enroll(roles.cloud.url, claim["claim_code"], hardware="test")
    address = Address(given.partition, given.device_id)
    broker = ("127.0.0.1", roles.cloud.broker_port)
    with LinkTable(broker, address, given.password.get_secret_value()) as table:
        sha256 = table.send_photo(jpeg(1))
        assert table.wait_photo(sha256).result is PhotoResult.RECEIPTED


def _sizes_of_two(database: Database) -> list[int] | None:
    held = [one for one in holders(database).values() if one is not None]
    sizes = sorted(held.count(one) for one in set(held))
    return sizes if len(sizes) == 2 and sizes[0] == sizes[1] else None


def test_a_role_loads_only_what_it_needs() -> None:
    program = """
import sys
from cloud.main.commands import app
import cloud.main.running
import cloud.main.roles.sync
print([name for name in ("paho", "fastapi", "uvicorn", "PIL", "obstore") if name in sys.modules])
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


@only_postgres
def test_an_address_that_is_taken_is_one_line(roles: CloudRoles) -> None:
    roles.init()
    roles.start("web")
    refused = roles.cloud.run("run", "web")
    assert refused.returncode == 2
    assert f"the pages cannot have port {roles.cloud.web_port}" in refused.stderr


@only_postgres
def test_health_says_when_the_database_is_gone(
    roles: CloudRoles, migrated_address: str, postgres_server: PostgresServer
) -> None:
    """Load balancers take the process out; it comes back by itself."""
    roles.init()
    roles.start("web")
    name = refuse_all(postgres_server, migrated_address)
    gone = httpx.get(f"{roles.cloud.url}/health")
    assert (gone.status_code, gone.json()) == (503, {"status": "no database"})
    postgres_server.administer(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    eventually(lambda: httpx.get(f"{roles.cloud.url}/health").status_code == 200)
