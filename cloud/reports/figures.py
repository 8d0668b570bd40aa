"""What is counted of an hour, and how hours are added up. Pure.

Times from the press to the chat are counted in steps of a tenth: which times an hour had is kept in
a line of text, and what is read from them is right to a twentieth.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

_STEP = math.log(1.1)
_SHORTEST_S = 0.01
_BETWEEN = "/"
NOBODY = ""
"""The packer of proofs that name none."""
Counts = dict[str, int]
"""How many of each. Plain, because a page reads some hundreds of hours."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was packed in a time. ``proofs`` are those that the packer meant to keep."""

    places: Counts = field(default_factory=dict)
    """Proofs by where they were captured: the id of a table, or a capture platform's word."""
    packers: Counts = field(default_factory=dict)
    not_sent: Counts = field(default_factory=dict)
    """Proofs that are neither sent nor on their way, by `state_and_reason`."""
    steps: Counts = field(default_factory=dict)
    """First sends that arrived, by the step of the time they took."""

    @property
    def proofs(self) -> int:
        """How many."""
        return sum(self.places.values())

    @property
    def sent(self) -> int:
        """How many of them arrived whose time is known."""
        return sum(self.steps.values())

    def quantile_s(self, share: float) -> float | None:
        """Within how many seconds so large a share of what was sent arrived; None: nothing was."""
        wanted, seen = share * self.sent, 0
        for step in sorted(self.steps, key=int):
            seen += self.steps[step]
            if seen >= wanted:
                return math.exp(int(step) * _STEP)
        return None

    def add(self, other: Self) -> None:
        """Add what another time had."""
        for mine, more in zip(self._all(), other._all(), strict=True):
            for key, value in more.items():
                mine[key] = mine.get(key, 0) + value

    def note_proof(self, place: str, packer: str) -> None:
        """One more was packed."""
        self.places[place] = self.places.get(place, 0) + 1
        self.packers[packer] = self.packers.get(packer, 0) + 1

    def note_not_sent(self, state: str, reason: str) -> None:
        """One of them is in a state that does not get it to the buyer."""
        key = f"{state}{_BETWEEN}{reason}"
        self.not_sent[key] = self.not_sent.get(key, 0) + 1

    def note_sent(self, took_s: float) -> None:
        """One of them arrived, so long after the press; clocks that differ make no negative."""
        step = str(round(math.log(max(took_s, _SHORTEST_S)) / _STEP))
        self.steps[step] = self.steps.get(step, 0) + 1

    def written(self) -> str:
        """As it is kept."""
        return json.dumps(self._all(), separators=(",", ":"), sort_keys=True, ensure_ascii=False)

    def _all(self) -> tuple[Counts, ...]:
        return self.places, self.packers, self.not_sent, self.steps


def read_figures(written: str) -> Figures:
    """What `Figures.written` wrote."""
    return Figures(*json.loads(written))


def state_and_reason(key: str) -> tuple[str, str]:
    """What a key of `Figures.not_sent` says."""
    state, _, reason = key.partition(_BETWEEN)
    return state, reason


def total(every: Iterable[Figures]) -> Figures:
    """All of them together."""
    found = Figures()
    for one in every:
        found.add(one)
    return found
