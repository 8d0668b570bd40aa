"""`packwitness-cloud` as a real process, on free ports and a data folder of a test's own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.support.mosquitto import free_port

PROGRAM = str(Path(sys.executable).with_name("packwitness-cloud"))


class Cloud:
    """The program on free ports, with a data folder of the test's own; ``settings`` by variable."""

    def __init__(self, folder: Path, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._settings = settings or {}
        self.web_port, self.broker_port = free_port(), free_port()

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PACKWITNESS_CLOUD_DATA_DIR": str(self.folder),
            "PACKWITNESS_CLOUD_WEB__PORT": str(self.web_port),
            "PACKWITNESS_CLOUD_BROKER__PORT": str(self.broker_port),
            **self._settings,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @contextmanager
    def serving(self) -> Iterator["Serving"]:
        with (
            (self.folder.parent / "log").open("a") as log,
            subprocess.Popen(
                [PROGRAM, "serve"],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as program,
        ):
            assert program.stdout is not None
            try:
                yield Serving(program, said_until_ready(program.stdout))
            finally:
                program.kill()

    def brokers(self) -> list[int]:
        """Running children with our broker's configuration."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
            except OSError:
                continue
            if str(self.folder / "broker" / "mosquitto.conf").encode() in words:
                found.append(int(path.parent.name))
        return found


class Serving:
    def __init__(self, program: "subprocess.Popen[str]", said: list[str]) -> None:
        self.program = program
        self.said = said

    def end(self, kind: signal.Signals = signal.SIGTERM) -> int:
        self.program.send_signal(kind)
        return self.program.wait(30)

    def password(self) -> str:
        found = re.search(r"password (\S+)", " ".join(self.said))
        assert found is not None, self.said
        return found.group(1)


def said_until_ready(stdout: IO[str]) -> list[str]:
    said = []
    for line in stdout:
        said.append(line.strip())
        if "packwitness-cloud ready on" in line:
            return said
    raise AssertionError(f"it ended instead: {said}")
