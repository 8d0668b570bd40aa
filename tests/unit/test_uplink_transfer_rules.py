"""What is published next, by the rules alone: no thread, no clock, no broker."""

from dataclasses import replace

import pytest

from edge.uplink.reasons import Verdict
from edge.uplink.work import (
    PhotoReceipted,
    PhotosMissing,
    Probe,
    ProofReceipted,
    ProofRefused,
    SendManifest,
    SetAside,
    Slice,
)
from tests.support.transfer_steps import (
    LIMITS,
    PROOF,
    SLICE,
    closing,
    drain,
    held,
    owners,
    photo_answer,
    proof_answer,
    sha,
    slices_of,
    transfer,
)
from wire.messages import Answer, PhotoResult, ProofResult

# --- order and windows --------------------------------------------------------------------------


def test_photos_go_oldest_first_in_whole_slices() -> None:
    assert drain(transfer(held(1, 2))) == [
        Slice(sha(1), 0, 4096, 6000),
        Slice(sha(1), 4096, 6000, 6000),
        Slice(sha(2), 0, 4096, 6000),
        Slice(sha(2), 4096, 6000, 6000),
    ]


def test_a_manifest_waits_for_its_photos_to_be_published_not_receipted() -> None:
    it = transfer(held(1, 2, 3), closing(1, 2))
    assert owners(drain(it)) == [sha(1), sha(1), sha(2), sha(2), "SendManifest", sha(3), sha(3)]


def test_a_manifest_waits_for_the_puback_of_the_last_slice() -> None:
    it = transfer(held(1, size_bytes=100), closing(1))
    first = it.next(0.0)
    assert isinstance(first, Slice)
    assert it.next(0.0) is None
    it.acknowledged(first, Verdict.TAKEN, 0.0)
    assert isinstance(it.next(0.0), SendManifest)


def test_a_manifest_whose_photos_are_receipted_goes_at_once() -> None:
    assert owners(drain(transfer([], closing(1)))) == ["SendManifest"]


def test_four_photos_are_published_and_the_fifth_waits_for_a_receipt() -> None:
    it = transfer(held(1, 2, 3, 4, 5))
    assert {*owners(drain(it))} == {sha(n) for n in (1, 2, 3, 4)}
    it.answered(photo_answer(2, PhotoResult.RECEIPTED), 1.0)
    assert {*owners(drain(it, 1.0))} == {sha(5)}


def test_a_photo_offered_again_is_not_sent_again() -> None:
    it = transfer(held(1))
    drain(it)
    it.offer(held(1, 2), [])
    assert {*owners(drain(it))} == {sha(2)}


def test_a_receipted_photo_that_the_spool_still_lists_is_not_sent_again() -> None:
    it = transfer(held(1))
    drain(it)
    assert it.answered(photo_answer(1, PhotoResult.RECEIPTED), 1.0) == [PhotoReceipted(sha(1))]
    it.offer(held(1), [])
    assert drain(it, 100.0) == []


def test_what_the_spool_lists_no_more_is_not_sent() -> None:
    it = transfer(held(1, 2), closing(2))
    it.offer(held(2), [])
    assert {*owners(drain(it))} == {sha(2)}


# --- the connection -----------------------------------------------------------------------------


def test_nothing_goes_before_the_inventory_is_answered() -> None:
    it = transfer(held(1))
    it.connected(SLICE, ["a", "b"], 0.0)
    it.answered(Answer(correlation="a"), 1.0)
    assert it.next(1.0) is None
    it.answered(Answer(correlation="b"), 1.0)
    assert it.next(1.0) is not None


def test_an_inventory_that_goes_out_once_more_is_waited_for_once_more() -> None:
    """Its answer would not know what was published after it."""
    it = transfer(held(1))
    it.connected(SLICE, ["a"], 0.0)
    assert it.next(10.0) is not None
    it.asked_again(11.0)
    assert it.next(20.9) is None
    it.answered(Answer(correlation="a"), 20.9)
    assert it.next(20.9) is not None


def test_an_inventory_without_answer_holds_up_only_for_a_time() -> None:
    it = transfer(held(1))
    it.connected(SLICE, ["a"], 0.0)
    assert it.next(9.9) is None
    assert it.next_time(0.0) == 10.0
    assert it.next(10.0) is not None


