"""What the spool does for packer, uplink and retention when nothing fails."""

import errno
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge.events import DiskLevel
from edge.spool.disk import DiskUse
from edge.spool.errors import (
    BadJpeg,
    BadProof,
    NoSpace,
    PhotoDamaged,
    SamePictureAgain,
    UnknownProof,
    WrongState,
)
from edge.spool.retention import Retention
from edge.spool.store import Spool
from tests.support.spool_faults import FaultyFiles
from tests.support.spool_table import (
    TableClock,
    assert_in_order,
    jpeg,
    open_spool,
    photo_files,
    proof_id,
    quick_folder,
    sha256,
)
from wire.messages import Closing, DispatchState, Manifest, Mode

P1, P2, P3 = proof_id(1), proof_id(2), proof_id(3)
DAY_S = 24 * 3600.0


class Table:
    """One table's spool with short words for its steps."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = TableClock()
        self.files = FaultyFiles()
        self.spool = self.start()
        self.wakes = 0
        self.spool.subscribe(self._count)

    def _count(self) -> None:
        self.wakes += 1

    def start(self, retention: Retention | None = None, reserve_bytes: int = 0) -> Spool:
        self.spool = open_spool(
            self.directory,
            self.clock,
            files=self.files,
            retention=retention,
            reserve_bytes=reserve_bytes,
        )
        return self.spool

    def restart(self, retention: Retention | None = None, reserve_bytes: int = 0) -> Spool:
        self.spool.close()
        return self.start(retention, reserve_bytes)

    def open(self, proof: str, code: str = "CODE", mode: Mode = Mode.PACKING) -> None:
        self.spool.open_proof(proof, code, mode, self.clock.now())

    def photo(self, proof: str, number: int) -> str:
        now = self.clock.now()
        return self.spool.save_photo(proof, number, jpeg(number), now, "sim").sha256

    def close(self, proof: str, closing: Closing = Closing.SEND) -> Manifest:
        return Manifest.from_bytes(self.spool.close_proof(proof, closing, self.clock.now()).raw)

    def packed(self, proof: str, *numbers: int, code: str = "CODE") -> list[str]:
        self.open(proof, code)
        hashes = [self.photo(proof, number) for number in numbers]
        self.close(proof)
        return hashes

    def waiting(self) -> list[tuple[str, int]]:
        return [(m.proof_id, m.revision) for m in self.spool.manifests_to_send(99)]

    def unsent_photos(self) -> list[str]:
        return [photo.sha256 for photo in self.spool.photos_to_send(99)]


@pytest.fixture
def table() -> Iterator[Table]:
    with quick_folder() as folder:
        table = Table(folder / "new" / "spool")
        yield table
        table.spool.close()


# --- packing ------------------------------------------------------------------------------------


def test_a_proof_is_kept_as_it_was_taken(table: Table) -> None:
    """S0-34: the photos lie on the table's disk, under the order's code."""
    table.spool.open_proof(P1, "240302AB", Mode.PACKING, table.clock.now(), packer="Mei")
    table.clock.advance(2)
    stored = table.spool.save_photo(P1, 1, jpeg(1), table.clock.now(), "webcam", warnings=("dark",))
    table.clock.advance(3)
    manifest = table.close(P1)
    assert stored.path.read_bytes() == jpeg(1)
    assert stored.path.name.startswith("240302AB_0930")
    (photo,) = manifest.photos
    assert (photo.sha256, photo.size_bytes, photo.source) == (sha256(jpeg(1)), 500, "webcam")
    assert photo.warnings == ["dark"]
    assert (manifest.code, manifest.packer, manifest.revision) == ("240302AB", "Mei", 1)
    assert manifest.closed_at - manifest.opened_at == timedelta(seconds=5)
    assert manifest.closed_at - photo.taken_at == timedelta(seconds=3)


def test_photos_travel_before_the_proof_is_closed(table: Table) -> None:
    table.open(P1)
    first, second = table.photo(P1, 1), table.photo(P1, 2)
    assert table.unsent_photos() == [first, second]
    assert table.waiting() == []
    assert table.wakes == 2


def test_manifests_come_in_the_order_of_closing(table: Table) -> None:
    """Invariant 10: the wall clock orders nothing."""
    table.packed(P2, 1)
    table.clock.jumped = timedelta(days=-400)
    table.packed(P1, 2)
    assert table.waiting() == [(P2, 1), (P1, 1)]
    first, second = table.spool.manifests_to_send(9)
    before, after = Manifest.from_bytes(first.raw), Manifest.from_bytes(second.raw)
    assert before.sequence < after.sequence
    assert before.closed_at > after.closed_at


def test_a_proof_takes_three_photos(table: Table) -> None:
    table.open(P1)
    for number in (1, 2, 3):
        table.photo(P1, number)
    with pytest.raises(WrongState):
        table.photo(P1, 4)


@pytest.mark.parametrize("data", [b"", jpeg(1)[:-2], jpeg(1)[1:], b"GIF89a"])
def test_a_picture_cut_short_is_refused(table: Table, data: bytes) -> None:
    table.open(P1)
    with pytest.raises(BadJpeg):
        table.spool.save_photo(P1, 1, data, table.clock.now(), "sim")
    assert photo_files(table.directory) == []


def test_the_same_bytes_twice_are_no_second_photo(table: Table) -> None:
    table.open(P1)
    taken = table.photo(P1, 1)
    with pytest.raises(SamePictureAgain):
        table.photo(P1, 1)
    table.spool.drop_photo(P1, taken)
    assert table.photo(P1, 1) == taken
    assert len(table.close(P1).photos) == 1


def test_two_orders_may_have_the_same_picture(table: Table) -> None:
    """Each keeps a file of its own; the bytes travel once."""
    (taken,) = table.packed(P1, 1, code="A")
    table.packed(P2, 1, code="B")
    assert len(photo_files(table.directory)) == 2
    assert table.unsent_photos() == [taken]
    table.spool.photo_receipted(taken)
    assert table.unsent_photos() == []


def test_an_undone_photo_is_neither_sent_nor_removed(table: Table) -> None:
    table.open(P1)
    first, second = table.photo(P1, 1), table.photo(P1, 2)
    table.spool.drop_photo(P1, second)
    assert table.unsent_photos() == [first]
    assert [photo.sha256 for photo in table.close(P1).photos] == [first]
    assert len(photo_files(table.directory)) == 2
    table.open(P2)
    with pytest.raises(UnknownProof):
        table.spool.drop_photo(P2, first)
    with pytest.raises(WrongState):
        table.spool.drop_photo(P1, first)


def test_closing_can_name_exactly_what_the_packer_saw(table: Table) -> None:
    """A photo that came after its deadline is undone."""
    table.open(P1)
    seen, late = table.photo(P1, 1), table.photo(P1, 2)
    with pytest.raises(UnknownProof):
        table.spool.close_proof(P1, Closing.SEND, table.clock.now(), photos=[sha256(b"no")])
    stored = table.spool.close_proof(P1, Closing.SEND, table.clock.now(), photos=[seen])
    assert [photo.sha256 for photo in Manifest.from_bytes(stored.raw).photos] == [seen]
    assert late not in table.unsent_photos()


def test_a_new_order_replaces_one_without_photos(table: Table) -> None:
    table.open(P1, "OLD")
    table.spool.change_code(P1, "NEW")
    with pytest.raises(BadProof):
        table.spool.change_code(P1, "")
    table.photo(P1, 1)
    with pytest.raises(WrongState):
        table.spool.change_code(P1, "OTHER")
    assert table.close(P1).code == "NEW"


def test_an_id_is_used_once_and_unknown_ids_are_named(table: Table) -> None:
    table.open(P1)
    with pytest.raises(BadProof, match=P1):
        table.open(P1)
    with pytest.raises(UnknownProof, match=P2):
        table.photo(P2, 1)
    with pytest.raises(UnknownProof, match=P2):
        table.close(P2)


def test_a_closed_proof_takes_nothing_more(table: Table) -> None:
    table.packed(P1, 1)
    with pytest.raises(WrongState):
        table.photo(P1, 2)
    with pytest.raises(WrongState):
        table.close(P1, Closing.CANCELLED)


# --- manifests (invariant 7) --------------------------------------------------------------------


def test_closing_again_gives_the_same_bytes(table: Table) -> None:
    table.open(P1)
    table.photo(P1, 1)
    first = table.spool.close_proof(P1, Closing.SEND, table.clock.now())
    table.clock.advance(5)
    assert table.spool.close_proof(P1, Closing.SEND, table.clock.now()) == first
    (waiting,) = table.restart().manifests_to_send(9)
    assert (waiting.raw, waiting.digest) == (first.raw, sha256(first.raw))


def test_a_higher_revision_supersedes_an_unsent_one(table: Table) -> None:
    table.open(P1)
    first = table.photo(P1, 1)
    table.close(P1, Closing.UNSENT)
    reopened = table.spool.reopen("CODE", table.clock.now())
    assert reopened is not None
    assert [photo.sha256 for photo in reopened.photos] == [first]
    assert table.waiting() == []  # it is being packed again
    second = table.photo(P1, 2)
    manifest = table.close(P1)
    assert (manifest.revision, manifest.closing) == (2, Closing.SEND)
    assert [photo.sha256 for photo in manifest.photos] == [first, second]
    assert table.waiting() == [(P1, 2)]


def test_after_send_only_withdrawn_can_follow(table: Table) -> None:
    table.packed(P1, 1)
    assert table.spool.reopen("CODE", table.clock.now()) is None
    for closing in set(Closing) - {Closing.SEND}:
        with pytest.raises(WrongState):
            table.close(P1, closing)
    withdrawn = table.spool.withdraw(P1, table.clock.now())
    assert (withdrawn.revision, withdrawn.closing) == (2, Closing.WITHDRAWN)
    assert table.spool.withdraw(P1, table.clock.now()) == withdrawn
    assert table.waiting() == [(P1, 2)]
    with pytest.raises(WrongState):
        table.close(P1)


@pytest.mark.parametrize("closing", [None, Closing.UNSENT, Closing.CANCELLED])
def test_only_a_sent_proof_is_withdrawn(table: Table, closing: Closing | None) -> None:
    table.open(P1)
    table.photo(P1, 1)
    if closing:
        table.close(P1, closing)
    with pytest.raises(WrongState):
        table.spool.withdraw(P1, table.clock.now())


def test_the_youngest_unsent_proof_of_a_code_comes_back(table: Table) -> None:
    for proof, number in ((P1, 1), (P2, 2)):
        table.open(proof)
        table.photo(proof, number)
        table.close(proof, Closing.UNSENT)
    reopened = table.spool.reopen("CODE", table.clock.now())
    assert reopened is not None
    assert reopened.proof_id == P2
    assert table.spool.reopen("OTHER", table.clock.now()) is None


def test_what_was_sent_since_is_not_brought_back(table: Table) -> None:
    table.open(P1)
    table.photo(P1, 1)
    table.close(P1, Closing.UNSENT)
    table.packed(P2, 2)
    assert table.spool.reopen("CODE", table.clock.now()) is None


def test_a_cancelled_proof_does_not_hide_an_unsent_one(table: Table) -> None:
    table.open(P1)
    table.photo(P1, 1)
    table.close(P1, Closing.UNSENT)
    table.open(P2)
    table.close(P2, Closing.CANCELLED)
    reopened = table.spool.reopen("CODE", table.clock.now())
    assert reopened is not None
    assert reopened.proof_id == P1


def test_training_photos_do_not_come_back_as_a_packing_proof(table: Table) -> None:
    table.open(P1, mode=Mode.TRAINING)
    table.photo(P1, 1)
    table.close(P1, Closing.UNSENT)
    assert table.spool.reopen("CODE", table.clock.now()) is None
    assert table.spool.reopen("CODE", table.clock.now(), Mode.TRAINING) is not None


# --- uplink -------------------------------------------------------------------------------------


def test_a_held_manifest_waits_and_a_restart_lets_it_go(table: Table) -> None:
    table.spool.hold(P1)
    table.packed(P1, 1)
    table.packed(P2, 2, code="B")
    assert [m.proof_id for m in table.spool.manifests_to_send(1)] == [P2]
    assert table.spool.counts().waiting_proofs == 2
    before = table.wakes
    table.spool.release(P1)
    assert table.wakes == before + 1
    assert table.waiting() == [(P1, 1), (P2, 1)]
    table.spool.hold(P1)
    table.restart()
    assert table.waiting() == [(P1, 1), (P2, 1)]


def test_withdrawing_ends_a_hold(table: Table) -> None:
    table.spool.hold(P1)
    table.packed(P1, 1)
    table.spool.withdraw(P1, table.clock.now())
    assert table.waiting() == [(P1, 2)]


def test_receipts_end_the_sending(table: Table) -> None:
    first, second = table.packed(P1, 1, 2)
    table.spool.photo_receipted(first)
    assert table.unsent_photos() == [second]
    assert table.waiting() == [(P1, 1)]
    table.spool.photos_wanted([first])
    assert table.unsent_photos() == [first, second]
    table.spool.proof_receipted(P1, 1)
    assert table.waiting() == []
    assert table.unsent_photos() == []
    assert table.restart().counts().waiting_proofs == 0


def test_the_receipt_of_an_older_revision_is_not_that_of_the_newest(table: Table) -> None:
    table.packed(P1, 1)
    table.spool.withdraw(P1, table.clock.now())
    table.spool.proof_receipted(P1, 1)
    assert table.waiting() == [(P1, 2)]


def test_a_refused_proof_is_not_sent_again_and_stays(table: Table) -> None:
    table.packed(P1, 1)
    table.spool.proof_refused(P1, 1, "conflict")
    assert table.waiting() == []
    (summary,) = table.spool.list_proofs()
    assert summary.refused == "conflict"
    assert table.spool.counts().refused_proofs == 1
    table.clock.advance(400 * DAY_S)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 0


def test_proofs_are_followed_until_their_end_is_known(table: Table) -> None:
    table.packed(P1, 1, code="A")
    table.packed(P2, 2, code="B")
    table.open(P3, "C", Mode.TRAINING)
    table.photo(P3, 3)
    table.close(P3)
    assert table.spool.following() == []
    for proof in (P1, P2, P3):
        table.spool.proof_receipted(proof, 1)
    assert table.spool.following() == [P1, P2]
    table.spool.note_progress(P1, DispatchState.SENDING)
    table.spool.note_progress(P2, DispatchState.SENT, "in the chat")
    assert table.spool.following() == [P1]
    assert table.restart().following() == [P1]


def test_a_withdrawn_proof_is_followed_if_the_cloud_had_it(table: Table) -> None:
    table.packed(P1, 1)
    table.packed(P2, 2, code="B")
    table.spool.proof_receipted(P1, 1)
    for proof in (P1, P2):
        table.spool.withdraw(proof, table.clock.now())
        table.spool.proof_receipted(proof, 2)
    assert table.spool.following() == [P1]


def test_a_damaged_photo_is_never_handed_out(table: Table) -> None:
    (taken,) = table.packed(P1, 1)
    (path,) = photo_files(table.directory)
    path.write_bytes(jpeg(1)[:-20] + b"\0" * 18 + b"\xff\xd9")
    with pytest.raises(PhotoDamaged):
        table.spool.read_photo(taken)
    table.spool.photo_lost(taken)
    assert table.unsent_photos() == []
    assert table.spool.counts().lost_photos == 1
    assert table.waiting() == [(P1, 1)]  # a person at the cloud sees what is missing
    path.unlink()
    with pytest.raises(PhotoDamaged):
        table.spool.read_photo(taken)
    with pytest.raises(UnknownProof):
        table.spool.read_photo(sha256(b"never"))


def test_one_whole_file_is_enough_to_read_a_picture(table: Table) -> None:
    (taken,) = table.packed(P1, 1, code="A")
    table.packed(P2, 1, code="B")
    photo_files(table.directory)[0].unlink()
    assert table.spool.read_photo(taken) == jpeg(1)


def test_answers_about_what_is_long_gone_change_nothing(table: Table) -> None:
    table.spool.photo_receipted(sha256(b"never"))
    table.spool.photos_wanted([sha256(b"never")])
    table.spool.proof_receipted(P1, 7)
    table.spool.proof_refused(P1, 7, "conflict")
    table.spool.note_progress(P1, DispatchState.SENT)
    assert table.spool.counts().photos == 0


def test_counts_and_list_say_what_is_there(table: Table) -> None:
    opened = table.clock.now()
    table.packed(P1, 1, 2, code="A")
    table.clock.advance(60)
    table.open(P2, "B")
    table.photo(P2, 3)
    counts = table.spool.counts()
    assert (counts.waiting_proofs, counts.waiting_photos) == (1, 3)
    assert (counts.photos, counts.bytes) == (3, 1500)
    assert counts.oldest_waiting is not None
    assert counts.oldest_waiting.wall == opened.wall
    newest, oldest = table.spool.list_proofs()
    assert (newest.code, newest.closing, newest.revision) == ("B", None, 0)
    assert (oldest.code, oldest.closing, oldest.revision) == ("A", Closing.SEND, 1)
    assert [summary.code for summary in table.spool.list_proofs(code="A")] == ["A"]
    assert all(path.is_file() for path in (*newest.photos, *oldest.photos))


def test_already_sent_knows_what_was_sent_and_not_taken_back(table: Table) -> None:
    table.packed(P1, 1, code="A")
    table.open(P2, "B")
    table.photo(P2, 2)
    table.close(P2, Closing.UNSENT)
    table.open(P3, "C", Mode.TRAINING)
    table.photo(P3, 3)
    table.close(P3)
    assert [table.spool.already_sent(code) for code in "ABC"] == [True, False, False]
    table.spool.withdraw(P1, table.clock.now())
    assert not table.spool.already_sent("A")


# --- room ---------------------------------------------------------------------------------------


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
    table.packed(P1, 1)
    table.spool.proof_receipted(P1, 1)
    table.clock.advance(31 * DAY_S)
    table.files.break_at(0, errno.EIO)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 1
    assert table.files.calls[0] == "unlink"
    assert len(photo_files(table.directory)) == 1
    assert [summary.photos for summary in table.spool.list_proofs()] == [()]
    table.files.mend()
    table.spool.apply_retention(table.clock.now())
    assert photo_files(table.directory) == []
    assert table.spool.list_proofs() == []
    assert table.restart().recovery.found == ()


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


def test_retention_rests_while_the_clock_cannot_be_believed(table: Table) -> None:
    """Invariant 3."""
    table.packed(P1, 1)
    table.spool.proof_receipted(P1, 1)
    assert table.spool.apply_retention(table.clock.now()).refused == ""
    table.clock.synced = False
    table.clock.advance(31 * DAY_S)
    assert "synchronised" in table.spool.apply_retention(table.clock.now()).refused
    table.clock.synced = True
    table.clock.jumped = timedelta(days=365)
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
