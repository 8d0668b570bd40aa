"""Runs a program of ours as a child: own session, log file, dies with us, ended within a bound."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

from launcher.errors import ProgramFailed, TookTooLong

T = TypeVar("T")

_PAUSE_S = 0.05
_KILLED_S = 5.0
_COMMAND_S = 120.0
_LONGEST_WORD = 300


class Program:
    """A child process. Start it from the main thread only: Linux ends it with that thread.

    What it writes goes to its log, except for what is asked for by a pipe.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        piped: bool = False,
    ) -> None:
        """``name`` is for people; ``piped``: standard input and output belong to us."""
        self.name = name
        self.log = log
        self._command = _dying_with_us(command)
        self._environment = {**os.environ, "PYTHONUTF8": "1", **environment}
        self._piped = piped
        self._process: subprocess.Popen[bytes] | None = None
        self._log_began = 0

    def start(self) -> None:
        """Start it; does not wait until it is ready.

        Raises:
            ProgramFailed: it runs already, or cannot be started.
        """
        if self.is_running:
            raise ProgramFailed(f"{self.name} runs already")
        self._close_pipes()
        pipe = subprocess.PIPE
        with self.log.open("ab") as log:
            self._log_began = log.tell()
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=pipe if self._piped else subprocess.DEVNULL,
                    stdout=pipe if self._piped else log,
                    stderr=log,
                    env=self._environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise ProgramFailed(f"{self.name} cannot be started: {error}") from error

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id, also its process group's."""
        return self._started.pid

    @property
    def input(self) -> IO[bytes]:
        """Its standard input, if piped."""
        return _there(self._started.stdin)

    @property
    def output(self) -> IO[bytes]:
        """Its standard output, if piped."""
        return _there(self._started.stdout)

    @property
    def _started(self) -> "subprocess.Popen[bytes]":
        return _there(self._process)

    def wait_said(self, words: str, deadline_s: float) -> str:
        """The line with these words that it wrote to its log since its start.

        Raises:
            ProgramFailed: it ended instead.
            TookTooLong: it did not say them in time.
        """
        for _ in range(round(deadline_s / _PAUSE_S)):
            for line in self.said().splitlines():
                if words in line:
                    return line
            if self.has_ended_within(_PAUSE_S):
                raise self.ended()
        raise TookTooLong(f"{self.name} was not ready after {deadline_s:g} s: see {self.log}")

    def said(self) -> str:
        """What it wrote to its log since its start."""
        with self.log.open("rb") as log:
            log.seek(self._log_began)
            return log.read().decode("utf-8", "replace")

    def ended(self) -> ProgramFailed:
        """The error that says how it ended, with its last words."""
        status = self._started.returncode
        if status < 0:
            # Its last words say nothing of it: it could not know.
            return ProgramFailed(f"{self.name} was ended by signal {-status} (log: {self.log})")
        words = [line for line in self.said().splitlines() if line.strip()]
        last = f": {_plain(words[-1])}" if words else ""
        return ProgramFailed(f"{self.name} ended with status {status}{last} (log: {self.log})")

    def stop(self, deadline_s: float) -> bool:
        """End it politely, by force when that takes longer; whether politeness was enough."""
        if self._process is None:
            return True
        polite = True
        if self.is_running:
            self._process.terminate()
            polite = self.has_ended_within(deadline_s)
        if not polite:
            self.kill()
        self._close_pipes()
        return polite

    def kill(self) -> None:
        """End it and what it started in its group, at once, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._started.wait(_KILLED_S)
        self._close_pipes()

    def has_ended_within(self, seconds: float) -> bool:
        """Wait for its end, so long at most; whether it came."""
        try:
            self._started.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _close_pipes(self) -> None:
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                # What was not written yet has no reader any more.
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def installed(name: str) -> str:
    """The path of one of our commands, beside the interpreter that runs this.

    Raises:
        ProgramFailed: it is not there.
    """
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise ProgramFailed(f"{path} is missing. Type: make setup")
    return str(path)


def run_command(command: Sequence[str], environment: Mapping[str, str], *, words: str = "") -> str:
    """Run a command to its end and give what it printed. ``words`` go to its standard input.

    Raises:
        ProgramFailed: it failed; the text has its last words.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            _dying_with_us(command),
            input=words,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONUTF8": "1", **environment},
            start_new_session=True,
            timeout=_COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TookTooLong(f"{name} did not end within {_COMMAND_S:g} s") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
        last = lines[-1].removeprefix(f"{name}: ")
        raise ProgramFailed(f"{name}: {last[:_LONGEST_WORD]}")
    return done.stdout


def _plain(line: str) -> str:
    """A line of a log for people: some programs write JSON."""
    try:
        text = str(json.loads(line)["text"])
    except (ValueError, KeyError, TypeError):
        text = line.strip()
    return text[:_LONGEST_WORD]


def _dying_with_us(command: Sequence[str]) -> list[str]:
    return ["setpriv", "--pdeathsig", "TERM", *command]


def _there(value: T | None) -> T:
    if value is None:
        raise ProgramFailed("the program was not started")
    return value
