"""What tests of the spool share: a table with a clock, pictures, and an eye for its order."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.clock import Moment
from edge.spool.journal import FILE_NAME, Journal, every
from edge.spool.names import PHOTOS
from edge.spool.store import Spool
from tests.support.manual_clock import ManualClock

DEVICE = "table-01"


class TableClock(ManualClock):
    """Can also lose its synchronisation, jump, and start again."""

    def __init__(self) -> None:
        super().__init__()
        self.synced = True
        self.jumped = timedelta(0)
        self.boot_id = "boot-1"

    def now(self) -> Moment:
        moment = super().now()
        return replace(
            moment, wall=moment.wall + self.jumped, synced=self.synced, boot_id=self.boot_id
        )


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: for tests that make hundreds of syncs."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def jpeg(number: int, size_bytes: int = 500) -> bytes:
    """A different picture for each number, as far as the spool looks at one."""
    filling = hashlib.sha256(str(number).encode()).digest() * (size_bytes // 32 + 1)
    return b"\xff\xd8\xff" + filling[: size_bytes - 5] + b"\xff\xd9"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def proof_id(number: int) -> str:
    return f"{number:032x}"


def open_spool(directory: Path, clock: TableClock, **settings: Any) -> Spool:
    """A spool as the daemon opens it, with its names in UTC and no reserve."""
    settings = {"device_id": DEVICE, "zone": UTC, "reserve_bytes": 0, **settings}
    return Spool.open(directory, clock=clock, **settings)


def photo_files(directory: Path) -> list[Path]:
    """All files in the photo folders."""
    return sorted(path for path in (directory / PHOTOS).rglob("*") if path.is_file())


def assert_in_order(directory: Path) -> None:
    """No kept row without its very file, no photo file without a row, no leftovers."""
    journal = Journal.open_reader(directory / FILE_NAME)
    with journal.reading("comparing") as connection:
        rows = every(connection, "SELECT path, sha256 FROM photo WHERE fate = 'kept'")
    journal.close()
    on_disk = {
        str(path.relative_to(directory)): sha256(path.read_bytes())
        for path in photo_files(directory)
    }
    assert on_disk == {row["path"]: row["sha256"] for row in rows}


def damage_page(directory: Path, name: str) -> None:
    """Overwrite the first page of a table or index of a closed journal, as a worn card does."""
    connection = sqlite3.connect(directory / FILE_NAME)
    sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
    (page,) = connection.execute(sql, (name,)).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with (directory / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"worn" * (size // 4))
