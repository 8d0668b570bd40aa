"""Says now and then how far a long command is."""

import time
from collections.abc import Callable

PROGRESS_EVERY_S = 10.0


class Progress:
    """Passes on what it hears when it is time."""

    def __init__(
        self,
        say: Callable[[str], None],
        every_s: float = PROGRESS_EVERY_S,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say = say
        self._every_s = every_s
        self._monotonic_s = monotonic_s
        self._said_s = monotonic_s()

    def __call__(self, text: str) -> None:
        """Say it if it is time."""
        now_s = self._monotonic_s()
        if now_s - self._said_s >= self._every_s:
            self._said_s = now_s
            self._say(text)
