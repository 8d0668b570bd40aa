"""The sign table: at most seven signs, told apart without colour."""

from itertools import combinations

import pytest

from edge.indicator.signs import OVERLAY, SIGNS, Look, Sign, photos_sign


def _flashes(look: Look) -> tuple[str, ...]:
    """What an eye makes of one cycle: short, middle and long parts, light and dark."""

    def name(length_ms: int) -> str:
        bounds = ((350, "short"), (900, "middle"), (2500, "long"))
        return next((word for bound, word in bounds if length_ms <= bound), "very long")

    if len(look.rhythm_ms) == 1:
        return ("steady",)
    return tuple(name(length) for length in look.rhythm_ms)


def test_every_sign_has_a_look() -> None:
    assert set(SIGNS) == set(Sign)


def test_at_most_seven_signs_besides_overlays() -> None:
    assert len({look.group for look in SIGNS.values()} - {OVERLAY}) == 7


@pytest.mark.parametrize(("one", "other"), list(combinations(Sign, 2)))
def test_rhythms_differ_with_colours_removed(one: Sign, other: Sign) -> None:
    """U-08."""
    assert _flashes(SIGNS[one]) != _flashes(SIGNS[other])


@pytest.mark.parametrize("sign", list(Sign))
def test_rhythm_can_be_shown(sign: Sign) -> None:
    rhythm = SIGNS[sign].rhythm_ms
    assert all(part >= 100 for part in rhythm)
    assert len(rhythm) == 1 or len(rhythm) % 2 == 0
    assert [on for on, _ in SIGNS[sign].pattern][:2] == [True, False][: len(rhythm)]
    assert SIGNS[sign].cycle_ms == sum(rhythm)


@pytest.mark.parametrize("sign", list(Sign))
def test_no_rhythm_flashes_faster_than_is_safe(sign: Sign) -> None:
    look = SIGNS[sign]
    if len(look.rhythm_ms) > 1:
        shortest = min(
            light + dark
            for light, dark in zip(look.rhythm_ms[::2], look.rhythm_ms[1::2], strict=True)
        )
        assert 1000 / shortest <= 2.8


@pytest.mark.parametrize("sign", [Sign.REFUSED, Sign.STOP, Sign.CALL_LEAD])
def test_what_waits_for_a_person_flashes_as_the_standard_has_it(sign: Sign) -> None:
    """IEC 60204-1: 1.4 to 2.8 Hz for what is not acknowledged."""
    rhythm = SIGNS[sign].rhythm_ms
    quickest_ms = min(map(sum, zip(rhythm[::2], rhythm[1::2], strict=True)))
    assert 1.4 <= 1000 / quickest_ms <= 2.8


@pytest.mark.parametrize("sign", list(Sign))
def test_every_sign_says_what_it_means_and_what_to_do(sign: Sign) -> None:
    look = SIGNS[sign]
    assert look.title
    assert look.meaning.endswith(".")
    assert look.what_to_do.endswith(".")


def test_photos_are_counted_by_flashes() -> None:
    for count in (1, 2, 3):
        assert len(SIGNS[photos_sign(count)].rhythm_ms) == 2 * count
    assert photos_sign(0) is Sign.OPEN
