"""The cloud of a soak: everything in one process on SQLite, or its roles on PostgreSQL."""

import os
import pwd
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Protocol

from cloud.main.settings import CloudSettings
from launcher.cloud import Cloud
from launcher.errors import LauncherError
from launcher.folder import Folder
from launcher.ports import HOST, Ports, free_ports, is_free
from launcher.programs import Program, installed
from launcher.whole import READY_S
from tests.fixtures_database import SERVER_USER, PostgresServer, find_programs
from tests.soak.plan import REQUEST_DEADLINE_MS, SETTLE_MS

_SENDING = {
    "PACKWITNESS_CLOUD_SENDING__SETTLE_S": f"{SETTLE_MS / 1000:g}",
    "PACKWITNESS_CLOUD_SENDING__REQUEST_DEADLINE_S": f"{REQUEST_DEADLINE_MS / 1000:g}",
}
ROLES = ("broker", "web", "link", "link", "dispatch", "dispatch", "sync")
"""The processes of a cloud that is split; those that do the work are two, so that one is left."""


class CloudSide(Protocol):
    """What a soak asks of its cloud."""

    base_url: str
    address: str
    """SQLAlchemy's, of its database."""
    programs: Sequence[Program]
    broker_program: Program
    """The one whose child the broker is."""

    def settings(self) -> CloudSettings:
        """For setting it up before its first start."""
        ...

    def start(self) -> None:
        """Start all and wait until they are ready. Raises LauncherError."""
        ...

    def next_victim(self) -> Program | None:
        """The program whose turn it is to be killed; None while that one does not run."""
        ...

    def may_start(self, program: Program, /) -> bool:
        """Whether a program that ended can be started again now."""
        ...

    def close(self) -> None:
        """Throw away what it needed beside its programs."""
        ...


class OneProcess:
    """`serve`."""

    def __init__(self, folder: Folder, ports: Ports) -> None:
        self._cloud = Cloud(folder, ports, _SENDING)
        self._data = folder.cloud
        self._broker_port = ports.broker
        self.base_url = self._cloud.base_url
        self.address = f"sqlite:///{folder.cloud / 'packwitness.sqlite3'}"
        self.broker_program = self._cloud.program
        self.programs: Sequence[Program] = (self._cloud.program,)

    def settings(self) -> CloudSettings:
        """Nothing but its folder."""
        return CloudSettings(data_dir=self._data)

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self._cloud.start(READY_S)

    def next_victim(self) -> Program | None:
        """The one there is."""
        return self._cloud.program if self._cloud.program.is_running else None

    def may_start(self, _program: Program, /) -> bool:
        """A broker that stands still has not noticed yet that its cloud is gone."""
        return is_free(self._broker_port)

    def close(self) -> None:
        """Nothing is left of it but its folder."""


class InRoles:
    """`run ROLE` for each of ``ROLES``, on a PostgreSQL server of its own."""

    def __init__(self, folder: Folder, ports: Ports) -> None:
        self.base_url = f"http://{HOST}:{ports.web}"
        self._data = folder.cloud
        self._broker_port = ports.broker
        # Not below the soak's folder: the server's user may not enter that one.
        self._files = tempfile.TemporaryDirectory(prefix="pw-soak-")
        self._server = _server(Path(self._files.name))
        self.address = self._server.address(self._server.create())
        environment = self._environment(ports)
        self.programs: Sequence[Program] = tuple(
            _program(folder, role, place, environment) for place, role in enumerate(ROLES)
        )
        self.broker_program = self.programs[0]
        self._turns = cycle(self.programs)

    def _environment(self, ports: Ports) -> Mapping[str, str]:
        return {
            "PACKWITNESS_CLOUD_DATA_DIR": str(self._data),
            "PACKWITNESS_CLOUD_DATABASE": self.address,
            "PACKWITNESS_CLOUD_WEB__PORT": str(ports.web),
            "PACKWITNESS_CLOUD_BROKER__PORT": str(ports.broker),
            "PACKWITNESS_CLOUD_BROKER__CLOUD_PORT": str(free_ports().broker),
            "PACKWITNESS_CLOUD_BROKER__PASSWORD": secrets.token_hex(8),
            **_SENDING,
        }

    def settings(self) -> CloudSettings:
        """The database belongs to them."""
        return CloudSettings(data_dir=self._data, database=self.address)

    def start(self) -> None:
        """All of them at once, as the machines of a real one."""
        for program in self.programs:
            program.start()
        for program in self.programs:
            program.wait_said("packwitness-cloud ready as", READY_S)

    def next_victim(self) -> Program | None:
        """One after the other."""
        program = next(self._turns)
        return program if program.is_running else None

    def may_start(self, program: Program, /) -> bool:
        """At once, but for the broker's."""
        return program is not self.broker_program or is_free(self._broker_port)

    def close(self) -> None:
        """End the server and throw its data away."""
        self._server.stop()
        self._files.cleanup()


CLOUDS: Mapping[str, Callable[[Folder, Ports], CloudSide]] = {"one": OneProcess, "roles": InRoles}


def _program(folder: Folder, role: str, place: int, environment: Mapping[str, str]) -> Program:
    return Program(
        f"{role} {place}",
        [installed("packwitness-cloud"), "run", role],
        log=folder.logs / f"cloud-{place}-{role}.log",
        environment=environment,
    )


def _server(folder: Path) -> PostgresServer:
    programs = find_programs()
    if programs is None:
        raise LauncherError("PostgreSQL's programs are missing. Type: apt install postgresql")
    if os.geteuid() == 0:
        # The server runs as its own user, below this folder.
        os.chown(folder, pwd.getpwnam(SERVER_USER).pw_uid, -1)
    return PostgresServer(programs, folder)
