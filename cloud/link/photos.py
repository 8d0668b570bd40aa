"""Storing complete photos: the photo store first, then the database, then the receipt."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sqlalchemy.orm import Session

from cloud import metrics
from cloud.database.base import utc_now
from cloud.database.write import Database
from cloud.link.outbound import Outbound
from cloud.link.senders import Sender
from cloud.photos.errors import PhotoStoreError
from cloud.photos.store import PhotoStore
from cloud.proofs.service import add_photo
from wire.messages import Answer, PhotoAnswer, PhotoResult

logger = logging.getLogger(__name__)

_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"

_Key = tuple[int, str]


class PhotoIntake:
    """Stores photos with a few workers; repeats of a photo in work are not stored twice."""

    def __init__(
        self, database: Database, store: PhotoStore, outbound: Outbound, workers: int
    ) -> None:
        self._database = database
        self._photos = store
        self._outbound = outbound
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="link-photo")
        self._in_work: dict[_Key, Future[PhotoAnswer | None]] = {}
        self._lock = threading.Lock()

    def take(self, sender: Sender, sha256: str, data: bytes, when_done: Callable[[], None]) -> None:
        """Store a photo whose hash was checked, answer, and call ``when_done``.

        A photo that could not be stored is not answered: its table sends it again.
        """
        key = (sender.organisation_id, sha256)
        with self._lock:
            running = self._in_work.get(key)
            if running is None:
                running = self._pool.submit(self._store, sender, sha256, data)
                self._in_work[key] = running
        # Outside of the lock: what is done already calls back at once, in this thread.
        running.add_done_callback(lambda done: self._forget(key, done))
        running.add_done_callback(lambda done: self._answer(sender, done, when_done))

    def wait_for(self, organisation_id: int, sha256s: list[str], timeout_s: float) -> None:
        """Wait for those of the photos that are being stored now."""
        with self._lock:
            futures = [
                self._in_work[key]
                for key in ((organisation_id, sha256) for sha256 in sha256s)
                if key in self._in_work
            ]
        wait(futures, timeout_s)

    def close(self) -> None:
        """Finish what is in work."""
        self._pool.shutdown()

    def _forget(self, key: _Key, done: Future[PhotoAnswer | None]) -> None:
        with self._lock:
            if self._in_work.get(key) is done:
                del self._in_work[key]

    def _store(self, sender: Sender, sha256: str, data: bytes) -> PhotoAnswer | None:
        """What to answer; None when it is not stored, whatever the cause."""
        if not looks_like_jpeg(data):
            reason = "the bytes are no JPEG picture"
            return PhotoAnswer(sha256=sha256, result=PhotoResult.REFUSED, reason=reason)
        try:
            self._photos.put(sender.organisation_id, sha256, data)
            self._commit(sender, sha256, len(data))
        except Exception as error:
            # Of any kind: one photo must not end the link for every other table.
            if isinstance(error, PhotoStoreError):
                metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
            logger.exception(
                "a photo could not be stored; its table will send it again",
                extra={"device": sender.device_id, "photo": sha256},
            )
            return None
        metrics.PHOTOS_STORED.inc()
        return PhotoAnswer(sha256=sha256, result=PhotoResult.RECEIPTED)

    def _commit(self, sender: Sender, sha256: str, size_bytes: int) -> None:
        now = utc_now()

        def unit(session: Session) -> None:
            add_photo(session, sha256, size_bytes, sender.device_id, now)

        self._database.write(unit, sender.scope)

    def _answer(
        self, sender: Sender, done: Future[PhotoAnswer | None], when_done: Callable[[], None]
    ) -> None:
        try:
            answer = done.result()
            if answer is not None:
                self._outbound.answer(sender.address, Answer(photos=[answer]))
        finally:
            when_done()


def looks_like_jpeg(data: bytes) -> bool:
    """Whether the bytes begin and end as a JPEG does; whole pictures are decoded when shown."""
    return data.startswith(_JPEG_START) and data.rstrip(b"\0").endswith(_JPEG_END)
