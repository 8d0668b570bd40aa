"""The threads that work off pushes."""

import logging
import threading
from collections.abc import Callable
from functools import partial

from cloud.database.errors import TransientDatabaseError
from cloud.sync.push_work import LOST_EVERY, LostPushes, PushWork
from cloud.threads import Threads

logger = logging.getLogger(__name__)

_WORKERS = 2
_LOOK_EVERY_S = 1.0
_AFTER_TROUBLE_S = 5.0


class PushWorker:
    """Works off pushes in threads of its own, and fetches lost ones in another."""

    def __init__(
        self,
        work: PushWork,
        lost: LostPushes,
        stop_waiting: Callable[[], None],
        on_death: Callable[[BaseException], None],
    ) -> None:
        """``stop_waiting`` ends the waits for shops' paces, when the threads are to end."""
        self._work = work
        self._lost = lost
        self._stop_waiting = stop_waiting
        self._stopping = threading.Event()
        working = partial(self._run, self._work_off)
        loops = {f"pushes-{n}": working for n in range(_WORKERS)}
        loops["pushes-lost"] = partial(self._run, self._fetch_lost)
        self._threads = Threads(loops, on_death)

    def start(self) -> None:
        """Begin with what is due."""
        self._threads.start()

    def stop(self) -> None:
        """End after the requests under way; what is taken and not done is due again later."""
        self._stopping.set()
        self._stop_waiting()
        self._threads.join(30)

    def _run(self, step: Callable[[], float]) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self._guarded(step))

    def _guarded(self, step: Callable[[], float]) -> float:
        try:
            return step()
        except TransientDatabaseError:
            logger.exception("pushes cannot be worked off now")
            return _AFTER_TROUBLE_S

    def _work_off(self) -> float:
        return 0.0 if self._work.work_off() else _LOOK_EVERY_S

    def _fetch_lost(self) -> float:
        self._lost.fetch()
        return LOST_EVERY.total_seconds()
