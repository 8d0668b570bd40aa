"""What the spool offers to the uplink, and what the cloud's answers change."""

from collections.abc import Iterator

import pytest

from edge.spool.errors import (
    PhotoDamaged,
    UnknownProof,
)
from tests.support.spool_packing import DAY_S, P1, P2, P3, Table, running_table
from tests.support.spool_table import (
    jpeg,
    photo_files,
    sha256,
)
from wire.messages import Closing, DispatchState, Manifest, Mode


@pytest.fixture
def table() -> Iterator[Table]:
    yield from running_table()


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


def test_a_proof_taken_back_after_its_end_is_followed_anew(table: Table) -> None:
    """Whether it was too late is known only after the cloud has heard of it."""
    table.packed(P1, 1)
    table.spool.proof_receipted(P1, 1)
    table.spool.note_progress(P1, DispatchState.SENT)
    table.spool.withdraw(P1, table.clock.now())
    assert table.spool.following() == [P1]


def test_a_damaged_photo_is_never_handed_out(table: Table) -> None:
    taken = _damaged(table)
    assert table.unsent_photos() == []
    assert table.spool.counts().lost_photos == 1
    assert table.waiting() == [(P1, 1)]  # perhaps the cloud has it: it will say so
    assert [path.suffix for path in photo_files(table.directory)] == [".damaged"]
    with pytest.raises(PhotoDamaged):
        table.spool.read_photo(taken)
    with pytest.raises(UnknownProof):
        table.spool.read_photo(sha256(b"never"))
    assert table.restart().counts().lost_photos == 1
    assert table.unsent_photos() == []


def test_a_photo_that_the_cloud_lost_after_its_receipt_is_offered_again(table: Table) -> None:
    first, second = table.packed(P1, 1, 2)
    table.spool.photo_receipted(first)
    before = table.wakes
    assert table.spool.photos_missing(P1, 1, [first], table.clock.now()) is None
    assert table.wakes == before + 1
    assert table.unsent_photos() == [first, second]
    table.restart()
    assert table.unsent_photos() == [first, second]
    assert table.waiting() == [(P1, 1)]


def test_a_proof_goes_on_without_the_photo_that_is_lost(table: Table) -> None:
    """Else it would wait for ever for what cannot come, and its buyer for the other photos."""
    lost = _damaged(table, 1, 2)
    closed = Manifest.from_bytes(table.spool.manifests_to_send(1)[0].raw)
    table.clock.advance(60)
    following = table.spool.photos_missing(P1, 1, [lost], table.clock.now())
    assert following is not None
    manifest = Manifest.from_bytes(following.raw)
    assert (manifest.revision, manifest.closing) == (2, Closing.SEND)
    assert [(photo.sha256, photo.warnings) for photo in manifest.photos] == [
        (sha256(jpeg(2)), ["another-photo-lost"])
    ]
    assert manifest.closed_at == closed.closed_at
    assert manifest.sequence > closed.sequence
    assert table.waiting() == [(P1, 2)]
    table.spool.proof_receipted(P1, 2)
    assert table.spool.following() == [P1]
    table.clock.advance(31 * DAY_S)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 1
    assert table.spool.list_proofs() == []


def test_a_proof_without_any_photo_left_is_not_sent(table: Table) -> None:
    lost = _damaged(table)
    following = table.spool.photos_missing(P1, 1, [lost], table.clock.now())
    assert following is not None
    manifest = Manifest.from_bytes(following.raw)
    assert (manifest.closing, manifest.photos) == (Closing.UNSENT, [])


@pytest.mark.parametrize("revision", [1, 2])
def test_only_the_newest_unanswered_manifest_is_written_anew(table: Table, revision: int) -> None:
    """Invariant 7: what the cloud took is followed by nothing but a withdrawal."""
    lost = _damaged(table)
    if revision == 1:
        table.spool.proof_receipted(P1, 1)
    assert table.spool.photos_missing(P1, revision, [lost], table.clock.now()) is None
    assert table.spool.list_proofs()[0].revision == 1


def test_a_photo_lost_while_its_proof_is_open_stays_in_its_manifest(table: Table) -> None:
    """The light counted it; a close that is refused for it would be tried again for ever."""
    table.open(P1)
    shown = [table.photo(P1, 1), table.photo(P1, 2)]
    table.spool.photo_lost(shown[0])
    stored = table.spool.close_proof(P1, Closing.SEND, table.clock.now(), photos=shown)
    assert [photo.sha256 for photo in Manifest.from_bytes(stored.raw).photos] == shown


def _damaged(table: Table, *numbers: int) -> str:
    """Pack, damage the first photo on the disk without changing its size, and notice it."""
    taken = table.packed(P1, *(numbers or (1,)))[0]
    path = photo_files(table.directory)[0]
    path.write_bytes(jpeg(1)[:-20] + b"\0" * 18 + b"\xff\xd9")
    with pytest.raises(PhotoDamaged):
        table.spool.read_photo(taken)
    table.spool.photo_lost(taken)
    return taken


def test_one_whole_file_is_enough_to_read_a_picture(table: Table) -> None:
    (taken,) = table.packed(P1, 1, code="A")
    table.packed(P2, 1, code="B")
    photo_files(table.directory)[0].unlink()
    assert table.spool.read_photo(taken) == jpeg(1)


def test_answers_about_what_is_long_gone_change_nothing(table: Table) -> None:
    table.spool.photo_receipted(sha256(b"never"))
    table.spool.photos_missing(P1, 7, [sha256(b"never")], table.clock.now())
    table.spool.photo_lost(sha256(b"never"))
    table.spool.proof_receipted(P1, 7)
    table.spool.proof_refused(P1, 7, "conflict")
    table.spool.note_progress(P1, DispatchState.SENT)
    assert table.spool.kept_photos() == 0


def test_counts_and_list_say_what_is_there(table: Table) -> None:
    opened = table.clock.now()
    table.packed(P1, 1, 2, code="A")
    table.clock.advance(60)
    table.open(P2, "B")
    table.photo(P2, 3)
    counts = table.spool.counts()
    assert (counts.waiting_proofs, counts.waiting_photos) == (1, 3)
    assert table.spool.kept_photos() == 3
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


def test_a_cloud_that_was_put_back_is_offered_what_is_whole_here_once(table: Table) -> None:
    (kept,) = table.packed(P1, 1)
    table.packed(P2, 2, code="B")
    (damaged,) = table.packed(P3, 3, code="C")
    for one in (P1, P2, P3):
        table.spool.proof_receipted(one, 1)
    table.spool.photo_lost(damaged)
    assert table.waiting() == []
    before = table.wakes
    table.spool.offer_again("first")
    assert table.wakes == before + 1
    assert table.waiting() == [(P1, 1), (P2, 1)]
    # The photos go only if the cloud says that it lacks them.
    assert table.unsent_photos() == []
    table.spool.photos_missing(P1, 1, [kept], table.clock.now())
    assert table.unsent_photos() == [kept]
    table.spool.proof_receipted(P1, 1)
    table.spool.proof_receipted(P2, 1)
    table.restart()
    table.spool.offer_again("first")
    assert table.waiting() == []
    table.spool.offer_again("second")
    assert table.waiting() == [(P1, 1), (P2, 1)]


def test_what_is_offered_again_is_kept_until_its_new_receipt(table: Table) -> None:
    table.packed(P1, 1)
    table.spool.proof_receipted(P1, 1)
    table.spool.offer_again("first")
    table.clock.advance(400 * DAY_S)
    assert table.spool.apply_retention(table.clock.now()).freed_photos == 0
