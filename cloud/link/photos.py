"""Storing complete photos: the photo store first, then the database, then the receipt."""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.errors import DatabaseError
from cloud.database.write import Database
from cloud.link.outbound import Outbound
from cloud.link.senders import Sender
from cloud.photos.errors import PhotoStoreError
from cloud.photos.store import PhotoStore
from cloud.proofs.service import add_photo
from wire.messages import PhotoResult

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
        self._store = store
        self._outbound = outbound
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="link-photo")
        self._in_work: dict[_Key, Future[None]] = {}
        self._lock = threading.Lock()

    def take(self, sender: Sender, sha256: str, data: bytes) -> Future[None]:
        """Store a photo whose hash was checked. The future ends when it is answered, or given up.

        A photo that could not be stored is not answered: its table sends it again.
        """
        key = (sender.organisation_id, sha256)
        with self._lock:
            running = self._in_work.get(key)
            if running is None:
                running = self._pool.submit(self._store_and_answer, sender, sha256, data)
                self._in_work[key] = running
                running.add_done_callback(lambda _: self._forget(key))
        return running

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

    def _forget(self, key: _Key) -> None:
        with self._lock:
            self._in_work.pop(key, None)

    def _store_and_answer(self, sender: Sender, sha256: str, data: bytes) -> None:
        if not looks_like_jpeg(data):
            logger.warning(
                "a photo is no JPEG", extra={"device": sender.device_id, "photo": sha256}
            )
            self._outbound.photo(
                sender.address, sha256, PhotoResult.REFUSED, "the bytes are no JPEG picture"
            )
            return
        try:
            self._store.put(sender.organisation_id, sha256, data)
            self._commit(sender, sha256, len(data))
        except (PhotoStoreError, DatabaseError):
            logger.exception(
                "a photo could not be stored; its table will send it again",
                extra={"device": sender.device_id, "photo": sha256},
            )
            return
        self._outbound.photo(sender.address, sha256, PhotoResult.RECEIPTED)

    def _commit(self, sender: Sender, sha256: str, size_bytes: int) -> None:
        now = utc_now()

        def unit(session: Session) -> None:
            add_photo(session, sha256, size_bytes, sender.device_id, now)

        self._database.write(unit, sender.scope)


def looks_like_jpeg(data: bytes) -> bool:
    """Whether the bytes begin and end as a JPEG does; whole pictures are decoded when shown."""
    return data.startswith(_JPEG_START) and data.rstrip(b"\0").endswith(_JPEG_END)
