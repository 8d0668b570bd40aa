"""The watchdog of the daemon: says that it lives only while all of its threads turn.

A thread that died or hangs ends the daemon by itself, through the loop. This is for what cannot be
ended so: the loop hangs, or the end does.
"""

import faulthandler
import logging
import sys
import threading
from collections.abc import Callable, Mapping

from edge.service.endings import hung
from edge.service.last_words import LastWords
from edge.service.supervisor import Supervisor

logger = logging.getLogger(__name__)

_LONGEST_INTERVAL_S = 5.0
_FEEDS_IN_TIME = 3.0
"""So often is it fed within the time that the supervisor waits."""
_STOP_S = 1.0


def feeding_interval_s(watchdog_s: float | None) -> float:
    """How often the threads are looked at."""
    if watchdog_s is None:
        return _LONGEST_INTERVAL_S
    return min(_LONGEST_INTERVAL_S, watchdog_s / _FEEDS_IN_TIME)


class Watchdog:
    """Looks at the threads from a thread of its own."""

    def __init__(
        self,
        threads: Mapping[str, Callable[[], bool]],
        supervisor: Supervisor,
        last_words: LastWords,
    ) -> None:
        """``threads``: by name, whether each turns; asked often, must not wait."""
        self._threads = threads
        self._supervisor = supervisor
        self._last_words = last_words
        self._hung: tuple[str, ...] = ()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin; the supervisor is told that the table is ready."""
        # systemd kills with SIGABRT: where each thread was is then in the log
        faulthandler.enable(sys.stderr)
        self._supervisor.ready()
        self._thread.start()

    def stop(self) -> None:
        """The end begins. May be called twice."""
        self._supervisor.stopping()
        self._stopping.set()
        self._thread.join(_STOP_S)

    def look(self) -> None:
        """Feed it if all threads turn; else write down which do not, and let it starve."""
        silent = tuple(name for name, turns in self._threads.items() if not turns())
        if not silent:
            self._supervisor.feed()
        if silent != self._hung:
            self._hung = silent
            self._say(silent)

    def _say(self, silent: tuple[str, ...]) -> None:
        if silent:
            logger.error("threads do not turn", extra={"threads": ", ".join(silent)})
            self._supervisor.status(hung(silent))
            self._last_words.leave(hung(silent))
        else:
            logger.warning("all threads turn again")
            self._supervisor.status("")
            self._last_words.take_back()

    def _run(self) -> None:
        interval_s = feeding_interval_s(self._supervisor.watchdog_s)
        while not self._stopping.wait(interval_s):
            self.look()
