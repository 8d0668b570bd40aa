"""Disk levels, whole JPEGs, corrected times, and which manifest may follow which."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from edge.clock import Moment
from edge.events import DiskLevel
from edge.spool.disk import DiskUse, level_of, missing_bytes
from edge.spool.errors import BadProof, WrongState
from edge.spool.jpeg import is_complete
from edge.spool.manifests import (
    build,
    corrected,
    require_closable,
    require_describable,
    require_room,
    withdrawal,
)
from edge.spool.records import PhotoRow, ProofRow
from wire.messages import Closing, Manifest, Mode

AT = Moment(datetime(2026, 3, 1, 9, tzinfo=UTC), 5_000_000_000, "b1", synced=True)
PROOF = ProofRow(1, "a" * 32, "CODE", Mode.PACKING, "Mei", is_open=True, opened=AT)
PHOTO = PhotoRow(2, "a" * 32, "b" * 64, 10, "photos/x.jpg", "sim", ("dark",), AT)


@pytest.mark.parametrize(
    ("free", "level"),
    [
        (1000, DiskLevel.FINE),
        (201, DiskLevel.FINE),
        (200, DiskLevel.WARN),
        (51, DiskLevel.WARN),
        (50, DiskLevel.RESERVE),
        (0, DiskLevel.RESERVE),
    ],
)
def test_levels_of_a_disk_of_1000_bytes_with_a_reserve_of_50(free: int, level: DiskLevel) -> None:
    use = DiskUse(total_bytes=1000, free_bytes=free)
    assert level_of(use, reserve_bytes=50) is level
    assert (missing_bytes(use, reserve_bytes=50) > 0) == (level is DiskLevel.RESERVE)


def test_a_disk_without_size_counts_as_full() -> None:
    assert DiskUse(0, 0).used_percent == 100.0


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"\xff\xd8\xff\xe0 picture \xff\xd9", True),
        (b"\xff\xd8\xff\xe0 pictu", False),
        (b"picture \xff\xd9", False),
        (b"\xff\xd8\xff\xd9", False),
        (b"", False),
    ],
)
def test_a_whole_jpeg_has_both_ends(data: bytes, whole: bool) -> None:
    assert is_complete(data) == whole


MONTHS_OFF = Moment(datetime(2025, 11, 1, tzinfo=UTC), 2_000_000_000, "b1", synced=False)


def test_a_time_before_the_synchronisation_is_corrected_within_its_boot() -> None:
    assert corrected(MONTHS_OFF, AT).wall == AT.wall - timedelta(seconds=3)
    assert corrected(MONTHS_OFF, AT).synced


@pytest.mark.parametrize("reference", [replace(AT, boot_id="b2"), replace(AT, synced=False)])
def test_without_a_reference_a_time_stays_what_it_was(reference: Moment) -> None:
    assert corrected(MONTHS_OFF, reference) == MONTHS_OFF


def test_a_manifest_says_corrected_times_and_marks_the_others() -> None:
    early = replace(PHOTO, taken=MONTHS_OFF)
    strange = replace(PHOTO, sha256="c" * 64, taken=replace(MONTHS_OFF, boot_id="b0"))
    stored = build(PROOF, [early, strange], closing=Closing.SEND, closed=AT, revision=1, sequence=9)
    first, second = Manifest.from_bytes(stored.raw).photos
    assert (first.taken_at, first.clock_synced) == (AT.wall - timedelta(seconds=3), True)
    assert (second.taken_at, second.clock_synced) == (MONTHS_OFF.wall, False)


def test_a_withdrawal_names_the_same_photos_under_the_next_revision() -> None:
    sent = build(PROOF, [PHOTO], closing=Closing.SEND, closed=AT, revision=3, sequence=9)
    said = Manifest.from_bytes(withdrawal(sent, at=AT, sequence=10).raw)
    assert (said.revision, said.closing, said.sequence) == (4, Closing.WITHDRAWN, 10)
    assert said.photos == Manifest.from_bytes(sent.raw).photos


@pytest.mark.parametrize(
    ("proof", "photos", "closing"),
    [
        (PROOF, [], Closing.SEND),
        (PROOF, [PHOTO], Closing.WITHDRAWN),
        (replace(PROOF, is_open=False), [PHOTO], Closing.SEND),
        (replace(PROOF, is_open=False), [], Closing.CANCELLED),
    ],
)
def test_what_cannot_be_closed(proof: ProofRow, photos: list[PhotoRow], closing: Closing) -> None:
    with pytest.raises(WrongState):
        require_closable(proof, photos, closing)


@pytest.mark.parametrize(
    ("proof", "photos"), [(PROOF, [PHOTO] * 3), (replace(PROOF, is_open=False), [])]
)
def test_what_takes_no_photo(proof: ProofRow, photos: list[PhotoRow]) -> None:
    with pytest.raises(WrongState):
        require_room(proof, photos)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", ""),
        ("code", "x" * 201),
        ("code", "\ud800"),
        ("packer", "x" * 81),
        ("proof_id", "A" * 32),
    ],
)
def test_a_field_that_does_not_fit_the_wire_is_named(field: str, value: str) -> None:
    with pytest.raises(BadProof, match=field):
        require_describable(replace(PROOF, **{field: value}))  # type: ignore[arg-type]  # a str
