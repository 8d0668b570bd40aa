"""What waits, read from the database when Prometheus asks: few rows, by an index, and seldom."""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch, Message
from cloud.conversations.states import DispatchState, MessageState
from cloud.database.base import utc_now
from cloud.database.errors import DatabaseError
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.models import Device
from cloud.fleet.service import may_connect

REMEMBERED_S = 10.0
"""However often and by however many it is asked, the database is read no more often than this."""
COUNTED_AT_MOST = 10_000
"""Of each kind: beyond it a longer queue costs no longer reading."""

LOOKED_AT_MOST = 1_000
"""For the oldest; the index alone does not tell it."""

_WAITING = (
    DispatchState.WAITING_FOR_ORDER,
    DispatchState.QUEUED,
    DispatchState.SENDING,
    DispatchState.HELD,
    DispatchState.NOT_CONFIRMED,
    DispatchState.NEEDS_PERSON,
)


class Backlog(Collector):
    """The gauges of what waits, the same in every process that shows them."""

    def __init__(
        self, database: Database, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._read: tuple[float, list[Metric]] | None = None

    def describe(self) -> Iterable[Metric]:
        """Nothing: to register it reads nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """The gauges; without a database only that it cannot be read."""
        with self._lock:
            now_s = self._monotonic_s()
            if self._read is None or now_s - self._read[0] >= REMEMBERED_S:
                self._read = now_s, self._gauges()
            return self._read[1]

    def _gauges(self) -> list[Metric]:
        readable = GaugeMetricFamily(
            "packwitness_database_readable", "1 while the database can be read."
        )
        try:
            with self._database.read(system("what waits, for Prometheus")) as session:
                gauges = [*_dispatches(session), _doubts(session), _tables(session)]
        except DatabaseError:
            readable.add_metric([], 0)
            return [readable]
        readable.add_metric([], 1)
        return [readable, *gauges]


def _dispatches(session: Session) -> Iterable[Metric]:
    waiting = GaugeMetricFamily(
        "packwitness_dispatches_waiting",
        f"What is asked for and not ended, by state; counted up to {COUNTED_AT_MOST}.",
        labels=["state"],
    )
    oldest = GaugeMetricFamily(
        "packwitness_oldest_dispatch_seconds",
        "Age of the oldest that waits, since F4 or Resend; 0 when none does.",
        labels=["state"],
    )
    for state in _WAITING:
        of_state = Dispatch.state == state
        waiting.add_metric([state], _count(session, select(Dispatch.id).where(of_state)))
        # The index of what is due has them by state; without a time due, oldest first.
        first = select(Dispatch.asked_at).where(of_state).order_by(Dispatch.next_check_at)
        some = first.limit(LOOKED_AT_MOST).subquery()
        oldest.add_metric([state], _age_s(session.scalar(select(func.min(some.c.asked_at)))))
    return waiting, oldest


def _age_s(since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (utc_now() - since).total_seconds())


def _doubts(session: Session) -> Metric:
    gauge = GaugeMetricFamily(
        "packwitness_messages_in_doubt",
        "Messages of which nobody knows yet whether the buyer has them.",
    )
    gauge.add_metric(
        [], _count(session, select(Message.id).where(Message.state == MessageState.UNCERTAIN))
    )
    return gauge


def _tables(session: Session) -> Metric:
    gauge = GaugeMetricFamily(
        "packwitness_tables",
        "Enrolled tables that are not disabled, by whether the broker has them.",
        labels=["online"],
    )
    for online in (True, False):
        of_kind = select(Device.id).where(may_connect(), Device.online.is_(online))
        gauge.add_metric([str(online).lower()], _count(session, of_kind))
    return gauge


def _count(session: Session, rows: Select[int]) -> int:
    some = rows.limit(COUNTED_AT_MOST).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
