"""What other threads want of the uplink, until its thread gets round to it."""

import threading
from collections import deque
from dataclasses import dataclass

from edge.uplink.waker import Waker
from wire.messages import Lookup

_LOOKUPS_KEPT = 4
"""A packer has one order on the table; more than a few questions are of no use to anybody."""


@dataclass(frozen=True, slots=True)
class _Asked:
    lookup: Lookup
    at_s: float


class Requests:
    """Filled from any thread, emptied by the uplink's. Nothing here blocks."""

    def __init__(self, waker: Waker) -> None:
        self._waker = waker
        self._lock = threading.Lock()
        self._lookups: deque[_Asked] = deque(maxlen=_LOOKUPS_KEPT)
        self._health = threading.Event()
        self._spool = threading.Event()
        self._spool.set()
        self._stop = threading.Event()

    def ask(self, lookup: Lookup, at_s: float) -> None:
        """A scanned code is to be looked up; ``at_s`` is monotonic."""
        with self._lock:
            self._lookups.append(_Asked(lookup, at_s))
        self._waker.wake()

    def report_health(self) -> None:
        """The table's health changed."""
        self._health.set()
        self._waker.wake()

    def read_spool(self) -> None:
        """The spool has something new."""
        self._spool.set()
        self._waker.wake()

    def stop(self) -> None:
        """The uplink is to end."""
        self._stop.set()
        self._waker.wake()

    @property
    def stopping(self) -> bool:
        """``stop`` was called."""
        return self._stop.is_set()

    def take_lookups(self, not_before_s: float) -> list[Lookup]:
        """Lookups asked since then; older ones are dropped."""
        with self._lock:
            asked = list(self._lookups)
            self._lookups.clear()
        return [it.lookup for it in asked if it.at_s >= not_before_s]

    def take_health(self) -> bool:
        """Whether the health changed since the last call."""
        return _take(self._health)

    def take_spool(self) -> bool:
        """Whether the spool changed since the last call."""
        return _take(self._spool)


def _take(asked: threading.Event) -> bool:
    """Whether it was asked for; what is asked from now on is for the next call."""
    if not asked.is_set():
        return False
    asked.clear()
    return True
