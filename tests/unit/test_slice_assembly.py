"""Slices of photos in memory: complete in any order, wrong never, bounded always."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.link.assembly import (
    AddResult,
    Assembly,
    Complete,
    Incomplete,
    Refused,
    WrongHash,
)
from wire.slices import Range

DATA = bytes(range(256)) * 4
SHA = hashlib.sha256(DATA).hexdigest()


def assembly(*, budget_bytes: int = 1_000_000, max_photo_bytes: int = 100_000) -> Assembly:
    return Assembly(budget_bytes=budget_bytes, max_photo_bytes=max_photo_bytes)


def sha_number(number: int) -> str:
    return f"{number:064x}"


def add(into: Assembly, start: int, end: int, device: str = "a", sha256: str = SHA) -> AddResult:
    return into.add(device, sha256, start, len(DATA), DATA[start:end])


@st.composite
def covering_pieces(draw: st.DrawFn) -> list[Range]:
    """Pieces that together cover the photo: shuffled, overlapping, repeated."""
    cuts = sorted(draw(st.sets(st.integers(1, len(DATA) - 1), max_size=12)))
    edges = [0, *cuts, len(DATA)]
    pieces = list(pairwise(edges))
    bounds = st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, len(DATA)))
    extra = draw(st.lists(bounds.filter(lambda it: it[0] < it[1]), max_size=6))
    return list(draw(st.permutations([*pieces, *extra])))


@given(covering_pieces())
def test_any_order_completes_the_photo_as_soon_as_all_bytes_are_there(pieces: list[Range]) -> None:
    into = assembly()
    seen: set[int] = set()
    for start, end in pieces:
        seen |= set(range(start, end))
        result = add(into, start, end)
        if len(seen) == len(DATA):
            assert result == Complete(DATA)
            return
        assert result == Incomplete()
        missing = into.missing("a", SHA, len(DATA))
        assert missing is not None
        assert {byte for at, to in missing for byte in range(at, to)} == set(
            range(len(DATA))
        ) - seen
    raise AssertionError("the pieces do not cover the photo")


def test_a_complete_photo_is_forgotten() -> None:
    into = assembly()
    assert add(into, 0, len(DATA)) == Complete(DATA)
    assert into.missing("a", SHA, len(DATA)) is None


def test_bytes_with_another_hash_are_forgotten_too() -> None:
    into = assembly()
    assert add(into, 0, len(DATA), sha256=sha_number(1)) == WrongHash()
    assert into.missing("a", sha_number(1), len(DATA)) is None


@pytest.mark.parametrize(
    ("offset", "size_bytes", "payload", "reason"),
    [
        (0, 100, b"", "empty"),
        (0, 0, b"x", "1 to 100000 bytes, not 0"),
        (0, -5, b"x", "not -5"),
        (0, 100_001, b"x", "not 100001"),
        (100, 100, b"x", "behind"),
        (99, 100, b"xy", "behind"),
        (10**9, 100, b"x", "behind"),
    ],
)
def test_a_slice_that_cannot_be_right_is_refused_and_holds_no_memory(
    offset: int, size_bytes: int, payload: bytes, reason: str
) -> None:
    into = assembly()
    result = into.add("a", SHA, offset, size_bytes, payload)
    assert isinstance(result, Refused)
    assert reason in result.reason
    assert into.missing("a", SHA, size_bytes) is None


def test_another_size_begins_the_photo_anew() -> None:
    into = assembly()
    into.add("a", SHA, 0, 2000, DATA[:500])
    assert add(into, 0, 500) == Incomplete()
    assert into.missing("a", SHA, 2000) is None
    assert into.missing("a", SHA, len(DATA)) == [(500, len(DATA))]
    assert add(into, 500, len(DATA)) == Complete(DATA)


def test_devices_do_not_mix() -> None:
    into = assembly()
    add(into, 0, 500, device="a")
    assert into.missing("b", SHA, len(DATA)) is None
    assert add(into, 500, len(DATA), device="b") == Incomplete()
    assert add(into, 500, len(DATA), device="a") == Complete(DATA)


def test_beyond_the_budget_the_longest_untouched_gives_way() -> None:
    into = assembly(budget_bytes=3 * len(DATA))
    for number in range(3):
        add(into, 0, 10, device=f"d{number}")
    add(into, 10, 20, device="d0")
    add(into, 0, 10, device="d3")
    held = [
        device
        for device in ("d0", "d1", "d2", "d3")
        if into.missing(device, SHA, len(DATA)) is not None
    ]
    assert held == ["d0", "d2", "d3"]


def test_one_device_cannot_drive_out_the_others() -> None:
    into = assembly(budget_bytes=20 * len(DATA))
    add(into, 0, 10, device="good")
    for number in range(1000):
        add(into, 0, 10, device="bad", sha256=sha_number(number))
    assert add(into, 10, len(DATA), device="good") == Complete(DATA)
    held = [n for n in range(1000) if into.missing("bad", sha_number(n), len(DATA)) is not None]
    assert held == list(range(992, 1000))


def test_a_photo_in_dust_is_dropped() -> None:
    """Ranges cost time and memory; no table cuts a photo so."""
    into = assembly()
    results = [into.add("a", SHA, at, 10_000, b"x") for at in range(0, 1000, 2)]
    assert any(isinstance(result, Refused) for result in results)
    missing = into.missing("a", SHA, 10_000)
    assert missing is not None
    assert len(missing) <= 258


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.integers(0, 20), st.integers(0, 50), st.integers(1, 60)
        ),
        max_size=60,
    )
)
def test_memory_stays_within_the_budget(slices: list[tuple[str, int, int, int]]) -> None:
    into = assembly(budget_bytes=200, max_photo_bytes=100)
    for device, number, offset, size_bytes in slices:
        into.add(device, sha_number(number), offset, size_bytes, b"x")
        held = sum(len(photo.data) for photo in into._open.values())
        assert held == into._held_bytes <= 200
        assert sum(map(len, into._of_device.values())) == len(into._open)
