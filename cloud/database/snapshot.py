"""Copies a SQLite database while it is in use: one state of it, safe from a power cut."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from cloud.database.durable import flush
from cloud.database.errors import SnapshotFailed


def snapshot(source: Path, target: Path) -> None:
    """Write a verified copy of ``source`` to the new file ``target``, for its owner alone.

    Disturbs neither readers nor writers. Raises SnapshotFailed, and leaves no file then.
    """
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise SnapshotFailed(f"{target} cannot be made: {error.strerror}") from error
    try:
        _copy(source, target)
        flush(target)
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, (sqlite3.Error, OSError)):
            raise SnapshotFailed(f"{source} cannot be copied: {error}") from error
        raise


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        # All pages in one step: in several it would begin anew with each write of another process.
        reading.backup(writing, pages=-1)
        [sound] = writing.execute("PRAGMA quick_check(1)").fetchone()
    if sound != "ok":
        raise SnapshotFailed(f"{source} is damaged: {sound}. Earlier backups are of use now")
