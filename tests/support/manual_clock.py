"""A clock that tests move."""

import threading
from datetime import UTC, datetime, timedelta

from edge.clock import Moment

_START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


class ManualClock:
    """Follows ``Clock``. Time passes only by ``advance``; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ns = 1_000_000_000

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._ns += round(seconds * 1e9)

    def monotonic_ns(self) -> int:
        with self._lock:
            return self._ns

    def now(self) -> Moment:
        ns = self.monotonic_ns()
        return Moment(
            wall=_START + timedelta(microseconds=ns // 1000),
            monotonic_ns=ns,
            boot_id="test-boot",
            synced=True,
        )

    def wait(self, _condition: threading.Condition, seconds: float) -> None:
        """In place of waiting on a held condition: the time is over at once."""
        assert seconds > 0
        self.advance(seconds)
