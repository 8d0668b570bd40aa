"""The thread that reads the labels in saved photos. Nothing waits for it, and it stops nothing."""

import logging
import threading
from queue import Full, Queue

from edge.clock import Clock
from edge.events import CodesRead, Post
from edge.labels import LabelReader

logger = logging.getLogger(__name__)

_WAITING = 3
"""Photos of one order. A table that is slower than its packer leaves the others unread."""


class LabelOwner:
    """Reads one photo after the other, and says by event what it read."""

    def __init__(self, reader: LabelReader, post: Post, clock: Clock) -> None:
        self._reader = reader
        self._post = post
        self._clock = clock
        self._photos: Queue[tuple[int, bytes] | None] = Queue(_WAITING)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="labels", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self, deadline_s: float) -> bool:
        """Leave what waits unread and end; False if that took longer."""
        self._stopping.set()
        self._offer(None)
        self._thread.join(deadline_s)
        return not self._thread.is_alive()

    def offer(self, capture_id: int, jpeg: bytes) -> None:
        """Have a saved photo read, if there is room. Returns at once."""
        if not self._offer((capture_id, jpeg)):
            logger.info("a label is left unread", extra={"capture_id": capture_id})

    def _offer(self, photo: tuple[int, bytes] | None) -> bool:
        try:
            self._photos.put_nowait(photo)
        except Full:
            return False
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            photo = self._photos.get()
            if photo is not None:
                self._read(*photo)

    def _read(self, capture_id: int, jpeg: bytes) -> None:
        codes = self._reader.read(jpeg)
        logger.debug("label read", extra={"capture_id": capture_id, "codes": len(codes)})
        if codes:
            self._post(CodesRead(capture_id, codes, self._clock.monotonic_ns()))
