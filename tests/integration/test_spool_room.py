"""The disk's reserve, and what retention frees (invariant 3)."""

import errno
from collections.abc import Iterator
from datetime import timedelta

import pytest

from edge.events import DiskLevel
from edge.spool.disk import DiskUse
from edge.spool.errors import DiskFault, NoSpace
from edge.spool.retention import Retention
from tests.support.spool_faults import armed
from tests.support.spool_packing import DAY_S, P1, P2, P3, Table, running_table
from tests.support.spool_table import (
    assert_in_order,
    jpeg,
    photo_files,
    sha256,
)
from wire.messages import Closing

LONG_JUMPS = [timedelta(days=5 * 365), timedelta(days=-1)]


@pytest.fixture
def table() -> Iterator[Table]:
    yield from running_table()


def test_at_the_reserve_no_new_proof_is_taken_and_the_open_one_is_finished(table: Table) -> None:
    table.restart(reserve_bytes=100)
    table.open(P1)
    table.files.room = DiskUse(total_bytes=1000, free_bytes=100)
    assert table.spool.disk_level() is DiskLevel.RESERVE
    with pytest.raises(NoSpace):
        table.open(P2)
    table.photo(P1, 1)
    table.close(P1)
    assert table.waiting() == [(P1, 1)]


def test_retention_frees_what_was_receipted_and_is_old(table: Table) -> None:
    """Invariant 3."""
    table.packed(P1, 1, code="A")
    table.packed(P2, 2, code="B")
    table.spool.photo_receipted(sha256(jpeg(2)))  # of the photo, not of its manifest
    table.spool.proof_receipted(P1, 1)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 0
    table.clock.advance(31 * DAY_S)
    result = table.spool.apply_retention(table.clock.now())
    assert (result.freed_photos, result.freed_bytes, result.refused) == (1, 500, "")
    assert [path.read_bytes() for path in photo_files(table.directory)] == [jpeg(2)]
    assert_in_order(table.directory)
    assert table.restart().counts().lost_photos == 0


def test_a_freed_proof_is_forgotten_and_the_others_stay(table: Table) -> None:
    table.packed(P1, 1, code="A")
    table.spool.packed_without_photo("X", table.clock.now())
    table.packed(P2, 2, code="B")
    table.spool.proof_receipted(P1, 1)
    table.clock.advance(31 * DAY_S)
    table.spool.apply_retention(table.clock.now())
    assert [summary.code for summary in table.spool.list_proofs()] == ["B"]


def test_a_file_that_cannot_be_removed_now_is_removed_later(table: Table) -> None:
    """Its row stays as long: without one the file would look like a find."""
    table.restart(Retention(keep_days=30, max_bytes=0))
    table.packed(P1, 1)
    table.spool.proof_receipted(P1, 1)
    table.files.break_at(0, errno.EIO)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 1
    assert table.files.calls[0] == "unlink"
    assert len(photo_files(table.directory)) == 1
    assert [summary.photos for summary in table.spool.list_proofs()] == [()]
    table.files.mend()
    table.clock.advance(31 * DAY_S)
    table.spool.apply_retention(table.clock.now())
    assert photo_files(table.directory) == []
    assert table.spool.list_proofs() == []
    assert table.restart().recovery.found == ()


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("doing", ["choosing what to free", "forgetting old proofs"])
@pytest.mark.parametrize("step", ["journal-written", "journal-committed"])
def test_retention_on_a_disk_that_refuses_loses_nothing_and_is_made_up(
    table: Table, step: str, doing: str, error: str
) -> None:
    """Also the journal needs room, just when the disk is full."""
    table.packed(P1, 1, code="A")
    table.packed(P2, 2, code="B")
    table.spool.proof_receipted(P1, 1)
    table.clock.advance(31 * DAY_S)
    with armed(f"{error} 1 {step}/{doing}"), pytest.raises((NoSpace, DiskFault)):
        table.spool.apply_retention(table.clock.now())
    assert table.waiting() == [(P2, 1)]
    assert table.unsent_photos() == [sha256(jpeg(2))]
    table.spool.apply_retention(table.clock.now())
    assert table.restart().recovery.found == ()
    assert [path.read_bytes() for path in photo_files(table.directory)] == [jpeg(2)]
    assert_in_order(table.directory)


def test_retention_by_bytes_takes_the_oldest_first(table: Table) -> None:
    table.restart(Retention(keep_days=30, max_bytes=1000))
    for number, proof in enumerate((P1, P2, P3), start=1):
        table.packed(proof, number, code=f"C{number}")
        table.spool.proof_receipted(proof, 1)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 1
    assert not table.spool.list_proofs(code="C1")[0].photos
    assert table.spool.list_proofs(code="C2")[0].photos
    assert table.spool.already_sent("C1")


def test_at_the_reserve_retention_makes_room(table: Table) -> None:
    table.restart(reserve_bytes=100)
    table.packed(P1, 1, code="A")
    table.packed(P2, 2, code="B")
    table.spool.proof_receipted(P1, 1)
    table.spool.proof_receipted(P2, 1)
    table.files.room = DiskUse(total_bytes=1000, free_bytes=90)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 1


def test_undone_and_cancelled_photos_follow_retention_alone(table: Table) -> None:
    """Invariant 3: their receipt is not waited for; a proof that is open keeps all."""
    table.open(P1, "A")
    table.spool.drop_photo(P1, table.photo(P1, 1))
    kept = table.photo(P1, 2)
    table.open(P2, "B")
    table.photo(P2, 3)
    table.close(P2, Closing.CANCELLED)
    table.clock.advance(31 * DAY_S)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 1
    assert table.waiting() == []  # it would name what is gone
    table.close(P1)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 1
    assert table.unsent_photos() == [kept]
    assert table.waiting() == [(P1, 1)]


def test_a_reopened_proof_keeps_its_photos_although_they_were_receipted(table: Table) -> None:
    table.open(P1)
    taken = table.photo(P1, 1)
    table.close(P1, Closing.UNSENT)
    table.spool.proof_receipted(P1, 1)
    table.spool.reopen("CODE", table.clock.now())
    table.clock.advance(31 * DAY_S)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 0
    table.close(P1)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 0
    assert table.spool.read_photo(taken) == jpeg(1)


@pytest.mark.parametrize("jump", LONG_JUMPS)
def test_retention_rests_while_the_clock_cannot_be_believed(table: Table, jump: timedelta) -> None:
    """Invariant 3."""
    table.packed(P1, 1)
    table.spool.proof_receipted(P1, 1)
    assert table.spool.apply_retention(table.clock.now()).refused == ""
    table.clock.synced = False
    table.clock.advance(31 * DAY_S)
    assert "synchronised" in table.spool.apply_retention(table.clock.now()).refused
    table.clock.synced = True
    table.clock.jumped = jump
    assert "jumped" in table.spool.apply_retention(table.clock.now()).refused
    assert "jumped" in table.restart().apply_retention(table.clock.now()).refused
    assert len(photo_files(table.directory)) == 1
    table.clock.advance(3600)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 1


def test_photos_can_be_saved_after_retention_emptied_their_folder(table: Table) -> None:
    table.restart(Retention(keep_days=30, max_bytes=0))
    table.packed(P1, 1, code="A")
    table.spool.proof_receipted(P1, 1)
    table.spool.apply_retention(table.clock.now())
    assert photo_files(table.directory) == []
    table.packed(P2, 2, code="B")
    assert_in_order(table.directory)
