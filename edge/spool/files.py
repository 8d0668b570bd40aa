"""Durable files: written whole or not at all (edge-hardware 6.1).

All changes to photo files go through a ``FileSystem``, a handful of system calls, so that tests can
let each single one fail or forget what was not synced.
"""

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from edge.fault_points import Step, reached
from edge.spool.disk import DiskUse
from edge.spool.failures import typed
from edge.spool.names import DAMAGED, TEMPORARY

logger = logging.getLogger(__name__)


class FileSystem(Protocol):
    """The system calls that the spool makes. Every one may raise OSError and has then done nothing.

    The exceptions: a failed ``write`` may have written a part, and after a failed ``fsync`` nobody
    knows what is on the disk; it is never tried again on the same descriptor, because the kernel
    may have dropped the pages and would report success.
    """

    def create(self, path: Path) -> int:
        """Open for writing, emptied; the descriptor."""
        ...

    def write(self, descriptor: int, data: memoryview) -> int:
        """Write; how many bytes were taken, which may be fewer than given."""
        ...

    def fsync(self, descriptor: int) -> None:
        """Wait until file or directory is on the disk."""
        ...

    def close(self, descriptor: int) -> None:
        """Close; the descriptor is gone even if this raises."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Rename, atomically."""
        ...

    def open_directory(self, path: Path) -> int:
        """Open a directory to sync it."""
        ...

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        ...

    def mkdir(self, path: Path) -> None:
        """Make one directory; FileExistsError if it is there."""
        ...

    def rmdir(self, path: Path) -> None:
        """Remove an empty directory."""
        ...

    def read(self, path: Path) -> bytes:
        """The whole content."""
        ...

    def use(self, path: Path) -> DiskUse:
        """How full the file system of ``path`` is."""
        ...


class OsFileSystem:
    """The real system calls."""

    def create(self, path: Path) -> int:
        """Readable by the group, not inherited by child processes."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)

    def write(self, descriptor: int, data: memoryview) -> int:
        """The system call."""
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """The system call, for files and directories."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """The system call."""
        os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Replaces a target that exists."""
        source.rename(target)

    def open_directory(self, path: Path) -> int:
        """Fails if it is no directory."""
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def unlink(self, path: Path) -> None:
        """The system call."""
        path.unlink()

    def mkdir(self, path: Path) -> None:
        """Readable by the group."""
        path.mkdir(mode=0o750)

    def rmdir(self, path: Path) -> None:
        """Fails unless it is empty."""
        path.rmdir()

    def read(self, path: Path) -> bytes:
        """In one piece; photos are small."""
        return path.read_bytes()

    def use(self, path: Path) -> DiskUse:
        """By statvfs(3)."""
        usage = shutil.disk_usage(path)
        return DiskUse(total_bytes=usage.total, free_bytes=usage.free)


def write_durable(files: FileSystem, path: Path, data: bytes) -> None:
    """Write a new file so that it survives a power cut from the moment this returns.

    Raises:
        NoSpace, ReadOnlyDisk, DiskFault: it was not written; what was begun is removed as far as
            the disk allows, and a leftover is dealt with at the next start.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    begun = temporary
    with typed(f"writing {path.name}"):
        try:
            _write_synced(files, temporary, data, path.suffix)
            files.rename(temporary, path)
            begun = path
            reached(Step.FILE_RENAMED, path.suffix)
            sync_directory(files, path.parent)
            reached(Step.FOLDER_SYNCED, path.suffix)
        except OSError:
            discard(files, begun)
            raise


def _write_synced(files: FileSystem, path: Path, data: bytes, suffix: str) -> None:
    descriptor = files.create(path)
    try:
        rest = memoryview(data)
        while rest:
            # short writes happen near a full disk
            rest = rest[files.write(descriptor, rest) :]
        reached(Step.FILE_WRITTEN, suffix)
        files.fsync(descriptor)
        reached(Step.FILE_SYNCED, suffix)
    except OSError:
        with suppress(OSError):  # the first error is the one that tells what happened
            files.close(descriptor)
        raise
    files.close(descriptor)


def sync_directory(files: FileSystem, path: Path) -> None:
    """Make the names in a directory durable. Raises OSError."""
    descriptor = files.open_directory(path)
    try:
        files.fsync(descriptor)
    finally:
        files.close(descriptor)


def make_directory(files: FileSystem, path: Path) -> None:
    """Make a directory durable, also one that an earlier attempt made without syncing its parent.

    Raises:
        NoSpace, ReadOnlyDisk, DiskFault: it is not certain to be there.
    """
    with typed(f"making the directory {path.name}"):
        with suppress(FileExistsError):
            files.mkdir(path)
        sync_directory(files, path.parent)


def set_aside(files: FileSystem, path: Path) -> Path:
    """Rename a broken file, if it is there, so that nothing takes it for a photo; its new name.

    Raises:
        ReadOnlyDisk, DiskFault: it keeps its name.
    """
    target = path.with_name(path.name + DAMAGED)
    with typed("setting a broken photo aside"), suppress(FileNotFoundError):
        files.rename(path, target)
    return target


def discard(files: FileSystem, path: Path) -> bool:
    """Remove a file that nobody was promised; True if it is gone. Never raises."""
    try:
        files.unlink(path)
    except FileNotFoundError:
        return True
    except OSError as error:
        logger.warning(
            "leftover stays until the next start", extra={"file": path.name, "error": str(error)}
        )
        return False
    return True
