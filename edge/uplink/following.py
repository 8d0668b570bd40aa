"""Asking how receipted proofs end: a page at a time, so that many open ones are no flood. Pure."""

from collections.abc import Sequence
from typing import Final

PAGE: Final = 100
_BETWEEN_PAGES_S: Final = 5.0


class Following:
    """Goes round what is followed. Times are monotonic seconds."""

    def __init__(self, interval_s: float) -> None:
        """``interval_s``: from the end of one round to the next."""
        self._interval_s = interval_s
        self._after = ""
        self.due_at = 0.0
        """When the next page is to be asked for."""

    def page(self, followed: Sequence[str], now: float) -> Sequence[str]:
        """The next proofs to ask about; ``followed`` is all there are, in their order."""
        start = followed.index(self._after) + 1 if self._after in followed else 0
        page = followed[start : start + PAGE]
        is_last = start + PAGE >= len(followed)
        self._after = "" if is_last or not page else page[-1]
        self.due_at = now + (self._interval_s if is_last else _BETWEEN_PAGES_S)
        return page
