"""Every system call and every statement of a step fails once: what was stored before stays."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.spool.errors import ReadOnlyDisk, SpoolError
from edge.spool.records import StoredManifest
from edge.spool.store import Spool
from tests.support.spool_faults import ERRORS, SQLITE_ERRORS, FaultyFiles, FaultyJournal
from tests.support.spool_table import (
    TableClock,
    assert_in_order,
    jpeg,
    open_spool,
    proof_id,
    quick_folder,
    sha256,
)
from wire.messages import Closing, Manifest, Mode

EARLIER, OPEN = proof_id(1), proof_id(2)
NEW = jpeg(9)

DURABLE_FOLDER = ["mkdir", "open_directory", "fsync", "close"]
DURABLE_FILE = ["create", "write", "fsync", "close", "rename", "open_directory", "fsync", "close"]
SAVE_CALLS = [*DURABLE_FOLDER, *DURABLE_FILE]
LOOK = ["BEGIN", "SELECT * FROM", "SELECT * FROM", "ROLLBACK"]
NOTE = ["BEGIN IMMEDIATE", "INSERT INTO photo", "UPDATE spool SET", "COMMIT"]
SAVE_STATEMENTS = [*LOOK, *NOTE]
CLOSE_STATEMENTS = [
    "BEGIN IMMEDIATE",
    "SELECT * FROM",
    "SELECT * FROM",
    "SELECT * FROM",
    "INSERT INTO manifest",
    "INSERT INTO manifest_photo",
    "UPDATE proof SET",
    "UPDATE spool SET",
    "COMMIT",
]


@dataclass
class Table:
    """A table with a sent proof of two photos and an open one with one photo, on a new day."""

    directory: Path
    clock: TableClock
    files: FaultyFiles
    journal: FaultyJournal
    spool: Spool
    manifest: StoredManifest

    def save(self) -> str:
        now = self.clock.now()
        return self.spool.save_photo(OPEN, 4, NEW, now, "sim").sha256

    def restart(self) -> Spool:
        """A new start on a disk that works again; the old daemon is gone."""
        self.spool.close()
        self.spool = open_spool(self.directory, self.clock)
        return self.spool

    def assert_earlier_intact(self) -> None:
        (waiting,) = (m for m in self.spool.manifests_to_send(9) if m.proof_id == EARLIER)
        assert waiting.raw == self.manifest.raw
        for number in (1, 2):
            assert self.spool.read_photo(sha256(jpeg(number))) == jpeg(number)
        assert self.spool.read_photo(sha256(jpeg(3))) == jpeg(3)
        assert self.spool.counts().lost_photos == 0

    def photos_of_open(self) -> list[str]:
        """What the proof that was open shows after a restart."""
        (manifest,) = (m for m in self.spool.manifests_to_send(9) if m.proof_id == OPEN)
        assert Manifest.from_bytes(manifest.raw).closing is Closing.UNSENT
        return list(manifest.sha256s)


@pytest.fixture
def directory() -> Iterator[Path]:
    with quick_folder() as folder:
        yield folder / "spool"


@pytest.fixture
def table(directory: Path) -> Iterator[Table]:
    clock, files, journal = TableClock(), FaultyFiles(), FaultyJournal()
    spool = open_spool(directory, clock, files=files, connect=journal.connect)
    spool.open_proof(EARLIER, "EARLIER", Mode.PACKING, clock.now())
    for number in (1, 2):
        spool.save_photo(EARLIER, number, jpeg(number), clock.now(), "sim")
    manifest = spool.close_proof(EARLIER, Closing.SEND, clock.now())
    spool.open_proof(OPEN, "OPEN", Mode.PACKING, clock.now())
    spool.save_photo(OPEN, 3, jpeg(3), clock.now(), "sim")
    clock.advance(24 * 3600)  # a new day needs a new folder
    files.calls.clear()
    table = Table(directory, clock, files, journal, spool, manifest)
    yield table
    table.spool.close()


def test_a_photo_is_written_in_the_order_that_survives_a_power_cut(table: Table) -> None:
    """File, fsync, rename, fsync of the folder, and only then the journal (invariant 3)."""
    table.journal.watch()
    table.save()
    assert table.files.calls == SAVE_CALLS
    assert table.journal.statements == SAVE_STATEMENTS


def test_each_commit_of_the_journal_is_synced(directory: Path) -> None:
    """NORMAL may lose the last commits at a power cut (edge-hardware 6.1)."""
    connections: list[sqlite3.Connection] = []

    def connect(path: Path) -> sqlite3.Connection:
        connections.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
        return connections[-1]

    spool = open_spool(directory, TableClock(), connect=connect)
    writer = connections[0]
    settings = {
        name: writer.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    spool.close()


def test_no_commit_counts_on_a_file_system_that_was_made_read_only(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ext4 calls it written and synced where it only reuses blocks of the WAL, and it is not."""
    real = os.statvfs

    def read_only(path: str | Path) -> os.statvfs_result:
        values = list(real(path))
        values[8] |= os.ST_RDONLY  # f_flag
        return os.statvfs_result(values)

    with monkeypatch.context() as patch:
        patch.setattr(os, "statvfs", read_only)
        with pytest.raises(ReadOnlyDisk):
            table.spool.close_proof(OPEN, Closing.SEND, table.clock.now())
    table.spool.close_proof(OPEN, Closing.SEND, table.clock.now())
    table.assert_earlier_intact()


