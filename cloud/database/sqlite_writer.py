"""The write path of SQLite: one thread, which commits the units of many callers together.

A commit costs a disk flush; sharing it makes many small units fast (stack F). No savepoints: when
one unit of a group raises, the whole group is rolled back and each unit runs alone.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine

from cloud import metrics
from cloud.database.errors import WriterStopped
from cloud.database.news import ChangeRow, RecentChanges
from cloud.database.scope import Scope
from cloud.database.sessions import T, Unit, run_unit
from cloud.database.translate import outside_view

GROUP_LIMIT = 50

logger = logging.getLogger(__name__)


class _Job:
    """One unit, its caller's wake-up and, when done, its result or error."""

    def __init__(self, unit: Unit[Any], scope: Scope) -> None:
        self.unit = unit
        self.scope = scope
        self._done = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None

    def succeed(self, result: object) -> None:
        self._result = result
        self._done.set()

    def fail(self, error: BaseException) -> None:
        self._error = error
        self._done.set()

    def wait(self) -> Any:
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._result


class GroupCommitWriter:
    """Runs units one after another in its own thread.

    `on_news` is called in that thread after a commit that others wait for. `on_death` is called
    once if the thread dies: the process must end then, because nothing can be written any more.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        recent: RecentChanges,
        on_news: Callable[[], None],
        on_death: Callable[[BaseException], None],
    ) -> None:
        self._engine = engine
        self._recent = recent
        self._on_news = on_news
        self._on_death = on_death
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        metrics.WRITES_WAITING.set_function(self._queue.qsize)
        # Guards "closed or dead" against a job that is put at that very moment.
        self._gate = threading.Lock()
        self._stopped: str | None = None
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def write(
        self,
        unit: Unit[T],
        scope: Scope,
        *,
        locks: bool = False,  # noqa: ARG002  one signature for both engines
    ) -> T:
        """Run the unit, and return its result once it is on the disk."""
        job = _Job(unit, scope)
        with self._gate:
            if self._stopped:
                raise WriterStopped(self._stopped)
            self._queue.put(job)
        result: T = job.wait()
        return result

    def is_writing_thread(self) -> bool:
        """Say whether the caller is a unit: writing from there would wait for itself."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Take no more units, finish those that wait, end the thread."""
        with self._gate:
            if self._stopped is None:
                self._stopped = "the database is closed"
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        group: list[_Job] = []
        try:
            while True:
                group, last = self._next_group()
                if group:
                    self._commit_group(group)
                if last:
                    return
        except BaseException as error:  # noqa: BLE001  the thread's end must be told, whatever it is
            self._die(error, group)

    def _next_group(self) -> tuple[list[_Job], bool]:
        """Wait for a unit and take with it what else is there; say whether closing follows."""
        group: list[_Job] = []
        job = self._queue.get()
        while job is not None:
            group.append(job)
            if len(group) == GROUP_LIMIT:
                return group, False
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit_group(self, group: Sequence[_Job]) -> None:
        began, began_s = False, time.monotonic()
        done: list[tuple[object, Sequence[ChangeRow]]] = []
        try:
            with self._engine.begin() as connection:
                began = True
                done = [run_unit(connection, job.unit, job.scope) for job in group]
        except Exception as error:  # noqa: BLE001  a unit may raise anything; it is its caller's
            if began and len(group) > 1:
                for job in group:
                    self._commit_group([job])
            else:
                for job in group:
                    job.fail(outside_view(error))
            return
        metrics.WRITE_SECONDS.observe(time.monotonic() - began_s)
        metrics.WRITE_GROUP.observe(len(group))
        news = [change for _, changes in done for change in changes]
        # Before anybody can know that it is committed, and look for it there.
        self._recent.add(news)
        for job, (result, _) in zip(group, done, strict=True):
            job.succeed(result)
        if news:
            self._on_news()

    def _die(self, error: BaseException, group: Sequence[_Job]) -> None:
        logger.critical("the database writer died", exc_info=error)
        with self._gate:
            self._stopped = f"the database writer died of {type(error).__name__}"
        left = list(group)
        while True:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is not None:
                left.append(job)
        for job in left:
            job.fail(WriterStopped(self._stopped))
        self._on_death(error)
