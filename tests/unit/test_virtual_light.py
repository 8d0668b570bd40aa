"""Reading signs off the recorded light of the virtual table, also where the guest was starved."""

from collections.abc import Iterable

import pytest

from edge.indicator.signs import SIGNS, Colour, Sign
from tests.support.virtual_table.light import Phase, read_signs

RHYTHMS = [sign for sign, look in SIGNS.items() if len(look.rhythm_ms) > 1]

BEGINS_LIKE = {Sign.EARLIER_FAILED: Sign.REFUSED}
"""People see the whole rhythm; who waits for one of the two here does not wait for the other."""


def shown(colour: Colour, lengths_ms: Iterable[float]) -> list[Phase]:
    """Lit and dark in turn, and lit once more at the end."""
    phases, at_ms = [], 0.0
    for place, length_ms in enumerate([*lengths_ms, 1.0]):
        lit = colour if place % 2 == 0 else None
        phases.append(Phase("boot", round(at_ms * 1e6), lit, length_ms, ended=True))
        at_ms += length_ms
    return phases


@pytest.mark.parametrize("late_ms", [-30, 0, 30])
@pytest.mark.parametrize("sign", RHYTHMS)
def test_a_rhythm_is_read_and_no_other(sign: Sign, late_ms: int) -> None:
    look = SIGNS[sign]
    lengths = [length + late_ms * (-1) ** place for place, length in enumerate(look.rhythm_ms * 2)]
    seen = read_signs(shown(look.colour, lengths))
    at_its_beginning = {one.sign for one in seen if one.place == 0}
    assert at_its_beginning - {BEGINS_LIKE.get(sign)} == {sign}


def test_saved_is_read_though_its_dark_moments_were_short() -> None:
    """As it was recorded at a load of 14."""
    phases = shown(Colour.GREEN, [1390, 190, 1615, 245, 963, 188, 319, 1549])
    assert [one.sign for one in read_signs(phases)][:2] == [Sign.SAVED, Sign.SAVED]


def test_a_steady_colour_is_read_after_half_a_second() -> None:
    phases = [Phase("boot", 0, Colour.BLUE, 460)]
    assert [one.sign for one in read_signs(phases)] == [Sign.OPEN]
    assert not list(read_signs([Phase("boot", 0, Colour.BLUE, 300)]))
