"""Questions to the cloud that its answers name, and what their answers say of the time."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from edge.clock import Clock
from wire.messages import Answer, Inventory, PhotoState, ProofState

HearTime = Callable[[datetime, int, int], None]
"""Takes the cloud's time, and our monotonic ns of the question and of its answer."""

_REMEMBERED: Final = 8
_FIRST_PART: Final = "-0"
_TIME_EVERY_S: Final = 3600.0
"""So often the time is asked for where nothing else is: a crystal drifts by 0.4 s meanwhile."""


class Questions:
    """Of one connection."""

    def __init__(self, prefix: str, clock: Clock, hear: HearTime) -> None:
        self._prefix = prefix
        self._clock = clock
        self._hear = hear
        self._count = 0
        self._asked_ns: dict[str, int] = {}
        self.time_due_at = 0.0
        """Monotonic seconds when the time is to be asked for."""

    def correlation(self) -> str:
        """Of a question that is asked now."""
        now_ns = self._clock.monotonic_ns()
        self._count += 1
        self.time_due_at = now_ns / 1e9 + _TIME_EVERY_S
        name = f"{self._prefix}-{self._count}"
        self._asked_ns[name] = now_ns
        if len(self._asked_ns) > _REMEMBERED:
            del self._asked_ns[next(iter(self._asked_ns))]
        return name

    def about(self, photos: Iterable[PhotoState] = (), proofs: Iterable[ProofState] = ()) -> bytes:
        """What the cloud has of these; of nothing, it is asked for the time."""
        return Inventory(
            correlation=self.correlation(), photos=list(photos), proofs=list(proofs)
        ).to_bytes()

    def answered(self, answer: Answer) -> None:
        """The first answer to a question tells the time; parts of one that come later do not."""
        # a long inventory goes in parts, which are numbered from 0
        name = (answer.correlation or "").removesuffix(_FIRST_PART)
        asked_ns = self._asked_ns.pop(name, None)
        if asked_ns is not None and answer.now is not None:
            self._hear(answer.now, asked_ns, self._clock.monotonic_ns())
