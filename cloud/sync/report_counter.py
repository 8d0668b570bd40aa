"""Counts for the reports every minute, in a thread of its own."""

import logging
import threading
from collections.abc import Callable

from cloud.database.base import utc_now
from cloud.database.errors import TransientDatabaseError
from cloud.database.write import Database
from cloud.sync.counting import Counting
from cloud.threads import Threads

logger = logging.getLogger(__name__)

EVERY_S = 60.0


class ReportCounter:
    """Keeps the figures of the reports."""

    def __init__(self, database: Database, on_death: Callable[[BaseException], None]) -> None:
        self._counting = Counting(database)
        self._stopping = threading.Event()
        self._threads = Threads({"report-counter": self._run}, on_death)

    def start(self) -> None:
        """Count now, then every minute."""
        self._threads.start()

    def stop(self) -> None:
        """End after the work in hand, of which nothing is lost."""
        self._stopping.set()
        self._counting.stop()
        self._threads.join(30)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._count()
            self._stopping.wait(EVERY_S)

    def _count(self) -> None:
        try:
            self._counting.turn(utc_now())
        except TransientDatabaseError:
            logger.warning("reports cannot be counted now; again in a minute")
