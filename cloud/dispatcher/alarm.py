"""Wakes a loop that waits: at once, or at the soonest of the times that it was told."""

import math
import threading
import time
from collections.abc import Callable


class Alarm:
    """One loop waits; any thread rings. A ring that comes while the loop works is not lost."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._changed = threading.Condition()
        self._rings_at_s = math.inf

    def ring(self) -> None:
        """Wake the loop now, or keep it from its next wait."""
        self.ring_in(0.0)

    def ring_in(self, seconds: float) -> None:
        """Wake the loop in so many seconds at the latest."""
        at_s = self._monotonic_s() + seconds
        with self._changed:
            if at_s < self._rings_at_s:
                self._rings_at_s = at_s
                self._changed.notify()

    def wait(self, longest_s: float) -> None:
        """Return at the ring, or after ``longest_s``. Every earlier ring is then forgotten."""
        end_s = self._monotonic_s() + longest_s
        with self._changed:
            while (left_s := min(end_s, self._rings_at_s) - self._monotonic_s()) > 0:
                self._changed.wait(left_s)
            self._rings_at_s = math.inf
