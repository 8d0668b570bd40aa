"""The threads of the dispatcher: they claim, send, match, settle doubts, and look once more.

A turn that found work is followed by another; else a loop waits until it is rung, or for the next
thing that is due. One thread reads the news of the database and rings whom they concern.
"""

import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session

from cloud.conversations.outbox import DispatchNews, news_in
from cloud.database.errors import TransientDatabaseError
from cloud.database.feed import ChangeFeed
from cloud.database.scope import system
from cloud.database.session_lock import SessionLock
from cloud.database.write import Database
from cloud.dispatcher.aftercare import Aftercare
from cloud.dispatcher.alarm import Alarm
from cloud.dispatcher.asking import OrderAsking
from cloud.dispatcher.claims import Claim, Claimed, ClaimRules, claim
from cloud.dispatcher.deciding import CHECKED, Due
from cloud.dispatcher.lapsing import doubt_lapsed_requests, return_lapsed_claims
from cloud.dispatcher.matching import Matching
from cloud.dispatcher.preparing import Preparing
from cloud.dispatcher.reading_turns import ReadingTurns
from cloud.dispatcher.resolving import Resolving
from cloud.dispatcher.senders import (
    end,
    end_others,
    lock_key,
    new_sender_id,
    prove_ends,
    register,
)
from cloud.dispatcher.sending import Sending
from cloud.dispatcher.settings import DispatcherSettings
from cloud.dispatcher.side_by_side import SideBySide
from cloud.marketplaces.registry import unanswered_limit
from cloud.photos.store import PhotoStore
from cloud.shops.gateway import ShopGateway
from cloud.threads import Threads

logger = logging.getLogger(__name__)

_AFTER_ERROR_S = 1.0
_JOIN_S = 30.0
_NEWS_BATCH = 200
_NEWS_GAP_S = 0.02
_NEXT_DUE_S = 0.02


