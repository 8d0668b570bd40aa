"""Durable memory of the sandbox: documents and pictures in one SQLite file."""

import fcntl
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import DataUnusable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (picture_id TEXT PRIMARY KEY, body BLOB NOT NULL);
"""


@dataclass(frozen=True)
class Change:
    """One document to write, or with `body` None one to remove."""

    kind: str
    key: str
    body: str | None


@dataclass(frozen=True)
class PictureBytes:
    """The bytes of one picture exactly as uploaded."""

    picture_id: str
    body: bytes


class DocumentStore:
    """SQLite in write-ahead mode: what `write` returned for survives a kill of the process.

    `synchronous=NORMAL` leaves the last moments open to a power cut of the whole machine; a
    stand-in marketplace need not survive that, and answers faster for it.
    """

    def __init__(self, folder: Path | None, marketplace: str = "marketplace") -> None:
        self._lock_fd = _lock(folder) if folder else None
        file_name = f"{marketplace}.sqlite3"
        try:
            self._db = sqlite3.connect(
                folder / file_name if folder else ":memory:",
                isolation_level=None,
                check_same_thread=False,  # opened by the starter, used by the server's thread only
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise DataUnusable(f"cannot use {folder}/{file_name}: {error}") from error

    def documents(self, kind: str) -> Iterable[tuple[str, str]]:
        """All (key, body) of a kind, in order of key."""
        return self._db.execute("SELECT key, body FROM documents WHERE kind = ?", (kind,))

    def is_empty(self) -> bool:
        """Whether nothing was ever stored here."""
        return self._db.execute("SELECT 1 FROM documents LIMIT 1").fetchone() is None

    def picture(self, picture_id: str) -> bytes | None:
        """The bytes of a picture, or None when there is no such picture."""
        row = self._db.execute(
            "SELECT body FROM pictures WHERE picture_id = ?", (picture_id,)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def write(self, changes: Iterable[Change], pictures: Iterable[PictureBytes] = ()) -> None:
        """Write all or nothing. Raises sqlite3.Error when nothing was written."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for change in changes:
                self._write_one(change)
            self._db.executemany(
                "INSERT OR REPLACE INTO pictures VALUES (?, ?)",
                [(picture.picture_id, picture.body) for picture in pictures],
            )
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _write_one(self, change: Change) -> None:
        if change.body is None:
            self._db.execute(
                "DELETE FROM documents WHERE kind = ? AND key = ?", (change.kind, change.key)
            )
        else:
            self._db.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)",
                (change.kind, change.key, change.body),
            )

    def clear(self) -> None:
        """Forget everything."""
        self._db.executescript("BEGIN; DELETE FROM documents; DELETE FROM pictures; COMMIT;")

    def close(self) -> None:
        """Close the file and give the folder free."""
        self._db.close()
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None


def _lock(folder: Path) -> int:
    """Take the folder for this process: two sandboxes on one file would not see each other."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataUnusable(f"cannot use the data folder {folder}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise DataUnusable(f"another sandbox is using the data folder {folder}") from error
    return descriptor
