"""Holding leases of partitions: one thread renews them, takes its share, and gives up what is lost.

The lease decides who subscribes and answers; it does not make a receipt true. A receipt is true
whoever sends it, because it follows a committed row and a photo that was flushed to disk
(invariant 4): two processes that serve one table for a moment, one of them stopped and woken after
its lease, store the same rows under the same keys, and at worst both say so. So a clock that runs
wrong costs work done twice, never a photo. What the lease prevents is two processes that share a
table for long: each would hold half of a photo's slices, and tell the table that the others lack.

Times: the database's clock measures leases. A process counts its own from before it asked for
them, by its monotonic clock, so that it stops answering before the database lets another take
over. A process that was stopped beyond its lease finds it over by that clock as soon as it wakes.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from cloud import metrics
from cloud.database.errors import DatabaseError, TransientDatabaseError
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.link.partitions import Turn, give_up, leave, take_all, take_turn
from cloud.threads import Threads
from wire.topics import PARTITIONS

logger = logging.getLogger(__name__)

_SHARING = system("link processes share the partitions")
_JOIN_S = 15.0
_NOTHING: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How long a lease lasts, and when it is renewed."""

    lease: timedelta
    renew_s: float


SHARED = LeaseTimes(lease=timedelta(seconds=6), renew_s=1.5)
"""Of several processes: the share of one that died is taken over within eight seconds."""
ALONE = LeaseTimes(lease=timedelta(days=1), renew_s=3600.0)
"""Of the one process that may exist: nobody waits for the end of its leases."""


def new_process_id() -> str:
    """A name for this process that no other has or had."""
    return f"link-{secrets.token_hex(8)}"


class PartitionLeases:
    """The partitions of this process. Only one that hears the broker takes or keeps any.

    ``follow`` is told, in the thread of this object, what to subscribe to; ``on_taken`` what is
    new. ``may_hold`` says whether the broker is heard.
    """

    def __init__(
        self,
        database: Database,
        *,
        may_hold: Callable[[], bool],
        follow: Callable[[frozenset[int]], None],
        on_taken: Callable[[frozenset[int]], None],
        on_death: Callable[[BaseException], None],
        times: LeaseTimes | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._alone = database.engines.is_sqlite
        self._times = times or (ALONE if self._alone else SHARED)
        self._may_hold = may_hold
        self._follow = follow
        self._on_taken = on_taken
        self._monotonic_s = monotonic_s
        self.process_id = new_process_id()
        self._held: tuple[frozenset[int], float] = (_NOTHING, 0.0)
        """What is held, and until when by our clock; replaced as one."""
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._threads = Threads({"link-leases": self._run}, on_death)

    def start(self) -> None:
        """Begin to take leases as soon as the broker is heard."""
        self._threads.start()

    def alive(self) -> bool:
        """Whether the thread turns."""
        return self._threads.all_alive()

    def look_now(self) -> None:
        """Take the next turn at once: the broker is heard now."""
        self._wake.set()

    def holds(self, partition: int) -> bool:
        """Whether this process may answer the tables of a partition now."""
        held, until_s = self._held
        return partition in held and self._monotonic_s() < until_s

    def stop(self) -> None:
        """Give everything up, so that others need not wait for the leases to end."""
        self._stopping.set()
        self._wake.set()
        self._threads.join(_JOIN_S)
        self._held = (_NOTHING, 0.0)
        metrics.PARTITIONS_HELD.set(0)
        try:
            self._database.write(lambda session: leave(session, self.process_id), _SHARING)
        except DatabaseError:
            logger.warning("the leases of partitions end by themselves")

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            if self._may_hold():
                self._turn()
            self._drop_what_is_over()
            self._wake.wait(self._times.renew_s)

    def _turn(self) -> None:
        began_s = self._monotonic_s()
        try:
            turn = self._database.write(self._unit, _SHARING)
            self._hold(turn, began_s + self._times.lease.total_seconds())
            if turn.surplus:
                self._database.write(
                    lambda session: give_up(session, self.process_id, turn.surplus), _SHARING
                )
        except TransientDatabaseError as error:
            logger.warning("leases of partitions cannot be renewed now: %s", error)

    def _unit(self, session: Session) -> Turn:
        take = take_all if self._alone else take_turn
        return take(session, self.process_id, self._times.lease)

    def _hold(self, turn: Turn, until_s: float) -> None:
        before, _ = self._held
        kept = turn.held - turn.surplus
        self._held = (kept, until_s)
        metrics.PARTITIONS_HELD.set(len(kept))
        self._follow(kept)
        new = kept - before
        if new:
            self._on_taken(new)
        if kept != before:
            logger.info(
                "partitions of tables",
                extra={"held": len(kept), "of": PARTITIONS, "holder": self.process_id},
            )

    def _drop_what_is_over(self) -> None:
        held, until_s = self._held
        if held and self._monotonic_s() >= until_s:
            logger.warning("the leases of partitions are over", extra={"held": len(held)})
            self._held = (_NOTHING, 0.0)
            metrics.PARTITIONS_HELD.set(0)
            self._follow(_NOTHING)
