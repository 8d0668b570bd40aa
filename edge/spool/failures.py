"""Errors of the system and of SQLite, turned into the spool's own."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from edge.spool.errors import (
    DiskFault,
    JournalBusy,
    NoSpace,
    ReadOnlyDisk,
    SpoolDamaged,
    SpoolError,
)

_BY_ERRNO: dict[int, type[SpoolError]] = {
    errno.ENOSPC: NoSpace,
    errno.EDQUOT: NoSpace,
    errno.EROFS: ReadOnlyDisk,
}

_BY_SQLITE: dict[int, type[SpoolError]] = {
    sqlite3.SQLITE_FULL: NoSpace,
    sqlite3.SQLITE_IOERR: DiskFault,
    sqlite3.SQLITE_CANTOPEN: DiskFault,
    sqlite3.SQLITE_READONLY: ReadOnlyDisk,
    sqlite3.SQLITE_CORRUPT: SpoolDamaged,
    sqlite3.SQLITE_NOTADB: SpoolDamaged,
    sqlite3.SQLITE_BUSY: JournalBusy,
    sqlite3.SQLITE_LOCKED: JournalBusy,
}


def from_os(error: OSError, doing: str) -> SpoolError:
    """The typed error of a failed system call; what is not known counts as a disk fault."""
    kind = _BY_ERRNO.get(error.errno or 0, DiskFault)
    return kind(f"{doing}: {error.strerror or error}")


def from_sqlite(error: sqlite3.Error, doing: str) -> SpoolError | None:
    """The typed error of what SQLite reports, or None for a mistake in our own statements."""
    # the lower byte of an extended code is the code that the table knows
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    kind = _BY_SQLITE.get(code & 0xFF)
    return None if kind is None else kind(f"{doing}: {error}")


@contextmanager
def typed(doing: str) -> Iterator[None]:
    """Turn errors of the system and of SQLite into ours; ``doing`` begins the text."""
    try:
        yield
    except OSError as error:
        raise from_os(error, doing) from error
    except sqlite3.Error as error:
        ours = from_sqlite(error, doing)
        if ours is None:
            raise
        raise ours from error
