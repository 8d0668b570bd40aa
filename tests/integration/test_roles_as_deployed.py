"""The roles with the commands of their units and one settings file, all that they use behind TLS.

PostgreSQL, an S3 server, a broker with TLS that is not ours, and a table as it is installed
(deploy/README.md; issue 3).
"""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.service import broker_users
from cloud.main.settings_loading import FILE_VARIABLE
from launcher.marketplace import Marketplace
from sandbox.testing import RunningSandbox
from tests.database_rows import only_postgres
from tests.support.certificates import Authority
from tests.support.cloud_roles import RoleProcess
from tests.support.mosquitto import CLOUD, Mosquitto, free_port
from tests.support.packing_station import describe_shop, station
from tests.support.s3_server import S3Server
from tests.support.unit_files import command_of, environment_of

TEST = system("test")
NAME = "localhost"
SETTINGS = """\
data_dir = "{data}"
database = "{database}"
[web]
port = {web}
[metrics]
port = 0
[broker]
embedded = false
host = "{name}"
port = {broker}
tls = true
ca_file = "{authority}"
username = "cloud"
password = "{password}"
[s3]
bucket = "{bucket}"
endpoint = "{endpoint}"
access_key_id = "{key}"
secret_access_key = "{secret}"
[sending]
settle_s = 0.2
"""

pytestmark = [only_postgres, pytest.mark.timeout(300)]


class FollowedBroker(Mosquitto):
    """A broker of one's own whose users somebody copies from the table `devices`."""

    def __init__(self, directory: Path) -> None:
        self.devices: list[tuple[str, str]] = []
        """Names and hashes, as the table has them."""
        directory.mkdir()
        self.authority = Authority(directory / "authority.pem")
        begins = datetime.now(UTC) - timedelta(days=1)
        super().__init__(directory, tls=self.authority.certificate(directory, begins, NAME))

    def _write_files(self) -> None:
        super()._write_files()
        lines = "".join(f"{name}:{known}\n" for name, known in self.devices)
        with (self.directory / "passwords").open("a") as file:
            file.write(lines)


class Deployed:
    """Roles as systemd starts them: no variable of ours but those of the unit."""

    def __init__(self, settings_file: Path, web_port: int, stack: ExitStack) -> None:
        self.url = f"http://127.0.0.1:{web_port}"
        self._folder = settings_file.parent
        self._stack = stack
        self._environment = {
            "PATH": os.environ["PATH"],
            # in the place of /etc/packwitness/cloud.toml, where the units find it by themselves
            FILE_VARIABLE: str(settings_file),
        }

    def start(self, role: str) -> RoleProcess:
        unit = f"packwitness-cloud-{role}@.service"
        log_file = self._folder / f"log-{role}"
        with log_file.open("w") as log:
            program = subprocess.Popen(
                command_of(unit),
                env=self._environment | environment_of(unit),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        process = RoleProcess(program, log_file)
        self._stack.callback(program.communicate)
        self._stack.callback(program.kill)
        process.wait_ready()
        return process

    def type(self, *words: str) -> str:
        """A command as a person types it on that machine."""
        program = command_of("packwitness-cloud-serve.service")[0]
        done = subprocess.run(
            [program, *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[FollowedBroker]:
    made = FollowedBroker(tmp_path / "broker")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def deployed(
    tmp_path: Path, migrated_address: str, broker: FollowedBroker, s3_server: S3Server, bucket: str
) -> Iterator[Deployed]:
    """With one settings file, as a person writes it; all ends with the test."""
    web_port = free_port()
    text = SETTINGS.format(
        data=tmp_path / "data",
        database=migrated_address,
        web=web_port,
        name=NAME,
        broker=broker.port,
        authority=broker.authority.file,
        password=broker.users[CLOUD],
        bucket=bucket,
        endpoint=s3_server.endpoint,
        key=s3_server.keys[0],
        secret=s3_server.keys[1],
    )
    file = tmp_path / "cloud.toml"
    file.touch(mode=0o600)
    file.write_text(text)
    with ExitStack() as stack:
        yield Deployed(file, web_port, stack)


def copy_users(database: Database, broker: FollowedBroker, stop: threading.Event) -> None:
    """What whoever runs the broker must do: let in the devices of the table `devices`."""
    while not stop.wait(0.05):
        with database.read(TEST) as session:
            devices = broker_users(session)
        if devices != broker.devices:
            broker.devices = devices
            broker.reload()


def test_a_table_packs_through_the_roles_as_their_units_start_them(
    deployed: Deployed,
    broker: FollowedBroker,
    database: Database,
    shopee_sandbox: RunningSandbox,
    tmp_path: Path,
) -> None:
    marketplace = Marketplace(shopee_sandbox.base_url)
    stop = threading.Event()
    copying = threading.Thread(target=copy_users, args=(database, broker, stop))
    with ExitStack() as stack:
        stack.callback(marketplace.close)
        deployed.type("init")
        deployed.type("shop", "connect", str(describe_shop(shopee_sandbox, tmp_path / "shop.json")))
        roles = [deployed.start(role) for role in ("web", "link", "dispatch", "sync")]
        assert httpx.get(f"{deployed.url}/health").json() == {"status": "ok"}
        copying.start()
        stack.callback(copying.join)
        stack.callback(stop.set)
        claim = json.loads(deployed.type("table", "create", "Table 1"))["claim_code"]
        trust = (f"uplink.ca_file={broker.authority.file}",)
        with station(tmp_path / "table-1", claim, deployed.url, trust) as packer:
            told = packer.credentials.broker
            assert (told.host, told.port, told.tls) == (NAME, broker.port, True)
            for _ in range(2):
                packer.pack(marketplace)
            packer.require_each_once(marketplace)
        assert "all well" in deployed.type("check")
        assert [role.end() for role in roles] == [0, 0, 0, 0]
        for role in roles:
            errors = [line for line in role.log() if line["level"] == "ERROR"]
            assert not errors, errors
