"""Waiting for changes: a condition within the process, NOTIFY between processes of PostgreSQL."""

import logging
import threading
import time
from collections.abc import Callable

import psycopg

from cloud.database.changes import changes_after, horizon
from cloud.database.news import ChangeRow
from cloud.database.write import NEWS_CHANNEL, Database, log_death

# PostgreSQL only, for what no notification tells: one that got lost, and the end of an older
# transaction behind which newer rows were hidden.
_LOOK_AGAIN_S = 1.0
_LOOK_AGAIN_HIDDEN_S = 0.05
_RECONNECT_S = 1.0
_LISTEN_SLICE_S = 0.5

logger = logging.getLogger(__name__)


class ChangeFeed:
    """Reads changes, and waits for them. One per process, shared by its threads.

    On PostgreSQL it listens in a thread of its own, which connects again by itself; `on_death`
    is called should that thread die (the process must end then).
    """

    def __init__(
        self, database: Database, *, on_death: Callable[[BaseException], None] = log_death
    ) -> None:
        self._database = database
        self._on_death = on_death
        self._changed = threading.Condition()
        self._wakes = 0
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        if database.engines.is_sqlite:
            database.on_news(self._wake)
        else:
            self._thread = threading.Thread(target=self._run, name="change-listener", daemon=True)
            self._thread.start()

    def position(self) -> int:
        """Return the id after which a new reader begins, to see only what is new."""
        return horizon(self._database).newest_id

    def after(self, last_id: int, organisation_id: int | None, limit: int) -> list[ChangeRow]:
        """Return the changes after `last_id` (see `changes.changes_after`)."""
        return changes_after(self._database, last_id, organisation_id, limit)

    def wait(self, last_id: int, timeout_s: float) -> bool:
        """Wait until there is a change after `last_id` in any organisation; False at the timeout.

        Also False, early, once the feed is closed.
        """
        return bool(self.next(last_id, None, 1, timeout_s))

    def next(
        self, last_id: int, organisation_id: int | None, limit: int, timeout_s: float
    ) -> list[ChangeRow]:
        """Return the changes after `last_id` (see `changes.changes_after`), waiting for some.

        None of them at the timeout; also, early, once the feed is closed.
        """
        deadline = time.monotonic() + timeout_s
        while not self._closing.is_set():
            with self._changed:
                seen = self._wakes
            changes = self._database.recent_changes.after(last_id, organisation_id, limit)
            if changes is None:
                changes = self.after(last_id, organisation_id, limit)
            left_s = deadline - time.monotonic()
            if changes:
                return changes
            if left_s <= 0:
                # What another process wrote to SQLite wakes nobody here.
                return self.after(last_id, organisation_id, limit)
            self._sleep(seen, min(left_s, self._look_again_s()))
        return []

    def close(self) -> None:
        """Wake every waiter and end the listening thread."""
        self._closing.set()
        self._wake()
        if self._thread is not None:
            self._thread.join()

    def _sleep(self, seen: int, longest_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._wakes != seen, longest_s)

    def _look_again_s(self) -> float:
        if self._database.engines.is_sqlite:
            return float("inf")
        return _LOOK_AGAIN_HIDDEN_S if horizon(self._database).hidden else _LOOK_AGAIN_S

    def _wake(self) -> None:
        with self._changed:
            self._wakes += 1
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._listen_until_lost()
                # Only a loss comes here before closing, and closing ends this wait at once.
                self._closing.wait(_RECONNECT_S)
        except BaseException as error:  # noqa: BLE001  the thread's end must be told, whatever it is
            self._on_death(error)

    def _listen_until_lost(self) -> None:
        url = self._database.engines.writer.url.set(drivername="postgresql")
        try:
            with psycopg.connect(
                url.render_as_string(hide_password=False), autocommit=True
            ) as connection:
                connection.execute(f"LISTEN {NEWS_CHANNEL}")
                self._wake()
                while not self._closing.is_set():
                    for _ in connection.notifies(timeout=_LISTEN_SLICE_S, stop_after=1):
                        self._wake()
        except psycopg.OperationalError as error:
            logger.warning(
                "lost the notifications of PostgreSQL, connecting again",
                extra={"reason": type(error).__name__},
            )
