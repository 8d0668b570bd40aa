"""Forgetting what nobody reads any more, and deleting what is too old: once an hour, in one process
at a time.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from cloud.database.base import utc_now
from cloud.database.changes import forget_changes
from cloud.database.errors import TransientDatabaseError
from cloud.database.leases import end_lease, keep_lease, take_lease
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.mail.queue import KEPT as MAILS_KEPT
from cloud.mail.queue import forget_mails
from cloud.main.retention import Retention
from cloud.photos.store import PhotoStore
from cloud.sync.inbox import KEPT, forget_pushes
from cloud.threads import Threads

logger = logging.getLogger(__name__)

EVERY_S = 3600.0
CHANGES_KEPT = timedelta(days=3)
"""A page that slept longer is loaded anew instead of going on from its last event."""


LEASE = "housekeeping"
_LASTS = timedelta(minutes=5)
_KEPT_EVERY_S = 60.0


def tidy(database: Database, now: datetime) -> int:
    """Forget old changes, pushes that were worked off, mails that ended; how many changes."""
    database.write(lambda session: forget_mails(session, now - MAILS_KEPT), system("old mails"))
    database.write(lambda session: forget_pushes(session, now - KEPT), system("old pushes"))
    return database.write(
        lambda session: forget_changes(session, now - CHANGES_KEPT), system("old changes")
    )


class Housekeeping:
    """Tidies in a thread of its own."""

    def __init__(
        self, database: Database, store: PhotoStore, on_death: Callable[[BaseException], None]
    ) -> None:
        self._database = database
        self._retention = Retention(database, store)
        self._kept_at_s = 0.0
        self._holder = f"housekeeping-{secrets.token_hex(8)}"
        self._stopping = threading.Event()
        self._threads = Threads({"housekeeping": self._run}, on_death)

    def start(self) -> None:
        """Tidy now, then every hour."""
        self._threads.start()

    def stop(self) -> None:
        """End after the work in hand."""
        self._stopping.set()
        self._threads.join(30)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._tidy()
            self._stopping.wait(EVERY_S)

    def _tidy(self) -> None:
        scope = system("one process tidies at a time")
        try:
            if not self._database.write(
                lambda session: take_lease(session, LEASE, self._holder, _LASTS), scope
            ):
                logger.info("another process tidies")
                return
            self._kept_at_s = time.monotonic()
            forgotten = tidy(self._database, utc_now())
            self._retention.run(utc_now(), self._goes_on)
            self._database.write(
                lambda session: end_lease(session, LEASE, self._holder, timedelta()), scope
            )
        except TransientDatabaseError:
            logger.warning("old changes cannot be forgotten now; again in an hour")
            return
        logger.info("old changes forgotten", extra={"changes": forgotten})

    def _goes_on(self) -> bool:
        """Keep the lease while much is deleted; False: the process is to end."""
        now_s = time.monotonic()
        if now_s - self._kept_at_s > _KEPT_EVERY_S:
            self._kept_at_s = now_s
            self._database.write(
                lambda session: keep_lease(session, LEASE, self._holder, _LASTS),
                system("one process tidies at a time"),
            )
        return not self._stopping.is_set()
