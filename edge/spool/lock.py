"""One daemon per spool: an flock that ends with its process, however the process ends."""

import fcntl
import os
from pathlib import Path

from edge.spool.errors import SpoolLocked
from edge.spool.failures import typed

LOCK_NAME = "lock"


class SpoolLock:
    """Holds ``<spool>/lock``; the file stays, because removing it would let two hold one name."""

    def __init__(self, path: Path) -> None:
        """Take the lock at once.

        Raises:
            SpoolLocked: another process holds it.
            NoSpace, ReadOnlyDisk, DiskFault: the file cannot be made.
        """
        with typed("making the lock file of the spool"):
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            self._take(path)
        except BaseException:
            os.close(self._fd)
            raise

    def _take(self, path: Path) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise SpoolLocked(
                f"the spool {path.parent} is in use by process {owner}; "
                "stop that daemon, or give this one another spool"
            ) from None
        with typed("writing the lock file of the spool"):
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one in. Harmless when repeated."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
