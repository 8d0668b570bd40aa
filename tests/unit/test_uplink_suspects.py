"""Packets that broke the line, and the size of slices."""

import pytest

from edge.uplink.suspects import Suspects
from wire.slices import MIN_SLICE_BYTES


@pytest.fixture
def suspects() -> Suspects:
    made = Suspects()
    made.connected(65_536)
    return made


def test_strikes_count_and_slices_shrink(suspects: Suspects) -> None:
    assert [suspects.strike("p/0", 65_536), suspects.strike("p/0", 32_768)] == [1, 2]
    assert suspects.payload_bytes == 16_384


def test_slices_never_become_too_small(suspects: Suspects) -> None:
    suspects.strike("p/0", 1500)
    assert suspects.payload_bytes == MIN_SLICE_BYTES


def test_a_manifest_does_not_shrink_slices(suspects: Suspects) -> None:
    suspects.strike("proof/1", None)
    assert suspects.payload_bytes == 65_536


def test_what_was_taken_is_no_suspect_any_more(suspects: Suspects) -> None:
    suspects.strike("p/0", 65_536)
    suspects.taken("p/0", is_slice=True)
    assert not suspects.is_suspect("p/0")
    assert suspects.payload_bytes == 32_768  # and the smaller size stays for now


def test_slices_grow_again_after_many_good_ones(suspects: Suspects) -> None:
    suspects.strike("p/0", 65_536)
    for number in range(64):
        suspects.taken(f"p/{number}", is_slice=True)
    assert suspects.payload_bytes == 65_536


def test_another_connection_keeps_the_small_size_only_while_there_are_suspects(
    suspects: Suspects,
) -> None:
    suspects.strike("p/0", 65_536)
    suspects.connected(65_536)
    assert suspects.payload_bytes == 32_768
    suspects.taken("p/0", is_slice=True)
    suspects.connected(65_536)
    assert suspects.payload_bytes == 65_536


def test_what_was_set_aside_has_one_chance_left(suspects: Suspects) -> None:
    for _ in range(4):
        suspects.strike("p/0", 4096)
    suspects.last_chance("p/0", 4)
    assert suspects.strike("p/0", 4096) == 4


def test_a_receipted_photo_is_forgotten(suspects: Suspects) -> None:
    suspects.strike("p/0", 4096)
    suspects.strike("q/0", 4096)
    suspects.forget("p")
    assert (suspects.is_suspect("p/0"), suspects.is_suspect("q/0")) == (False, True)
