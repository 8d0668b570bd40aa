"""The bounded queue of events: the only way anything reaches the loop."""

import logging
import threading
from queue import Empty, SimpleQueue

from edge.events import Event

logger = logging.getLogger(__name__)

CAPACITY = 1000
"""Far more than a packer and all answers make in a minute; a longer queue is a fault."""


class Mailbox:
    """Events in the order in which they came. ``post`` never blocks and is safe from any thread
    and from a signal handler (a lock could be held by the interrupted thread itself).
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._capacity = capacity
        self._overflow = threading.Event()

    def post(self, event: Event) -> None:
        """Put an event in. When the queue is full it is dropped, and that is a fault."""
        if self._events.qsize() >= self._capacity:
            if not self._overflow.is_set():
                self._overflow.set()
                logger.error("event queue is full", extra={"event": type(event).__name__})
            return
        self._events.put(event)

    def take(self, timeout_s: float) -> Event | None:
        """The oldest event, or None if none comes in time."""
        try:
            return self._events.get(timeout=max(0.0, timeout_s))
        except Empty:
            return None

    @property
    def has_overflowed(self) -> bool:
        """An event was dropped: the table's state can no longer be trusted."""
        return self._overflow.is_set()
