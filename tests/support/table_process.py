"""A packing table as a real process: simulated camera, typed input through a pipe, no broker."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from edge.spool.reader import SpoolReader
from edge.spool.records import ProofSummary

PASSWORD = "not-a-real-password"
_PATIENCE_S = 30.0
_SETTINGS = """\
[spool]
directory = "{spool}"
reserve_bytes = 1048576
[camera]
kind = "simulated"
width = 640
height = 480
[input]
kinds = ["terminal"]
[indicator]
kind = "terminal"
[enrolment]
credentials_file = "{credentials}"
[packing]
photo_bounce_ms = 0
send_bounce_ms = 0
double_read_ms = 0
send_delay_s = 0
[clock]
trust = "always"
[log]
level = "debug"
"""


def write_table(
    folder: Path,
    *,
    port: int = 1,
    device_id: str = "table-01",
    password: str = PASSWORD,
) -> Path:
    """Settings and credentials of an enrolled table; the path of the settings."""
    credentials = folder / "credentials.json"
    content = {
        "device_id": device_id,
        "partition": 7,
        "table_name": "Table 1",
        "password": password,
        "broker": {"host": "127.0.0.1", "port": port, "transport": "tcp", "tls": False},
    }
    credentials.touch(mode=0o600)
    credentials.write_text(json.dumps(content), encoding="utf-8")
    settings = folder / "table.toml"
    text = _SETTINGS.format(spool=folder / "spool", credentials=credentials)
    settings.write_text(text, encoding="utf-8")
    return settings


def proofs(folder: Path) -> list[ProofSummary]:
    """What lies in the table's spool, newest first."""
    reader = SpoolReader.open_reader(folder / "spool")
    try:
        return reader.list_proofs(1000)
    finally:
        reader.close()


class TableProcess:
    """The daemon. What it shows is kept line by line, and can be waited for."""

    def __init__(
        self,
        settings: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        module: str = "edge.cli",
        command: Sequence[str] | None = None,
    ) -> None:
        """``module`` or ``command`` is run in the place of ours, with the same arguments."""
        program = command or [sys.executable, "-m", module]
        self.process = subprocess.Popen(
            [*program, "--config", str(settings), *arguments, "run"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, **(environment or {})},
        )
        self._is_dark = False
        self._changed = threading.Condition()
        self.light: list[str] = []
        self.log: list[str] = []
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._readers = [
            self._follow(self.process.stdout, self.light),
            self._follow(self.process.stderr, self.log),
        ]

    def _follow(self, pipe: IO[str], lines: list[str]) -> threading.Thread:
        def read() -> None:
            with pipe:
                for line in pipe:
                    with self._changed:
                        lines.append(line.rstrip())
                        self._changed.notify_all()
            with self._changed:
                self._is_dark = self._is_dark or lines is self.light
                self._changed.notify_all()

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    def enter(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def enter_and_see(self, line: str, text: str) -> None:
        """Type a line and wait until the light says something new with ``text``."""
        seen = len(self.light)
        self.enter(line)
        self.see(text, after=seen)

    def see(self, text: str, after: int = 0) -> None:
        self._wait(self.light, text, after)

    def light_after(self, line: str, pattern: str) -> re.Match[str] | None:
        """Type a line; the first light from then on that fits, or None if the table ended."""
        seen = len(self.light)
        try:
            self.enter(line)
        except BrokenPipeError:
            return None

        def found() -> re.Match[str] | None:
            fits = (re.search(pattern, light) for light in self.light[seen:])
            return next((one for one in fits if one), None)

        with self._changed:
            came = self._changed.wait_for(lambda: found() or self._is_dark, _PATIENCE_S)
            assert came, f"{pattern!r} did not come:\n" + "\n".join(self.light + self.log)
            return found()

    def see_in_log(self, text: str) -> None:
        self._wait(self.log, text, 0)

    def _wait(self, lines: list[str], text: str, after: int) -> None:
        with self._changed:
            came = self._changed.wait_for(
                lambda: any(text in line for line in lines[after:]), _PATIENCE_S
            )
            told = "\n".join([*self.light, "--- log", *self.log])
        assert came, f"{text!r} did not come:\n{told}"

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        code = self.process.wait(_PATIENCE_S)
        for reader in self._readers:
            reader.join(_PATIENCE_S)
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # what a killed table never read
            self.process.stdin.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.end()