def test_a_broken_transfer_goes_on_at_the_ranges_that_the_cloud_names() -> None:
    it = transfer(held(1, size_bytes=20_000))
    it.next(0.0)
    it.disconnected(suspicious=False, now=0.0)
    it.connected(SLICE, ["a"], 1.0)
    missing = [(4096, 8192), (19_000, 20_000)]
    answer = photo_answer(1, PhotoResult.PARTIAL, missing=missing)
    it.answered(answer.model_copy(update={"correlation": "a"}), 1.0)
    assert slices_of(drain(it, 1.0)) == missing


def test_without_an_answer_only_what_was_not_taken_goes_again() -> None:
    it = transfer(held(1, size_bytes=12_000))
    first, second = it.next(0.0), it.next(0.0)
    assert first is not None
    assert second is not None
    it.acknowledged(first, Verdict.TAKEN, 0.0)
    it.disconnected(suspicious=False, now=0.0)
    it.connected(SLICE, [], 1.0)
    assert slices_of(drain(it, 1.0)) == [(4096, 8192), (8192, 12_000)]


@pytest.mark.parametrize("missing", [[], [(0, 0)], [(-5, 100)], [(0, 99_999)], [(3, 2)]])
def test_ranges_that_make_no_sense_mean_the_whole_photo(missing: list[tuple[int, int]]) -> None:
    it = transfer(held(1))
    drain(it)
    it.answered(photo_answer(1, PhotoResult.PARTIAL, missing=missing), 1.0)
    assert slices_of(drain(it, 1.0)) == [(0, 4096), (4096, 6000)]


def test_an_answer_about_what_has_gone_on_since_changes_nothing() -> None:
    it = transfer(held(1))
    it.next(0.0)
    it.answered(photo_answer(1, PhotoResult.PARTIAL, missing=[(0, 6000)]), 0.0)
    work = it.next(0.0)
    assert isinstance(work, Slice)
    assert work.start == 4096


def test_a_receipt_while_a_repetition_is_under_way_ends_it() -> None:
    it = transfer(held(1))
    work = it.next(0.0)
    assert work is not None
    it.answered(photo_answer(1, PhotoResult.RECEIPTED), 0.0)
    it.acknowledged(work, Verdict.TAKEN, 0.0)
    assert drain(it, 1000.0) == []


# --- no answer ----------------------------------------------------------------------------------


def test_a_photo_without_answer_is_asked_about_not_repeated() -> None:
    it = transfer(held(1, 2))
    drain(it)
    assert it.next(9.9) is None
    assert it.next_time(1.0) == 10.0
    asked = it.next(10.0)
    assert isinstance(asked, Probe)
    assert [photo.sha256 for photo in asked.photos] == [sha(1), sha(2)]


def test_probes_come_one_at_a_time_and_ever_more_rarely() -> None:
    it = transfer(held(1))
    drain(it)
    times = []
    now = 0.0
    while now < 100.0:
        if any(isinstance(work, Probe) for work in drain(it, now)):
            times.append(now)
        now += 1.0
    assert times == [10.0, 24.0, 42.0, 68.0, 94.0]  # 10 s and 4, 8, 16, 16 s


def test_a_manifest_without_answer_is_repeated_ever_more_rarely() -> None:
    it = transfer([], closing())
    times = [float(now) for now in range(100) if drain(it, float(now))]
    assert times == [0.0, 14.0, 32.0, 58.0, 84.0]


def test_a_photo_that_makes_no_progress_waits_longer_each_round() -> None:
    it = transfer(held(1))
    everything = photo_answer(1, PhotoResult.PARTIAL, missing=[(0, 6000)])
    drain(it)
    it.answered(everything, 0.0)
    assert drain(it, 0.0) != []
    it.answered(everything, 0.0)
    assert drain(it, 3.9) == []
    assert drain(it, 4.0) != []


# --- answers ------------------------------------------------------------------------------------


def test_a_receipted_manifest_is_done() -> None:
    it = transfer([], closing())
    drain(it)
    answer = proof_answer(ProofResult.RECEIPTED)
    assert it.answered(answer, 1.0) == [ProofReceipted(PROOF, 1)]
    it.offer([], [closing()])
    assert drain(it, 1000.0) == []


def test_a_higher_revision_is_another_manifest() -> None:
    it = transfer([], closing())
    drain(it)
    it.answered(proof_answer(ProofResult.RECEIPTED), 1.0)
    it.offer([], [closing(revision=2)])
    assert drain(it, 1.0) == [SendManifest(PROOF, 2, b"raw")]


