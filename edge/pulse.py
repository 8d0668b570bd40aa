"""The proof that a thread turns, and not only exists."""

from collections.abc import Callable


class Pulse:
    """Beaten by a thread at each of its turns, looked at by others. Safe without a lock: one
    thread writes, and what is written is one number.
    """

    def __init__(self, monotonic_ns: Callable[[], int], patience_s: float) -> None:
        """``patience_s``: the longest that one turn may take."""
        self._monotonic_ns = monotonic_ns
        self._patience_ns = round(patience_s * 1e9)
        self._beaten_ns = monotonic_ns()

    def beat(self) -> None:
        """A turn begins."""
        self._beaten_ns = self._monotonic_ns()

    def is_felt(self) -> bool:
        """Whether the last turn began lately enough."""
        return self._monotonic_ns() - self._beaten_ns < self._patience_ns
