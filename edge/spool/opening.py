"""Opening a spool: whose it is, whether its journal can be believed, and what a crash left.

A damaged journal is moved aside under a name that is said (``journal.sqlite3.damaged-1``), and a
new one is built, so that the table goes on packing: manifests are taken over where all of them
prove genuine (``salvage``), and every other photo becomes part of an unsent proof, which is
uploaded and offered to a person and never reaches a buyer by itself (docs/decisions, 0004).
"""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path

from edge.clock import Moment
from edge.spool.errors import SpoolDamaged, SpoolForeign
from edge.spool.failures import typed
from edge.spool.files import FileSystem, make_directory
from edge.spool.inspection import inspect
from edge.spool.journal import FILE_NAME, Connect, Journal, one
from edge.spool.names import PHOTOS
from edge.spool.rebuild import found_journal
from edge.spool.records import Recovery
from edge.spool.recovery import reconcile
from edge.spool.salvage import move_aside, owner_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Owner:
    """Which device opens the spool, and whose it may take over."""

    device_id: str
    adopt: bool = False
    """Anybody's, as a person has said so."""
    formerly: tuple[str, ...] = ()
    """What this same machine was called before; nobody needs to be asked."""

    def require(self, directory: Path, device_id: str | None) -> None:
        """Refuse a spool of another device; None is nobody's.

        Raises:
            SpoolForeign: it is another one's, and it is not to be adopted.
        """
        if device_id not in {None, self.device_id, *self.formerly} and not self.adopt:
            raise SpoolForeign(
                f"the spool {directory} belongs to device {device_id}, this is {self.device_id}; "
                "if this one is to send what is in it, type: packwitness-edge spool adopt"
            )


@dataclass(frozen=True, slots=True)
class Opened:
    """A journal that agrees with the files, and where its numbering goes on."""

    journal: Journal
    numbers: Iterator[int]
    recovery: Recovery


def make_directories(files: FileSystem, directory: Path) -> None:
    """Make the spool's own folders durable.

    Raises:
        NoSpace, ReadOnlyDisk, DiskFault: they cannot be made.
    """
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        make_directory(files, path)
    make_directory(files, directory / PHOTOS)


def open_journal(
    directory: Path,
    *,
    files: FileSystem,
    owner: Owner,
    now: Moment,
    zone: tzinfo | None,
    connect: Connect,
) -> Opened:
    """Open or make the journal of a locked spool and put everything in order.

    Raises:
        SpoolForeign, SpoolTooNew: nothing was changed.
        SpoolError: the disk or the journal refuses; the next start begins anew.
    """
    journal, damaged = _believable(directory, files, owner, connect)
    try:
        recovery, numbers = _put_in_order(
            journal, directory, files=files, owner=owner, now=now, zone=zone, connect=connect
        )
    except BaseException:
        journal.close()
        raise
    return Opened(journal, numbers, replace(recovery, damaged_journal=damaged))


def _believable(
    directory: Path, files: FileSystem, owner: Owner, connect: Connect
) -> tuple[Journal, Path | None]:
    path = directory / FILE_NAME
    try:
        return Journal.open_writer(path, connect=connect), None
    except SpoolDamaged:
        owner.require(directory, owner_of(path, connect))
        with typed("moving the damaged journal aside"):
            aside = move_aside(files, directory)
        logger.exception("journal damaged, moved aside", extra={"aside": aside.name})
    return Journal.open_writer(path, connect=connect), aside


def _put_in_order(
    journal: Journal,
    directory: Path,
    *,
    files: FileSystem,
    owner: Owner,
    now: Moment,
    zone: tzinfo | None,
    connect: Connect,
) -> tuple[Recovery, Iterator[int]]:
    with journal.reading("reading whose spool it is") as connection:
        row = one(connection, "SELECT device_id FROM spool")
    kept_manifests = 0
    if row is not None:
        owner.require(directory, row["device_id"])
    seen = inspect(files, directory, zone)
    if row is None:
        kept_manifests = found_journal(journal, directory, seen, owner.device_id, connect)
    elif row["device_id"] != owner.device_id:
        change_owner(journal, owner.device_id, row["device_id"])
    numbers = itertools.count(max(_last_number(journal), seen.last_number) + 1)
    recovery = reconcile(journal, files, directory, seen, numbers=numbers, now=now)
    return replace(recovery, kept_manifests=kept_manifests), numbers


def change_owner(journal: Journal, device_id: str, before: str) -> None:
    """What is in the spool is sent by this device from now on.

    Raises:
        NoSpace, ReadOnlyDisk, DiskFault, JournalBusy, SpoolDamaged: nothing was changed.
    """
    with journal.transaction("adopting the spool") as connection:
        connection.execute("UPDATE spool SET device_id = ?", (device_id,))
    logger.warning("spool adopted", extra={"device_id": device_id, "before": before})


def _last_number(journal: Journal) -> int:
    with journal.reading("reading the last number") as connection:
        row = one(connection, "SELECT last_sequence FROM spool")
    return int(row["last_sequence"]) if row else 0