class Dispatcher:
    """Sends the outbox. One per process."""

    def __init__(
        self,
        *,
        database: Database,
        store: PhotoStore,
        feed: ChangeFeed,
        gateway: ShopGateway,
        settings: DispatcherSettings,
        on_death: Callable[[BaseException], None],
    ) -> None:
        self._database = database
        self._feed = feed
        self._settings = settings
        self.sender_id = new_sender_id()
        self._lock = (
            None
            if database.engines.is_sqlite
            else SessionLock(database, lock_key(self.sender_id), on_death)
        )
        self._rules = ClaimRules(
            sender=self.sender_id,
            lease=settings.lease,
            held_check=settings.held_check,
            too_old=settings.too_old,
            limit_of=unanswered_limit,
        )
        self._to_claim, self._to_match, self._to_settle = Alarm(), Alarm(), Alarm()
        self._to_care = Alarm()
        self._preparing = Preparing(store, gateway, settings.senders, settings.pictures.font)
        self._sending = Sending(
            database=database,
            preparing=self._preparing,
            gateway=gateway,
            settings=settings,
            sender=self.sender_id,
            on_doubt=self._to_settle.ring,
        )
        asking = OrderAsking(database, gateway)
        turns = ReadingTurns(database)
        self._matching = Matching(database, gateway, asking, turns, settings)
        self._matchers = SideBySide("dispatch-matcher", settings.matchers, on_death=on_death)
        self._resolving = Resolving(database, gateway, settings)
        self._aftercare = Aftercare(database, gateway)
        self._stopping = threading.Event()
        # A claim waits here no longer than a sender needs to become free.
        self._claims: queue.Queue[Claim | None] = queue.Queue()
        self._free_senders = threading.Semaphore(settings.senders)
        self._next_sweep_s = -math.inf
        self._loops = Threads(
            {
                "dispatch-news": self._news_loop,
                "dispatch-claim": self._claim_loop,
                "dispatch-match": self._match_loop,
                "dispatch-settle": self._settle_loop,
                "dispatch-aftercare": self._aftercare_loop,
            },
            on_death,
        )
        self._senders = Threads(
            {f"dispatch-send-{number}": self._send_loop for number in range(settings.senders)},
            on_death,
        )

    def start(self) -> None:
        """Register this process and begin."""
        if self._lock is not None:
            # Before its row is there, or it could be found free.
            self._lock.take()

        def unit(session: Session) -> None:
            register(session, self.sender_id, self._settings.lease)
            if self._lock is None:
                end_others(session, self.sender_id)

        self._database.write(unit, system("a sender begins"))
        self._senders.start()
        self._loops.start()

    def alive(self) -> bool:
        """Whether every thread turns."""
        return self._loops.all_alive() and self._senders.all_alive()

    def stop(self) -> None:
        """Claim nothing more, finish what is being sent. Close the change feed first."""
        self._stopping.set()
        for alarm in (self._to_claim, self._to_match, self._to_settle, self._to_care):
            alarm.ring()
        # The claiming loop may wait for a sender to become free.
        self._free_senders.release()
        self._loops.join(_JOIN_S)
        self._matchers.close()
        # After the last claim, so that none is left lying in the queue.
        for _ in range(self._settings.senders):
            self._claims.put(None)
        self._senders.join(_JOIN_S)
        self._preparing.close()
        if self._loops.any_alive() or self._senders.any_alive():
            # A request may still be under way: this process is not at its end.
            logger.error("the dispatcher's threads did not end in time")
            return
        self._database.write(lambda session: end(session, self.sender_id), system("a sender ends"))
        if self._lock is not None:
            self._lock.let_go()

    # --- loops ----------------------------------------------------------------------------------

    def _news_loop(self) -> None:
        """Read every change once, and wake only the loop that it concerns."""
        last_id = self._feed.position()
        while not self._stopping.is_set():
            try:
                changes = self._feed.next(last_id, None, _NEWS_BATCH, self._settings.look_again_s)
            except TransientDatabaseError:
                logger.exception("news cannot be read now")
                self._stopping.wait(_AFTER_ERROR_S)
                continue
            for change in changes:
                last_id = change.id
                self._ring_for(news_in(change))
            # Many come at a time; what comes meanwhile is read together.
            self._stopping.wait(_NEWS_GAP_S)

    def _ring_for(self, news: DispatchNews | None) -> None:
        if news is None:
            return
        if news.state in CHECKED:
            self._to_match.ring()
        if news.waits_for_sender:
            self._to_claim.ring()

    def _claim_loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._sweep()
                claimed = self._claim_for_free_senders()
            except TransientDatabaseError:
                logger.exception("nothing can be claimed now")
                self._stopping.wait(_AFTER_ERROR_S)
                continue
            if not claimed.is_full:
                self._to_claim.wait(self._longest_wait_s(claimed.next_look_s))

    def _claim_for_free_senders(self) -> Claimed:
        """Claim no more than there are senders to begin at once, so that no lease is slept away."""
        self._free_senders.acquire()
        if self._stopping.is_set():
            return Claimed((), None, is_full=False)
        free = 1
        while free < self._settings.claim_batch and self._free_senders.acquire(blocking=False):
            free += 1
        claimed = Claimed((), None, is_full=False)
        try:
            claimed = self._claim(free)
        finally:
            unused = free - len(claimed.claims)
            if unused:
                self._free_senders.release(unused)
        for one in claimed.claims:
            self._claims.put(one)
        return claimed

    def _send_loop(self) -> None:
        while (one := self._claims.get()) is not None:
            try:
                self._send_on(one)
            finally:
                self._free_senders.release()

    def _send_on(self, one: Claim | None) -> None:
        """Send, and go on with whatever is next by turns: no other thread need wake up for it."""
        while one is not None:
            try:
                self._sending.send(one)
            except TransientDatabaseError:
                logger.exception("what became of a message could not be written; the sweep will")
                return
            one = None if self._stopping.is_set() else self._claim_one()

    def _claim(self, most: int) -> Claimed:
        return self._database.write(
            lambda session: claim(session, self._rules, most),
            system("the sender's turn"),
            locks=True,
        )

    def _claim_one(self) -> Claim | None:
        try:
            claimed = self._claim(1)
        except TransientDatabaseError:
            logger.exception("nothing can be claimed now")
            self._to_claim.ring()
            return None
        if claimed.next_look_s is not None:
            self._to_claim.ring_in(claimed.next_look_s)
        return claimed.claims[0] if claimed.claims else None

    def _match_loop(self) -> None:
        def turn() -> None:
            due = self._matching.due(besides=self._matchers.under_way())
            for one in due:
                self._matchers.begin(one.dispatch_id, partial(self._look, one))
            next_s = None if due else self._matching.seconds_until_next()
            self._to_match.wait(self._longest_wait_s(next_s))

        self._turn_loop(turn)

    def _look(self, due: Due) -> None:
        self._matching.look(due)
        # What it planned is claimed at once; what is due next is looked for when that is done.
        self._to_claim.ring()
        self._to_match.ring_in(_NEXT_DUE_S)

    def _settle_loop(self) -> None:
        def turn() -> None:
            if not self._resolving.turn():
                self._to_settle.wait(self._longest_wait_s(self._resolving.seconds_until_next()))

        self._turn_loop(turn)

    def _aftercare_loop(self) -> None:
        def turn() -> None:
            if not self._aftercare.turn():
                self._to_care.wait(self._longest_wait_s(self._aftercare.seconds_until_next()))

        self._turn_loop(turn)

    def _turn_loop(self, turn: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                turn()
            except TransientDatabaseError:
                logger.exception("a turn is put off")
                self._stopping.wait(_AFTER_ERROR_S)

    def _longest_wait_s(self, due_in_s: float | None) -> float:
        longest_s = self._settings.look_again_s
        return longest_s if due_in_s is None else min(longest_s, due_in_s)

    def _sweep(self) -> None:
        now_s = time.monotonic()
        if now_s < self._next_sweep_s:
            return
        self._next_sweep_s = now_s + self._settings.sweep_every_s

        if self._lock is not None:
            self._prove_ends()

        def unit(session: Session) -> tuple[int, int]:
            lapsed = return_lapsed_claims(session)
            return lapsed, doubt_lapsed_requests(session, self._settings.settle)

        returned, doubted = self._database.write(unit, system("claims whose holder is gone"))
        if doubted:
            self._to_settle.ring()
        if returned or doubted:
            logger.warning("claims lapsed", extra={"returned": returned, "doubted": doubted})

    def _prove_ends(self) -> None:
        ended = self._database.write(
            lambda session: prove_ends(session, self.sender_id), system("senders that are silent")
        )
        if ended:
            logger.warning("senders can do nothing more", extra={"senders": ended})