def test_the_journal_is_told_after_the_folder_is_synced(table: Table) -> None:
    table.journal.watch(break_at=SAVE_STATEMENTS.index("BEGIN IMMEDIATE"), code=10)
    with pytest.raises(SpoolError):
        table.save()
    assert table.files.calls == [*SAVE_CALLS, "unlink"]


def test_the_second_photo_of_a_day_costs_two_syncs_and_one_commit(table: Table) -> None:
    table.save()
    table.files.calls.clear()
    table.spool.save_photo(OPEN, 5, jpeg(10), table.clock.now(), "sim")
    assert table.files.calls == DURABLE_FILE


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for-good"])
@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("call", range(len(SAVE_CALLS)))
def test_a_failed_call_leaves_no_half_photo(
    table: Table, call: int, error: int, for_good: bool
) -> None:
    table.files.break_at(call, error, for_good=for_good)
    with pytest.raises(ERRORS[error]):
        table.save()
    assert table.files.calls[call] == SAVE_CALLS[call]
    assert sha256(NEW) not in {photo.sha256 for photo in table.spool.photos_to_send(9)}

    table.files.mend()
    spool = table.restart()
    table.assert_earlier_intact()
    assert_in_order(table.directory)
    assert table.photos_of_open() == [sha256(jpeg(3))]
    # what could not be removed is kept, but it is no part of what the packer saw
    assert len(spool.recovery.found) <= int(for_good)


@pytest.mark.parametrize("call", range(len(SAVE_CALLS)))
def test_the_same_photo_can_be_saved_after_a_failure(table: Table, call: int) -> None:
    table.files.break_at(call, errno.EIO)
    with pytest.raises(SpoolError):
        table.save()
    table.files.mend()
    saved = table.save()
    table.restart()
    assert table.photos_of_open() == [sha256(jpeg(3)), saved]
    assert_in_order(table.directory)


def test_a_failed_sync_is_not_tried_again_on_its_descriptor(table: Table) -> None:
    """The kernel may drop the pages and call the next one a success (edge-hardware 6.1)."""
    table.files.break_at(SAVE_CALLS.index("create") + 2, errno.EIO)
    with pytest.raises(SpoolError):
        table.save()
    assert table.files.calls[len(DURABLE_FOLDER) :] == [
        *("create", "write", "fsync", "close"),
        "unlink",
    ]


def test_short_writes_are_continued(table: Table) -> None:
    table.files.write_little()
    saved = table.save()
    assert table.files.calls.count("write") == 11
    assert table.spool.read_photo(saved) == NEW


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("code", SQLITE_ERRORS)
@pytest.mark.parametrize("statement", range(len(SAVE_STATEMENTS)))
def test_a_failed_statement_leaves_no_half_photo(
    table: Table, statement: int, code: int, late: bool
) -> None:
    """``after``: it was carried out and said to have failed, as a commit whose sync failed."""
    table.journal.watch(break_at=statement, code=code, is_late=late)
    if SAVE_STATEMENTS[statement] == "ROLLBACK":
        table.save()  # nothing depends on how a reading ends
        return
    with pytest.raises(SQLITE_ERRORS[code]):
        table.save()
    table.journal.stop()
    table.restart()
    assert_in_order(table.directory)
    assert table.photos_of_open() == [sha256(jpeg(3))]
    if not (late and SAVE_STATEMENTS[statement] == "COMMIT"):  # its row says: lost
        table.assert_earlier_intact()


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("code", SQLITE_ERRORS)
@pytest.mark.parametrize("statement", range(len(CLOSE_STATEMENTS)))
def test_a_proof_whose_closing_failed_is_still_open(
    table: Table, statement: int, code: int, late: bool
) -> None:
    table.journal.watch(break_at=statement, code=code, is_late=late)
    with pytest.raises(SQLITE_ERRORS[code]):
        table.spool.close_proof(OPEN, Closing.SEND, table.clock.now())
    assert len(table.journal.statements) >= statement + 1
    table.journal.stop()
    if not (late and CLOSE_STATEMENTS[statement] == "COMMIT"):
        assert [m.proof_id for m in table.spool.manifests_to_send(9)] == [EARLIER]

    closed = table.spool.close_proof(OPEN, Closing.SEND, table.clock.now())
    assert closed.revision == 1
    table.restart()
    table.assert_earlier_intact()
    assert_in_order(table.directory)
    assert [m.raw for m in table.spool.manifests_to_send(9)][1:] == [closed.raw]


def test_closing_takes_the_statements_that_were_let_fail(table: Table) -> None:
    table.journal.watch()
    table.spool.close_proof(OPEN, Closing.SEND, table.clock.now())
    assert table.journal.statements == CLOSE_STATEMENTS
    assert table.files.calls == []


@pytest.mark.parametrize("statement", range(len(CLOSE_STATEMENTS)))
def test_a_crash_after_a_failed_closing_leaves_it_unsent(table: Table, statement: int) -> None:
    table.journal.watch(break_at=statement, code=10)
    with pytest.raises(SpoolError):
        table.spool.close_proof(OPEN, Closing.SEND, table.clock.now())
    table.journal.stop()
    table.restart()
    assert table.photos_of_open() == [sha256(jpeg(3))]


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
def test_a_start_on_a_failing_disk_says_so_and_changes_nothing(table: Table, error: int) -> None:
    table.spool.close()
    for call in range(len(DURABLE_FOLDER)):  # what a start does where nothing is to be repaired
        table.files.break_at(call, error, for_good=True)
        with pytest.raises(ERRORS[error]):
            open_spool(table.directory, table.clock, files=table.files)
    table.restart()
    table.assert_earlier_intact()