@pytest.mark.parametrize("revision", [1, 0])
@pytest.mark.parametrize("result", [ProofResult.CONFLICT, ProofResult.REFUSED])
def test_a_refused_manifest_is_reported_once(result: ProofResult, revision: int) -> None:
    """Revision 0 is what the cloud says of a manifest that it cannot read."""
    it = transfer([], closing())
    drain(it)
    answer = proof_answer(result, revision, reason="why")
    assert it.answered(answer, 1.0) == [ProofRefused(PROOF, 1, f"{result}: why")]
    assert it.answered(answer, 1.0) == []
    assert drain(it, 1000.0) == []


def test_missing_photos_that_wait_for_their_answer_are_asked_about_first() -> None:
    it = transfer(held(1), closing(1))
    drain(it)
    assert it.answered(proof_answer(ProofResult.MISSING, missing=[sha(1)]), 1.0) == []
    assert owners(drain(it, 1.0)) == ["Probe"]


def test_a_missing_photo_that_is_not_held_is_wanted_and_sent_before_the_manifest() -> None:
    it = transfer([], closing(1))
    drain(it)
    missing = proof_answer(ProofResult.MISSING, missing=[sha(1)])
    assert it.answered(missing, 1.0) == [PhotosMissing(PROOF, 1, (sha(1),))]
    it.offer(held(1), [closing(1)])
    assert owners(drain(it, 2.0)) == [sha(1), sha(1)]
    it.answered(photo_answer(1, PhotoResult.RECEIPTED), 3.0)
    assert owners(drain(it, 3.0)) == ["SendManifest"]


def test_a_photo_missed_right_after_its_receipt_is_sent_again() -> None:
    """The receipt may not be in the journal yet, and the photo still be listed because of that."""
    it = transfer(held(1), closing(1))
    drain(it)
    it.answered(photo_answer(1, PhotoResult.RECEIPTED), 1.0)
    it.answered(proof_answer(ProofResult.MISSING, missing=[sha(1)]), 1.0)
    it.offer(held(1), [closing(1)])
    assert owners(drain(it, 1.0)) == [sha(1), sha(1)]


def test_manifests_that_wait_for_photos_take_no_place_from_others() -> None:
    stuck = [replace(closing(9), proof_id=f"{number:032x}") for number in range(4)]
    it = transfer([], *stuck)
    assert len(drain(it)) == 4
    later = replace(closing(8), proof_id="e" * 32)
    it.offer([], [*stuck, later])
    assert drain(it) == []
    for one in stuck:
        answer = proof_answer(ProofResult.MISSING, proof_id=one.proof_id, missing=[sha(9)])
        it.answered(answer, 0.0)
    assert drain(it) == [SendManifest("e" * 32, 1, b"raw")]


def test_a_photo_receipt_does_not_repeat_a_manifest_that_waits_for_its_own() -> None:
    it = transfer(held(1), closing(1))
    drain(it)
    it.answered(photo_answer(1, PhotoResult.RECEIPTED), 1.0)
    assert drain(it, 1.0) == []


def test_an_unknown_manifest_goes_at_once() -> None:
    it = transfer([], closing())
    drain(it)
    it.answered(proof_answer(ProofResult.UNKNOWN), 1.0)
    assert owners(drain(it, 1.0)) == ["SendManifest"]


def test_a_wrong_hash_is_sent_again_and_then_set_aside() -> None:
    it = transfer(held(1), limits=replace(LIMITS, wrong_hash_tries=2))
    wrong = photo_answer(1, PhotoResult.WRONG_HASH)
    drain(it)
    assert it.answered(wrong, 0.0) == []
    assert len(drain(it)) == 2
    assert [type(outcome) for outcome in it.answered(wrong, 0.0)] == [SetAside]
    assert drain(it, 10_000.0) == []


def test_a_refused_photo_stops_at_once_and_gives_its_place_back() -> None:
    it = transfer(held(1, 2, 3, 4, 5))
    first = it.next(0.0)
    assert first is not None
    reason = "a photo may have 1 to 5000 bytes"
    outcomes = it.answered(photo_answer(1, PhotoResult.REFUSED, reason=reason), 0.0)
    assert outcomes == [SetAside("photo", sha(1), f"refused by the cloud: {reason}")]
    it.acknowledged(first, Verdict.TAKEN, 0.0)
    assert {*owners(drain(it))} == {sha(n) for n in (2, 3, 4, 5)}
    assert it.set_aside == tuple(outcomes)
