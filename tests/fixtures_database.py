"""Fixtures that give a test a database of its own, on each engine that the product supports.

- `database`: an open `Database` with the schema of this version; the test runs once per engine.
- `database_address`: the address of an empty database; the test runs once per engine.

A test for one engine alone says `@pytest.mark.parametrize("database_kind", ["sqlite"],
indirect=True)`. The PostgreSQL server is started once per test process, by itself.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cloud.database.engine import make_engines
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.migrations.upgrade import upgrade
from tests.support.two_organisations import Base as TwoBase
from tests.support.two_organisations import Two, fill

SERVER_USER = "postgres"
START_LIMIT_S = 60


class PostgresServer:
    """A server on a Unix socket in a folder of its own, with nothing kept after the tests."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.folder = folder
        self._programs = programs
        self._numbers = iter(range(1_000_000))
        owner = pwd.getpwnam(SERVER_USER) if os.geteuid() == 0 else None
        # initdb and postgres refuse root.
        self._as_user = [] if owner is None else [f"--reuid={SERVER_USER}", "--clear-groups"]
        if owner is not None:
            self._as_user.append(f"--regid={owner.pw_gid}")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        self._initialise()
        # The server must not outlive a test process that is killed.
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "INT", *self._as_user, *self._server_command()],
                stderr=log,
                cwd=folder,
            )
        self._wait_until_ready()

    def create(self, *, template: str = "template1") -> str:
        """Make a database and return its name."""
        name = f"test_{next(self._numbers)}"
        self.administer(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Drop a database, with whoever is still connected."""
        self.administer(f"DROP DATABASE {name} WITH (FORCE)")

    def address(self, name: str) -> str:
        """Return SQLAlchemy's address of a database."""
        return f"postgresql+psycopg://packwitness@/{name}?host={self.folder}"

    def administer(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(self._server_address(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """End the server at once; its data is thrown away."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def _server_address(self) -> str:
        return f"host={self.folder} user=packwitness dbname=postgres"

    def _initialise(self) -> None:
        options = ["-D", "data", "-U", "packwitness", "-A", "trust", "-E", "UTF8", "--locale=C"]
        program = str(self._programs / "initdb")
        subprocess.run(
            ["setpriv", *self._as_user, program, *options, "--no-sync", "--no-instructions"],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    def _server_command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            # Not UTC, so that a session that forgets its zone is seen.
            "timezone": "Asia/Kuala_Lumpur",
        }
        command = [str(self._programs / "postgres"), "-D", "data"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _wait_until_ready(self) -> None:
        pause = threading.Event()
        for _ in range(START_LIMIT_S * 20):
            try:
                psycopg.connect(self._server_address()).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None:
                    break
                pause.wait(0.05)
            else:
                return
        raise RuntimeError((self.folder / "log").read_text())


def find_programs() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    programs = find_programs()
    if programs is None or shutil.which("setpriv") is None:
        reason = "PostgreSQL's programs are missing: apt install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Not in pytest's folder, which the server's user may not enter; short, for the socket's name.
    with tempfile.TemporaryDirectory(prefix="pw-pg-") as folder:
        server = PostgresServer(programs, Path(folder))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """A database with the schema, which others are copied from."""
    name = postgres_server.create()
    _upgrade(postgres_server.address(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema, which others are copied from."""
    file = tmp_path_factory.mktemp("template") / "schema.sqlite"
    _upgrade(f"sqlite:///{file}")
    return file


def _upgrade(address: str) -> None:
    engines = make_engines(address)
    upgrade(engines)
    engines.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_address(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The address of an empty database."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'cloud.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.address(name)
    server.drop(name)


@pytest.fixture
def migrated_address(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The address of a database with the schema and no rows."""
    if database_kind == "sqlite":
        file = tmp_path / "cloud.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create(template=request.getfixturevalue("postgres_template"))
    yield server.address(name)
    server.drop(name)


@pytest.fixture
def database(migrated_address: str) -> Iterator[Database]:
    """An open database with the schema and no rows."""
    with Database.open(migrated_address) as opened:
        yield opened


@pytest.fixture
def two(database_address: str) -> Iterator[Two]:
    """Two organisations, once per kind of database."""
    with Database.open(database_address) as database:
        with database.engines.writer.begin() as connection:
            TwoBase.metadata.create_all(connection)
        yield database.write(lambda session: fill(session, database), system("test"))
