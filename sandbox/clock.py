"""The sandbox's time, which tests can move."""

import time
from collections.abc import Callable

NANOSECONDS = 1_000_000_000


class Clock:
    """Two clocks in unix seconds, each the machine's clock plus its own shift.

    `now` rules everything that ages inside the marketplace: tokens, contact windows, repeats.
    `request_now` is what the timestamp of a request is judged against. They are apart so that a
    test can age a token by five hours and a client with a true clock can still sign its calls.
    """

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base = base
        self.shift_s = 0.0
        self.request_shift_s = 0.0

    def now(self) -> float:
        """Marketplace time, unix seconds."""
        return self._base() + self.shift_s

    def now_ns(self) -> int:
        """Marketplace time, unix nanoseconds."""
        return int(self.now() * NANOSECONDS)

    def request_now(self) -> float:
        """Time that request timestamps are compared with, unix seconds."""
        return self._base() + self.request_shift_s

    def set_request_time(self, unix_s: float) -> None:
        """Let `request_now` read `unix_s` at this moment and run on from there."""
        self.request_shift_s = unix_s - self._base()
