"""A User-Mode Linux machine: started, given scripts to run, and cut off from power."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.waiting import eventually

CACHE = Path(
    os.environ.get("VIRTUAL_TABLE_CACHE", Path(__file__).parents[3] / ".cache" / "virtual-table")
)
BOOT_LIMIT_S = 120.0
RUN_LIMIT_S = 120.0
MEMORY = "2G"

_FAST_FOLDER = Path("/dev/shm")


class MachineError(Exception):
    """It did not boot, or a script that must succeed did not; the text holds what it said."""


def why_not() -> str | None:
    """Why there is no virtual table here, in words for whoever asked for one."""
    missing = [name for name in ("kernel", "image") if not (CACHE / name).exists()]
    return f"no {' and no '.join(missing)} in {CACHE}: type make test-table" if missing else None


class Machine:
    """One machine with a disk of its own, at first a copy of ``disk`` (or of the bare image).

    Cutting the power keeps the disk: ``boot`` goes on from it.
    """

    def __init__(self, folder: Path, disk: Path | None = None) -> None:
        self.disk = folder / "disk.cow"
        """What was written, over the image."""
        self.console = folder / "console.log"
        self.share = Path(tempfile.mkdtemp(prefix="virtual-table-", dir=_FAST_FOLDER))
        """The folder that the guest sees as /host."""
        for name in ("in", "out", "files"):
            (self.share / name).mkdir()
        folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_writer: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        if disk is not None:
            copy_sparse(disk, self.disk)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.power_cut()
        shutil.rmtree(self.share, ignore_errors=True)

    @property
    def is_on(self) -> bool:
        """Whether the kernel runs; it ends by itself when the guest powers off."""
        process = self._process  # another thread may cut the power
        return process is not None and process.poll() is None

    def boot(self, *words: str) -> float:
        """Power on, and wait until scripts are taken; gives the seconds since the kernel began.

        ``words``: more of the kernel's command line.

        Raises:
            MachineError: it ended, or was not there in time.
        """
        assert not self.is_on
        up = self.share / "up"
        up.unlink(missing_ok=True)
        self._start(words)
        try:
            eventually(lambda: up.exists() or not self.is_on, BOOT_LIMIT_S)
            said: str = eventually(up.read_text, 5.0)
        except (AssertionError, OSError) as error:
            raise MachineError(f"it did not boot:\n{self.console_end()}") from error
        return float(said)

    def power_cut(self) -> None:
        """The power is gone: every process of the machine ends at once, whatever it does."""
        if self._process is None:
            return
        end_session(self._process.pid)
        self._process.communicate()  # its status, and the end of its input
        self._process = None
        assert self._log_writer is not None
        self._log_writer.wait(30)

    def power_off(self) -> None:
        """Shut down in order."""
        self.run("systemctl --no-block poweroff")
        assert self._process is not None
        try:
            self._process.wait(90)
        except subprocess.TimeoutExpired as error:
            raise MachineError(f"it did not shut down:\n{self.console_end()}") from error
        self.power_cut()

    def run(self, script: str, *, limit_s: float = RUN_LIMIT_S) -> str:
        """Run a shell script as root and give its output.

        Raises:
            MachineError: it failed, or did not end in time.
        """
        status, output = self.ask(f"set -eu\n{script}\n", "sh", limit_s)
        if status != 0:
            raise MachineError(f"status {status} of:\n{script}\nIt said:\n{output[-4000:]}")
        return output

    def ask(self, words: str, kind: str, limit_s: float = RUN_LIMIT_S) -> tuple[int, str]:
        """Drop something into the guest's inbox; gives status and output."""
        name = f"{next(self._numbers):06}"
        unfinished = self.share / "in" / f"{name}.unfinished"
        unfinished.write_text(words)
        unfinished.rename(unfinished.with_suffix(f".{kind}"))
        answer = self.share / "out" / name
        status = answer.with_suffix(".status")
        try:
            eventually(lambda: status.exists() or not self.is_on, limit_s)
            code = int(status.read_text())
        except (AssertionError, FileNotFoundError) as error:
            raise MachineError(f"no answer to:\n{words}\n{self.console_end()}") from error
        return code, answer.with_suffix(".out").read_text(errors="replace")

    def put(self, source: Path, place: str) -> None:
        """Copy a file of the host into the guest."""
        staged = self.share / "files" / source.name
        shutil.copy(source, staged)
        self.run(f"mkdir -p $(dirname '{place}') && cp '/host/files/{source.name}' '{place}'")
        staged.unlink()

    def write(self, place: str, text: str) -> None:
        """Write a file of the guest."""
        staged = self.share / "written"
        staged.write_text(text)
        self.put(staged, place)

    def get(self, place: str) -> bytes:
        """The bytes of a file of the guest."""
        name = f"got-{next(self._numbers)}"
        self.run(f"cp '{place}' '/host/files/{name}'")
        got = self.share / "files" / name
        data = got.read_bytes()
        got.unlink()
        return data

    def console_end(self, length: int = 4000) -> str:
        """The last that the kernel and systemd said."""
        return self.console.read_text(errors="replace")[-length:]

    def _start(self, words: Sequence[str]) -> None:
        kernel, image = (CACHE / "kernel" / "linux").resolve(), (CACHE / "image").resolve()
        command = [
            str(kernel),
            f"mem={MEMORY}",
            f"ubd0={self.disk},{image}",
            *("root=/dev/ubda", "rw", "con=null", "con0=fd:0,fd:1", "quiet"),
            "systemd.journald.forward_to_console=1",
            "systemd.journald.max_level_console=warning",
            f"uml_dir={self.share}",
            f"share={self.share}",
            *words,
        ]
        # Its console must be pipes, or it will not start; the log keeps what it says.
        with self.console.open("ab") as console:
            writer = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=console)
        self._log_writer = writer
        assert writer.stdin is not None
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=writer.stdin,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "TMPDIR": str(_FAST_FOLDER)},
        )
        writer.stdin.close()


def copy_sparse(source: Path, target: Path) -> None:
    """Holes stay holes: the disk of a machine is mostly empty."""
    subprocess.run(["cp", "--sparse=always", str(source), str(target)], check=True)


def end_session(leader: int) -> None:
    """SIGKILL for every process of a session, until none is left."""
    end = time.monotonic() + 30.0
    while pids := _members(leader):
        assert time.monotonic() < end, f"these do not die: {pids}"
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _members(session: int) -> list[int]:
    """Processes that live: what is dead and waits for its parent has lost its power already."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # After the name, which may hold spaces and brackets: state, parent, group, session.
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(words[3]) == session and words[0] != "Z":
                found.append(int(folder.name))
    return found
