"""`packwitness-cloud run ROLE` as real processes on one PostgreSQL database."""

import json
import secrets
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from tests.support.cloud_program import PROGRAM, Cloud
from tests.support.mosquitto import free_port


class RoleProcess:
    """One process; ``log`` is what it wrote to standard error."""

    def __init__(self, program: "subprocess.Popen[str]", log_file: Path) -> None:
        self.program = program
        self.log_file = log_file

    @property
    def pid(self) -> int:
        return self.program.pid

    def log(self) -> list[dict[str, Any]]:
        lines = self.log_file.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def wait_ready(self) -> str:
        assert self.program.stdout is not None
        said = self.program.stdout.readline().strip()
        assert said.startswith("packwitness-cloud ready as "), (said, self.log_file.read_text())
        return said

    def end(self, kind: signal.Signals = signal.SIGTERM) -> int:
        self.program.send_signal(kind)
        return self.program.wait(60)

    def stop(self) -> None:
        """As a machine that is overloaded, or a virtual one that is moved."""
        self.program.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.program.send_signal(signal.SIGCONT)


class CloudRoles:
    """A data folder, a database, and as many processes as a test starts; all end with the block."""

    def __init__(
        self, folder: Path, database_address: str, settings: dict[str, str] | None = None
    ) -> None:
        self._folder = folder
        self.cloud = Cloud(
            folder / "data",
            {
                "PACKWITNESS_CLOUD_DATABASE": database_address,
                "PACKWITNESS_CLOUD_BROKER__PASSWORD": secrets.token_hex(8),
                "PACKWITNESS_CLOUD_BROKER__CLOUD_PORT": str(free_port()),
                "PACKWITNESS_CLOUD_SENDING__SETTLE_S": "0.2",
                **(settings or {}),
            },
        )
        self._stack = ExitStack()
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def init(self) -> dict[str, Any]:
        """The organisation, its owner and the key file."""
        made = self.cloud.run("init")
        assert made.returncode == 0, made.stderr
        given: dict[str, Any] = json.loads(made.stdout)
        return given

    def start(self, *roles: str, environment: dict[str, str] | None = None) -> RoleProcess:
        """Start a process with these roles and wait until it is ready."""
        self._count += 1
        log_file = self._folder / f"log-{self._count}-{'-'.join(roles)}"
        with log_file.open("w") as log:
            program = subprocess.Popen(
                [PROGRAM, "run", *roles],
                env={**self.cloud.environment, **(environment or {})},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._stack.callback(_end, program)
        started = RoleProcess(program, log_file)
        started.wait_ready()
        return started


def _end(program: "subprocess.Popen[str]") -> None:
    program.kill()
    program.communicate()
