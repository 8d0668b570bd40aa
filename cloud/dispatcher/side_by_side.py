"""Work done in a few threads at once, no piece of it twice at a time.

So that a marketplace that does not answer delays what is asked of it, and nothing else.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cloud.database.errors import TransientDatabaseError

logger = logging.getLogger(__name__)

_AFTER_ERROR_S = 1.0


class SideBySide:
    """Does pieces of work, each named by a number.

    ``on_death`` is called with an error that nobody expects; that piece then stays under way.
    """

    def __init__(
        self, name: str, threads: int, *, on_death: Callable[[BaseException], None]
    ) -> None:
        self._on_death = on_death
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._under_way: set[int] = set()
        self._closing = threading.Event()

    def under_way(self) -> frozenset[int]:
        """The numbers of what is being done, or waits for a thread."""
        with self._lock:
            return frozenset(self._under_way)

    def begin(self, number: int, work: Callable[[], None]) -> None:
        """Do it as soon as a thread is free. Nothing is begun once it closes."""
        with self._lock:
            if self._closing.is_set() or number in self._under_way:
                return
            self._under_way.add(number)
        self._pool.submit(self._do, number, work)

    def close(self) -> None:
        """Begin nothing more, and wait for what is being done."""
        with self._lock:
            self._closing.set()
        self._pool.shutdown(cancel_futures=True)

    def _do(self, number: int, work: Callable[[], None]) -> None:
        try:
            work()
        except TransientDatabaseError:
            logger.exception("a piece of work is put off")
            self._closing.wait(_AFTER_ERROR_S)
        except BaseException as error:  # noqa: BLE001  whatever ended it must be known
            self._on_death(error)
            return
        with self._lock:
            self._under_way.discard(number)
