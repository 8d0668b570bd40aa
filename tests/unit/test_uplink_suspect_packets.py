"""Packets that break the line or are refused are set aside, and the rest goes on."""

import math
from dataclasses import replace

import pytest

from edge.uplink.reasons import Verdict, name, puback_verdict
from edge.uplink.work import (
    Outcome,
    PhotosMissing,
    SendManifest,
    SetAside,
    Slice,
)
from tests.support.transfer_steps import (
    PROOF,
    SLICE,
    closing,
    drain,
    held,
    owners,
    proof_answer,
    sha,
    slices_of,
    transfer,
)
from wire.messages import ProofResult


def test_a_suspect_travels_alone_smaller_and_is_set_aside_after_four_strikes() -> None:
    it = transfer(held(1, 2, size_bytes=10_000))
    outcomes: list[Outcome] = []
    sizes = []
    for _ in range(4):
        work = it.next(0.0)
        assert isinstance(work, Slice)
        sizes.append(work.end - work.start)
        alone = it.next(0.0) is None
        assert alone == (len(sizes) > 1)
        outcomes += it.disconnected(suspicious=True, now=0.0)
        it.connected(SLICE, [], 0.0)
    assert sizes == [4096, 2048, 1024, 1024]
    assert outcomes == [SetAside("photo", sha(1), "broke the connection 4 times")]
    assert {*owners(drain(it))} == {sha(2)}


def test_what_was_set_aside_for_breaking_the_line_is_tried_again_later() -> None:
    it = transfer(held(1))
    for _ in range(4):
        it.next(0.0)
        it.disconnected(suspicious=True, now=0.0)
    it.connected(SLICE, [], 0.0)
    assert drain(it, 599.0) == []
    assert it.next_time(20.0) == 600.0
    assert sum(end - start for start, end in slices_of(drain(it, 600.0))) == 6000


def test_an_end_with_an_innocent_reason_blames_nothing() -> None:
    it = transfer(held(1))
    for _ in range(10):
        it.next(0.0)
        assert it.disconnected(suspicious=False, now=0.0) == []
        it.connected(SLICE, [], 0.0)
    assert drain(it) != []


def test_a_refused_manifest_packet_is_set_aside_and_photos_go_on() -> None:
    it = transfer(held(1), closing())
    outcomes: list[Outcome] = []
    for _ in range(4):
        work = it.next(0.0)
        assert isinstance(work, SendManifest)
        outcomes += it.acknowledged(work, Verdict.BAD, 0.0)
    assert outcomes == [SetAside("proof", PROOF, "is refused by the broker 4 times")]
    assert {*owners(drain(it))} == {sha(1)}


def test_a_suspect_manifest_travels_alone() -> None:
    it = transfer(held(1), closing())
    it.next(0.0)
    it.disconnected(suspicious=True, now=0.0)
    it.connected(SLICE, [], 0.0)
    it.offer(held(1), [closing(), replace(closing(), proof_id="e" * 32)])
    suspect = it.next(0.0)
    assert isinstance(suspect, SendManifest)
    assert it.next(0.0) is None
    it.acknowledged(suspect, Verdict.TAKEN, 0.0)
    assert it.next(0.0) is not None
    assert it.next(0.0) is not None


def test_a_suspect_manifest_waits_until_nothing_else_is_under_way() -> None:
    it = transfer(held(1))
    first = it.next(0.0)
    assert first is not None
    it.offer(held(1), [closing()])
    assert isinstance(it.next(0.0), SendManifest)
    it.disconnected(suspicious=True, now=0.0)  # both are suspects now
    it.connected(SLICE, [], 0.0)
    it.offer(held(1), [replace(closing(), proof_id="e" * 32), closing()])
    assert it.next(0.0) == SendManifest("e" * 32, 1, b"raw")
    assert it.next(0.0) is None


def test_later_pauses_everything_ever_longer_and_blames_nothing() -> None:
    it = transfer(held(1))
    pauses = []
    now = 0.0
    for _ in range(4):
        work = it.next(now)
        assert work is not None
        it.acknowledged(work, Verdict.LATER, now)
        pauses.append(it.next_time(now) - now)
        now = it.next_time(now)
    assert pauses == [2.0, 4.0, 8.0, 8.0]
    assert it.set_aside == ()
    assert len(drain(it, now)) == 2


def test_a_packet_beyond_a_limit_is_left_alone_and_its_manifest_still_goes() -> None:
    it = transfer(held(1), closing(1))
    work = it.next(0.0)
    assert work is not None
    assert it.too_large(work, "too large") == [SetAside("photo", sha(1), "too large")]
    assert owners(drain(it)) == ["SendManifest"]
    assert it.next_time(1e9) == math.inf


def test_what_was_too_large_is_tried_again_on_the_next_connection() -> None:
    it = transfer([], closing())
    work = it.next(0.0)
    assert work is not None
    it.too_large(work, "too large")
    assert it.next(1e9) is None
    it.disconnected(suspicious=False, now=1e9)
    it.connected(SLICE, [], 1e9)
    assert it.set_aside == ()
    assert owners(drain(it, 1e9)) == ["SendManifest"]


def test_a_lost_photo_goes_no_further_and_its_manifest_asks_what_the_cloud_has() -> None:
    it = transfer(held(1, 2), closing(1, 2))
    work = it.next(0.0)
    assert isinstance(work, Slice)
    it.photo_lost(work, 0.0)
    it.offer(held(1, 2), [closing(1, 2)])  # the journal does not know it yet
    assert owners(drain(it)) == [sha(2), sha(2), "SendManifest"]
    answer = proof_answer(ProofResult.MISSING, missing=[sha(1)])
    assert it.answered(answer, 0.0) == [PhotosMissing(PROOF, 1, (sha(1),))]


def test_a_photo_that_cannot_be_read_now_holds_up_nothing_else() -> None:
    """One bad block of the card must not keep the other orders from their buyers."""
    it = transfer(held(1, 2), closing(1))
    work = it.next(0.0)
    assert isinstance(work, Slice)
    assert it.unreadable(work, "I/O error", 0.0) == [SetAside("photo", sha(1), "I/O error")]
    assert owners(drain(it)) == ["SendManifest", sha(2), sha(2)]
    it.answered(proof_answer(ProofResult.MISSING, missing=[sha(1)]), 0.0)
    assert sha(1) not in owners(drain(it, 59.0))
    assert slices_of(drain(it, 60.0)) == [(0, 4096), (4096, 6000)]


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0x00, Verdict.TAKEN),
        (0x10, Verdict.LATER),
        (0x80, Verdict.LATER),
        (0x87, Verdict.BAD),
        (0x90, Verdict.BAD),
        (0x95, Verdict.BAD),
        (0x97, Verdict.LATER),
        (0x99, Verdict.BAD),
    ],
)
def test_puback_codes_are_judged(code: int, verdict: Verdict) -> None:
    assert puback_verdict(code) is verdict


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0x8E, "session taken over by another connection with this device id (0x8E)"),
        (0x95, "packet too large (0x95)"),
        (0x97, "quota exceeded (0x97)"),
        (0x87, "not authorized (0x87)"),
        (0xFE, "unknown reason (0xFE)"),
    ],
)
def test_reason_codes_have_names(code: int, text: str) -> None:
    assert name(code) == text
