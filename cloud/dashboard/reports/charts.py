"""Where the columns of a chart stand. Pure; the template draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 200
_FLOOR, _CEILING = 170, 22
_GAP = 0.25
"""Of a column's room."""
_MOST_LABELS = 12
_NICE = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its place, and what stands below it (empty where there is no room)."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns with a line at the top of the scale."""

    columns: tuple[Column, ...]
    top: int
    """The value of the upper line."""
    ceiling: int = _CEILING
    floor: int = _FLOOR
    width: int = WIDTH
    height: int = HEIGHT


def chart(labels: Sequence[str], values: Sequence[int]) -> Chart:
    """Columns for values from 0 on, each with its label."""
    top = round_up(max(values, default=0))
    room = WIDTH / max(len(values), 1)
    every = -(-len(values) // _MOST_LABELS)
    columns = []
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        height = (_FLOOR - _CEILING) * value / top
        columns.append(
            Column(
                x=round(room * (place + _GAP / 2), 1),
                y=round(_FLOOR - height, 1),
                width=round(room * (1 - _GAP), 1),
                height=round(height, 1),
                middle=round(room * (place + 0.5), 1),
                label="" if place % every else label,
            )
        )
    return Chart(tuple(columns), top)


def round_up(value: int) -> int:
    """The next round number: 1, 2, 5, 10, 20, 50 and so on."""
    step = 1
    while True:
        for nice in _NICE:
            if value <= nice * step:
                return nice * step
        step *= 10


def share(value: int, most: int) -> float:
    """How long a bar is, of 100."""
    return round(100 * value / most, 1) if most else 0.0
