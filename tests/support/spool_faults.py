"""Disks and journals that fail on request, or forget what was not synced."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge import fault_points
from edge.spool.disk import DiskUse
from edge.spool.errors import DiskFault, NoSpace, ReadOnlyDisk, SpoolError
from edge.spool.files import OsFileSystem

ERRORS: dict[int, type[SpoolError]] = {
    errno.ENOSPC: NoSpace,
    errno.EIO: DiskFault,
    errno.EROFS: ReadOnlyDisk,
}
SQLITE_ERRORS: dict[int, type[SpoolError]] = {
    sqlite3.SQLITE_FULL: NoSpace,
    sqlite3.SQLITE_IOERR_FSYNC: DiskFault,
    sqlite3.SQLITE_READONLY: ReadOnlyDisk,
}


@contextmanager
def armed(fault: str) -> Iterator[None]:
    """Arm a fault point of this process, for the block alone."""
    fault_points.arm({fault_points.VARIABLE: fault})
    try:
        yield
    finally:
        fault_points.arm({})


class FaultyFiles(OsFileSystem):
    """The real calls, recorded; from ``break_at`` on they fail, once or until ``mend``."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.room = DiskUse(total_bytes=1000, free_bytes=900)
        self._shortest = False
        self._break_at: int | None = None
        self._errno = 0
        self._for_good = False

    def break_at(self, call: int, error: int, *, for_good: bool = False) -> None:
        """Let the call of that index fail, counted from now; ``for_good``: and all after it."""
        self.calls.clear()
        self._break_at, self._errno, self._for_good = call, error, for_good

    def mend(self) -> None:
        self._break_at = None

    def write_little(self) -> None:
        """Take one byte of the first ten writes, as near a full disk."""
        self._shortest = True

    def _count(self, name: str) -> None:
        index = len(self.calls)
        self.calls.append(name)
        if self._break_at is None or index < self._break_at:
            return
        if index == self._break_at or self._for_good:
            raise OSError(self._errno, os.strerror(self._errno))

    def create(self, path: Path) -> int:
        self._count("create")
        return super().create(path)

    def write(self, descriptor: int, data: memoryview) -> int:
        self._count("write")
        if self._shortest and self.calls.count("write") <= 10:
            data = data[:1]
        return super().write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        self._count("fsync")
        super().fsync(descriptor)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)  # also a failed close(2) gives the descriptor back
        self._count("close")

    def rename(self, source: Path, target: Path) -> None:
        self._count("rename")
        super().rename(source, target)

    def open_directory(self, path: Path) -> int:
        self._count("open_directory")
        return super().open_directory(path)

    def unlink(self, path: Path) -> None:
        self._count("unlink")
        super().unlink(path)

    def mkdir(self, path: Path) -> None:
        self._count("mkdir")
        super().mkdir(path)

    def use(self, _path: Path) -> DiskUse:
        return self.room


@dataclass
class FaultyJournal:
    """Makes connections whose statements are recorded and fail on request."""

    statements: list[str] = field(default_factory=list)
    is_watching: bool = False
    break_at: int | None = None
    code: int = sqlite3.SQLITE_IOERR
    is_late: bool = False
    """The statement is carried out and then said to have failed."""

    def watch(self, *, break_at: int | None = None, code: int = 0, is_late: bool = False) -> None:
        self.statements.clear()
        self.break_at, self.code, self.is_late = break_at, code, is_late
        self.is_watching = True

    def stop(self) -> None:
        self.is_watching = False

    def connect(self, path: Path) -> sqlite3.Connection:
        """In place of ``edge.spool.journal.connect``."""
        plan = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, /, *values: object) -> sqlite3.Cursor:
                really = super().execute
                return plan._run(sql, lambda: really(sql, *values))  # type: ignore[arg-type]

            def executemany(self, sql: str, values: object, /) -> sqlite3.Cursor:
                really = super().executemany
                return plan._run(sql, lambda: really(sql, values))  # type: ignore[arg-type]

        return sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=Connection
        )

    def _run(self, sql: str, really: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        if not self.is_watching:
            return really()
        index = len(self.statements)
        self.statements.append(" ".join(sql.split()[:3]))
        if index != self.break_at:
            return really()
        if self.is_late:
            really()
        error = sqlite3.OperationalError("made to fail")
        error.sqlite_errorcode = self.code
        raise error


@dataclass
class _Inode:
    data: bytearray = field(default_factory=bytearray)
    synced: bytes = b""


class ForgetfulFiles(OsFileSystem):
    """The real calls without their syncs, and an account of what a power cut would leave.

    A file keeps what was in it at its last fsync, a folder the names it had at its last one.
    """

    def __init__(self, directory: Path) -> None:
        self._inodes: dict[Path, _Inode] = {}
        self._names: dict[Path, dict[str, _Inode]] = {}
        self._folders: set[Path] = {directory, *directory.parents}
        self._open: dict[int, _Inode | Path] = {}
        for path in directory.rglob("*"):
            if path.is_dir():
                self._folders.add(path)
            elif path.suffix == ".jpg":
                data = path.read_bytes()
                self._inodes[path] = _Inode(bytearray(data), data)
        for path, inode in self._inodes.items():
            self._names.setdefault(path.parent, {})[path.name] = inode

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._inodes[path] = self._open[descriptor] = _Inode()
        return descriptor

    def write(self, descriptor: int, data: memoryview) -> int:
        written = super().write(descriptor, data)
        inode = self._open[descriptor]
        assert isinstance(inode, _Inode)
        inode.data += data[:written]
        return written

    def fsync(self, descriptor: int) -> None:
        target = self._open[descriptor]
        if isinstance(target, _Inode):
            target.synced = bytes(target.data)
            return
        self._names[target] = {
            path.name: inode for path, inode in self._inodes.items() if path.parent == target
        }
        self._folders |= {path for path in target.iterdir() if path.is_dir()}

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        del self._open[descriptor]

    def open_directory(self, path: Path) -> int:
        descriptor = super().open_directory(path)
        self._open[descriptor] = path
        return descriptor

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self._inodes[target] = self._inodes.pop(source)

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self._inodes.pop(path, None)

    def rmdir(self, path: Path) -> None:
        super().rmdir(path)
        self._folders.discard(path)

    def use(self, _path: Path) -> DiskUse:
        return DiskUse(total_bytes=10**9, free_bytes=9 * 10**8)

    def power_cut(self, directory: Path, target: Path) -> None:
        """Make ``target`` what the disk holds of ``directory`` after a power cut right now.

        The journal is copied with its log as they are: SQLite syncs at each commit by itself.
        """
        target.mkdir()
        for path in directory.glob("journal.sqlite3*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, target)
        for folder in sorted(self._folders):
            if folder.is_relative_to(directory):
                (target / folder.relative_to(directory)).mkdir(exist_ok=True)
        for folder, names in self._names.items():
            for name, inode in names.items():
                if folder in self._folders:
                    (target / folder.relative_to(directory) / name).write_bytes(inode.synced)
