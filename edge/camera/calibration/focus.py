"""Looking for the lens position at which the packing area is sharpest. Pure.

Sharpness over positions is a hill with noise on it. A hill's top is flat, and the middle of that
flat part is the position that stays sharp longest when the lens drifts with temperature.
"""

from collections.abc import Callable
from dataclasses import dataclass

Measure = Callable[[float], float]
"""Moves the lens to so many dioptres and gives the sharpness there, larger is sharper."""

_COARSE_STEPS = 16
_FINEST_STEP = 0.05
"""Dioptres. At half a metre that is a centimetre."""
_SHRINK = 3.0
_PLATEAU = 0.98
_LEAST_RISE = 1.3


class NothingToFocusOn(Exception):
    """Sharpness does not depend on the lens: nothing with detail lies there."""


@dataclass(frozen=True, slots=True)
class Peak:
    """Where it is sharpest."""

    position: float
    """Dioptres."""
    sharpness: float
    is_at_end: bool
    """At an end of the lens's reach: the sharpest may lie beyond."""
    measured: tuple[tuple[float, float], ...]
    """Every position that was tried, with its sharpness, by position."""


def find_peak(measure: Measure, lowest: float, highest: float) -> Peak:
    """Try the whole reach in large steps, then what is around the best in ever smaller ones.

    Raises:
        NothingToFocusOn: the hill is too flat to be one.
    """
    figures: dict[float, float] = {}
    step = (highest - lowest) / (_COARSE_STEPS - 1)
    _try(measure, figures, [lowest + number * step for number in range(_COARSE_STEPS)])
    if max(figures.values()) < _LEAST_RISE * _median(list(figures.values())):
        raise NothingToFocusOn("the sharpness is the same wherever the lens stands")
    while step > _FINEST_STEP:
        around, step = plateau_middle(figures), step / _SHRINK
        wanted = [around + number * step for number in range(-3, 4)]
        _try(measure, figures, [one for one in wanted if lowest <= one <= highest])
    position = plateau_middle(figures)
    nearest = min(figures, key=lambda one: abs(one - position))
    margin = 2 * _FINEST_STEP
    at_end = position <= lowest + margin or position >= highest - margin
    return Peak(position, figures[nearest], at_end, tuple(sorted(figures.items())))


def plateau_middle(figures: dict[float, float]) -> float:
    """Middle of the flat part around the highest figure."""
    positions = sorted(figures)
    best = max(positions, key=lambda one: figures[one])
    limit = _PLATEAU * figures[best]
    first = last = positions.index(best)
    while first > 0 and figures[positions[first - 1]] >= limit:
        first -= 1
    while last < len(positions) - 1 and figures[positions[last + 1]] >= limit:
        last += 1
    return (positions[first] + positions[last]) / 2


def _try(measure: Measure, figures: dict[float, float], positions: list[float]) -> None:
    for position in positions:
        key = round(position, 4)
        if key not in figures:
            figures[key] = measure(key)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
