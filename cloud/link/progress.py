"""Telling tables how far their dispatches have come: at each change, and when they ask."""

import json
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.database.base import utc_now
from cloud.database.changes import id_before
from cloud.database.errors import DatabaseError
from cloud.database.feed import ChangeFeed
from cloud.database.news import ChangeRow
from cloud.database.write import Database
from cloud.link.outbound import Outbound
from cloud.link.reasons import plain
from cloud.link.senders import Sender, Senders
from cloud.proofs.models import Proof
from cloud.threads import Threads
from wire.messages import DispatchState, Progress

logger = logging.getLogger(__name__)

CHANGE_KIND = "dispatch"
_WAIT_S = 30.0
_WAIT_SHARED_S = 2.0
"""Where partitions may be taken over at any time; PostgreSQL is asked every second anyway."""
_PAUSE_AFTER_ERROR_S = 1.0
_BATCH = 200
_GAP_S = 0.02
_TOLD_AGAIN = timedelta(seconds=60)
"""What nobody may have told while a partition changed hands; longer than a lease lasts."""


def newest_progress(session: Session, proof_keys: list[str]) -> list[Progress]:
    """Progress of the newest dispatch of each proof (a session of the table's organisation)."""
    rows = session.execute(
        select(Proof.proof_key, Dispatch)
        .join(Dispatch, Dispatch.proof_id == Proof.id)
        .where(Proof.proof_key.in_(proof_keys))
    )
    # Sorted here: asked for that order, SQLite walks through all dispatches of the organisation.
    in_order = sorted(rows, key=lambda row: row[1].id)
    newest = {proof_key: dispatch for proof_key, dispatch in in_order}  # noqa: C416  the last wins
    return [
        Progress(
            proof_id=proof_key,
            state=DispatchState(dispatch.state.value),
            sent=dispatch.sent_count,
            total=dispatch.total_count,
            reason=plain(dispatch.reason),
            at=dispatch.updated_at,
        )
        for proof_key, dispatch in newest.items()
    ]


class ProgressTeller:
    """Follows the changes and publishes those of dispatches to the table they came from.

    One that a table misses is told again when the table names the proof in an inventory.
    """

    def __init__(
        self,
        database: Database,
        feed: ChangeFeed,
        senders: Senders,
        outbound: Outbound,
        on_death: Callable[[BaseException], None],
        *,
        holds: Callable[[int], bool] = lambda _partition: True,
    ) -> None:
        """``holds`` says which partitions' tables are told."""
        self._database = database
        self._feed = feed
        self._senders = senders
        self._outbound = outbound
        self._holds = holds
        self._wait_s = _WAIT_S if database.engines.is_sqlite else _WAIT_SHARED_S
        self._again: queue.SimpleQueue[frozenset[int]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads = Threads({"link-progress": self._run}, on_death)

    def start(self) -> None:
        """Begin to follow from now."""
        self._threads.start()

    def alive(self) -> bool:
        """Whether the thread turns."""
        return self._threads.all_alive()

    def stop(self) -> None:
        """End at the next change or wake of the feed; close the feed first."""
        self._stopping.set()
        self._threads.join(_WAIT_S)

    def tell(self, sender: Sender, proof_keys: list[str]) -> None:
        """Publish where these proofs of a table stand."""
        with self._database.read(sender.scope) as session:
            progress = newest_progress(session, proof_keys)
        for one in progress:
            self._outbound.progress(sender.address, one)

    def tell_again(self, partitions: frozenset[int]) -> None:
        """Tell, soon, what changed lately at the tables of partitions that are ours from now."""
        self._again.put(partitions)

    def _run(self) -> None:
        position: int | None = None
        while not self._stopping.is_set():
            position = self._step(position)

    def _step(self, position: int | None) -> int | None:
        """Tell what is new after ``position``; it stays where the database failed."""
        try:
            if position is None:
                return self._feed.position()
            self._follow_again(position)
            changes = self._feed.next(position, None, _BATCH, self._wait_s)
            self._follow(changes)
            if changes:
                position = changes[-1].id
                # Many come at a time; what comes meanwhile is told together.
                self._stopping.wait(_GAP_S)
        except DatabaseError:
            logger.exception("progress cannot be read; trying again")
            self._stopping.wait(_PAUSE_AFTER_ERROR_S)
        return position

    def _follow_again(self, until_id: int) -> None:
        while not self._again.empty():
            partitions = self._again.get()
            position = id_before(self._database, utc_now() - _TOLD_AGAIN)
            while changes := self._feed.after(position, None, _BATCH):
                position = changes[-1].id
                self._follow([one for one in changes if one.id <= until_id], partitions)

    def _follow(self, changes: Iterable[ChangeRow], only: frozenset[int] | None = None) -> None:
        """Tell of each proof once, as it stands now, however often it changed."""
        for device_id, proof_key in dict.fromkeys(filter(None, map(_subject, changes))):
            sender = self._senders.find(device_id)
            if sender is None or not self._holds(sender.address.partition):
                continue
            if only is None or sender.address.partition in only:
                self.tell(sender, [proof_key])


def _subject(change: ChangeRow) -> tuple[str, str] | None:
    """Whose proof a change is about; None: it is about something else."""
    if change.kind != CHANGE_KIND or change.device_id is None:
        return None
    proof_key = json.loads(change.payload).get("proof")
    return (change.device_id, proof_key) if proof_key else None
