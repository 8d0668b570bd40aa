"""When a packer does what. Pure: chance is given."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from random import Random

_FIRST_PHOTO, _BETWEEN, _SEND = 0.15, 0.1, 0.15
"""Parts of the time for an order: from the scan, between photos, from the last one to F4."""
_JITTER = 0.25
_SIGN_S = 1.5
"""The light says "saved" so long before it is ready again."""


class Act(Enum):
    """What the packer does, or sees."""

    SCAN = "scan"
    PHOTO = "F1"
    SEND = "F4"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Planned:
    """An act, and when: monotonic seconds."""

    at_s: float
    act: Act


def acts(begin_s: float, every_s: float, photos: int, chance: Random) -> Iterator[Planned]:
    """Order after order without end. The first begins at any moment of the first interval, and has
    its F4 half an interval later: from then on many tables close equally many at any time.
    """
    at_s = begin_s + every_s * chance.random()
    while True:
        yield Planned(at_s, Act.SCAN)
        taken_s = at_s + every_s * _FIRST_PHOTO
        for _ in range(photos):
            yield Planned(taken_s, Act.PHOTO)
            taken_s += every_s * _BETWEEN
        send_s = taken_s + every_s * (_SEND - _BETWEEN)
        yield Planned(send_s, Act.SEND)
        yield Planned(send_s + min(_SIGN_S, every_s / 20), Act.READY)
        at_s += every_s * (1 + _JITTER * (2 * chance.random() - 1))
