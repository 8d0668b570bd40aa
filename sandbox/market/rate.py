"""The limit of calls per second."""

import time
from collections import deque
from collections.abc import Callable

from sandbox.market.refusal import Wording


class RateGate:
    """Calls per second, by shop or app, over a sliding window of real time."""

    def __init__(self, wording: Wording, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wording = wording
        self._monotonic = monotonic
        self._recent: dict[str, deque[float]] = {}

    def admit(self, who: str, per_second: int | None) -> None:
        """Count the call. Refuses when there were already as many in the last second."""
        if per_second is None:
            return
        now = self._monotonic()
        recent = self._recent.setdefault(who, deque())
        while recent and now - recent[0] >= 1.0:
            recent.popleft()
        if len(recent) >= per_second:
            raise self._wording.refusal()
        recent.append(now)
