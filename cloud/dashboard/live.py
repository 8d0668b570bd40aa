"""Wakes the event streams of the organisations that something happened in.

One thread per process waits for news, whatever the number of open pages. It only wakes: each
stream then reads its own organisation's changes in that organisation's scope.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cloud.database.errors import TransientDatabaseError
from cloud.database.feed import ChangeFeed

logger = logging.getLogger(__name__)

_WAIT_S = 30.0
_PAUSE_S = 1.0
_BATCH = 500


class Bell:
    """Rung for one stream. Its methods are called by the stream's own event loop alone."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    async def heard_within(self, seconds: float) -> bool:
        """Wait until it is rung; False when that took too long."""
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except TimeoutError:
            return False
        self._rung.clear()
        return True

    def ring(self) -> None:
        """Wake the stream (any thread)."""
        try:
            self._loop.call_soon_threadsafe(self._rung.set)
        except RuntimeError:
            logger.debug("a stream's server has ended before the stream")


class LiveNews:
    """The bells of all streams, and the thread that rings them.

    ``on_death`` is called should the thread die. `close` ends all streams.
    """

    def __init__(self, feed: ChangeFeed, on_death: Callable[[BaseException], None]) -> None:
        self._feed = feed
        self._on_death = on_death
        self._lock = threading.Lock()
        self._bells: dict[int, set[Bell]] = {}
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_closed(self) -> bool:
        """Whether streams must end."""
        return self._closing.is_set()

    @contextmanager
    def bell(self, organisation_id: int) -> Iterator[Bell]:
        """A bell that is rung after each change in an organisation, from now on."""
        bell = Bell()
        with self._lock:
            self._bells.setdefault(organisation_id, set()).add(bell)
            if self._thread is None and not self.is_closed:
                position = self._feed.position()
                self._thread = threading.Thread(
                    target=self._run, args=(position,), name="live-news", daemon=True
                )
                self._thread.start()
        try:
            yield bell
        finally:
            with self._lock:
                bells = self._bells[organisation_id]
                bells.discard(bell)
                if not bells:
                    del self._bells[organisation_id]

    def close(self) -> None:
        """End all streams. The thread follows as soon as it wakes."""
        self._closing.set()
        with self._lock:
            for bells in self._bells.values():
                for bell in bells:
                    bell.ring()

    def _run(self, position: int) -> None:
        try:
            while not self.is_closed:
                position = self._turn(position)
        except BaseException as error:  # noqa: BLE001  the thread's end must be told, whatever it is
            self._on_death(error)

    def _turn(self, position: int) -> int:
        try:
            changes = self._feed.next(position, None, _BATCH, _WAIT_S)
            if not changes:
                # Early only when the feed is closed, which a moment later closes this too.
                self._closing.wait(_PAUSE_S)
                return position
        except TransientDatabaseError as error:
            logger.warning("live updates wait for the database: %s", error)
            self._closing.wait(_PAUSE_S)
            return position
        self._ring({change.organisation_id for change in changes})
        return changes[-1].id

    def _ring(self, organisations: set[int]) -> None:
        with self._lock:
            for organisation_id in organisations:
                for bell in self._bells.get(organisation_id, ()):
                    bell.ring()
