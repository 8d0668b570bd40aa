"""A few threads that live as long as the program; the death of one is told."""

import threading
import time
from collections.abc import Callable, Mapping


class Threads:
    """Loops by name, each in a thread of its own."""

    def __init__(
        self, loops: Mapping[str, Callable[[], None]], on_death: Callable[[BaseException], None]
    ) -> None:
        self._on_death = on_death
        self._threads = [
            threading.Thread(target=self._guard, args=(loop,), name=name, daemon=True)
            for name, loop in loops.items()
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def all_alive(self) -> bool:
        """Whether every thread turns."""
        return all(thread.is_alive() for thread in self._threads)

    def any_alive(self) -> bool:
        """Whether one of them has not ended."""
        return any(thread.is_alive() for thread in self._threads)

    def join(self, longest_s: float) -> None:
        """Wait for the end of all that were started, together no longer than this."""
        end_s = time.monotonic() + longest_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, end_s - time.monotonic()))

    def _guard(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        except BaseException as error:  # noqa: BLE001  whatever ended the thread must be known
            self._on_death(error)
