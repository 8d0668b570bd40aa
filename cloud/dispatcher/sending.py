"""Sending claimed messages: upload, commit `sending`, request, write what became of it."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from cloud import metrics
from cloud.conversations.states import AttemptOutcome as Outcome
from cloud.conversations.states import Reason
from cloud.database.base import utc_now
from cloud.database.errors import CommitUnknown
from cloud.database.insisting import write_insisting
from cloud.database.scope import scoped
from cloud.database.sessions import T, Unit
from cloud.database.write import Database
from cloud.dispatcher.beginning import Begun, begin_sending
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.errors import ClaimLost
from cloud.dispatcher.going_on import NOT_NOW, Following, WentOn, finish_sent, keep_for_later
from cloud.dispatcher.jobs import Job, jobs_from
from cloud.dispatcher.preparing import OBSTACLES, Preparing, Ready, step_past
from cloud.dispatcher.results import (
    SAME_ID_TWICE,
    finish_known_failure,
    finish_unknown,
    give_back,
    give_back_begun,
)
from cloud.dispatcher.retry import Next, Step, step_after
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.chats import OutgoingMessage, SentMessage
from cloud.marketplaces.errors import MarketplaceError, OutcomeUnknown
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import Line, ShopGateway
from cloud.shops.service import Purpose

logger = logging.getLogger(__name__)

_TRIES_AGAIN = frozenset({Next.AGAIN, Next.SLOW_DOWN, Next.REFRESH_TOKEN})
_FAILURES = (MarketplaceError, *OBSTACLES)


@dataclass(frozen=True, slots=True)
class _Request:
    """A message that is `sending`."""

    job: Job
    ready: Ready
    begun: Begun
    since_s: float
    """Monotonic, before `sending` was written: the lease cannot end sooner than counted from it."""


class Sending:
    """Sends claimed messages; used by all sender threads."""

    def __init__(
        self,
        *,
        database: Database,
        preparing: Preparing,
        gateway: ShopGateway,
        settings: DispatcherSettings,
        sender: str,
        on_doubt: Callable[[], None],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """``on_doubt`` is called whenever it has become unknown what a request did."""
        self._database = database
        self._preparing = preparing
        self._gateway = gateway
        self._settings = settings
        self._sender = sender
        self._on_doubt = on_doubt
        self._monotonic_s = monotonic_s

    def send(self, claim: Claim) -> None:
        """Send one message, and those of its dispatch that may follow at once.

        Every end is written; a lost claim ends without a word.

        Raises:
            DatabaseError: nothing more could be written. What was committed stands, and the sweep
                settles it when the lease has run out.
        """
        with self._database.read(scoped(claim.organisation_id)) as session:
            job, *following = jobs_from(session, claim, self._settings)
        try:
            self._send_all(job, following)
        except ClaimLost as lost:
            logger.warning("a claim was lost: %s", lost, extra=job.ids)

    def _send_all(self, job: Job, following: Sequence[Job]) -> None:
        request: _Request | None = self._prepared(job)
        if request is None:
            return
        # Their uploads take place while the messages before them are on their way.
        ahead = deque((after, self._preparing.ahead(after)) for after in following)
        while request is not None:
            sent = self._requested(request)
            if not ahead or sent is None:
                self._finish(request, sent)
                break
            request = self._go_on(request, sent, *ahead.popleft())
        for after, upload in ahead:
            self._when_ready(after, upload, NOT_NOW)

    # --- one message ----------------------------------------------------------------------------

    def _prepared(self, job: Job) -> _Request | None:
        try:
            ready = self._preparing.ready(job)
        except _FAILURES as error:
            self._fail_before(job, error)
            return None
        return self._begin(job, ready)

    def _begin(self, job: Job, ready: Ready) -> _Request:
        def unit(session: Session) -> Begun:
            return begin_sending(
                session,
                job.claim,
                sender=self._sender,
                lease=self._settings.lease,
                uploaded=ready.uploaded,
            )

        since_s = self._monotonic_s()
        try:
            begun = self._database.write(unit, job.scope, locks=True)
        except CommitUnknown:
            # Nobody can wait for a request that will not be made.
            self._write(job, lambda session: give_back_begun(session, job.claim, self._sender))
            raise
        return _Request(job, ready, begun, since_s)

    def _requested(self, request: _Request) -> SentMessage | None:
        """Make the request; None: it was not sent, and what became of it is written."""
        job, begun = request.job, request.begun
        # A process that was stopped here must not write after its lease: the request's own deadline
        # counts from now and ends before the lease does.
        left_s = self._settings.lease.total_seconds() - (self._monotonic_s() - request.since_s)
        if left_s <= self._settings.request_deadline_s:
            self._write(job, lambda session: give_back(session, job.claim, begun.attempt_id))
            return None
        message = OutgoingMessage(
            buyer_id=job.buyer_id,
            order_number=job.order_number,
            part=request.ready.part,
            conversation_id=request.ready.conversation_id,
        )
        line = request.ready.line
        try:
            return line.marketplace.send(
                line.access, message, deadline_s=self._settings.request_deadline_s
            )
        except MarketplaceError as error:
            self._fail(job, (begun, line), error)
            return None

    # --- after it was sent ----------------------------------------------------------------------

    def _finish(self, request: _Request, sent: SentMessage | None) -> None:
        job, begun = request.job, request.begun
        if sent is not None:
            unit = partial(finish_sent, claim=job.claim, begun=begun, sent=sent)
            _note_sent(job, self._write(job, unit, locks=True))

    def _go_on(
        self, request: _Request, sent: SentMessage, after: Job, ahead: "Future[Ready]"
    ) -> _Request | None:
        """Write the result at once, and with it that the next part begins, if it may."""
        ready = _result_so_far(ahead)
        following = Following(
            claim=after.claim,
            is_ready=ready is not None,
            uploaded=ready.uploaded if ready and not after.uploaded else None,
            sender=self._sender,
            lease=self._settings.lease,
        )
        job, since_s = request.job, self._monotonic_s()
        went_on = self._write(
            job,
            lambda session: finish_sent(session, job.claim, request.begun, sent, following),
            locks=True,
        )
        _note_sent(job, went_on)
        if ready is not None and went_on.begun is not None:
            return _Request(after, _into_conversation(ready, sent), went_on.begun, since_s)
        return None if ready is not None else self._when_ready(after, ahead, went_on, sent)

    def _when_ready(
        self, after: Job, ahead: "Future[Ready]", went_on: WentOn, sent: SentMessage | None = None
    ) -> _Request | None:
        """Its upload took longer than the request before it, or failed."""
        try:
            ready = _into_conversation(ahead.result(), sent)
        except _FAILURES as error:
            if went_on.is_claimed:
                self._fail_before(after, error)
            return None
        if went_on.is_claimed:
            return self._begin(after, ready)
        uploaded = ready.uploaded
        if uploaded is not None and uploaded != after.uploaded:
            self._write(after, lambda session: keep_for_later(session, after.claim, uploaded))
        return None

    # --- failures -------------------------------------------------------------------------------

    def _fail_before(self, job: Job, error: Exception) -> None:
        """It could not be got ready, so that no request went out."""
        if isinstance(error, MarketplaceError):
            self._fail(job, None, error)
        else:
            self._write_failure(job, None, step_past(error, self._wait_after(job)))

    def _fail(self, job: Job, request: tuple[Begun, Line] | None, error: MarketplaceError) -> None:
        step = step_after(error, job.earlier, self._settings.back_off)
        logger.warning(
            "a message was not sent: %s",
            error.name,
            extra={**job.ids, "next": step.next.name, "reason": step.reason.value},
        )
        doubted = request is not None and step.next is Next.LOOK_INTO_CHAT
        metrics.MESSAGES.labels("unknown" if doubted else "refused", step.reason.value).inc()
        if request is not None and doubted:
            self._write_doubt(job, request[0], step, error)
            return
        if step.next is Next.LOOK_INTO_CHAT:
            # Before the request: an upload or a token; nothing of it is in the chat.
            step = replace(step, next=Next.AGAIN, wait=self._wait_after(job))
        if step.next is Next.REFRESH_TOKEN:
            step = self._with_new_token(job, request, step)
        self._write_failure(job, request[0].attempt_id if request else None, step)

    def _write_doubt(self, job: Job, begun: Begun, step: Step, error: MarketplaceError) -> None:
        unknown = isinstance(error, OutcomeUnknown)
        self._write(
            job,
            lambda session: finish_unknown(
                session,
                job.claim,
                begun.attempt_id,
                step,
                outcome=Outcome.UNKNOWN if unknown else Outcome.REFUSED,
                settle=self._settings.settle,
                back_off=self._settings.back_off,
            ),
        )
        self._on_doubt()

    def _with_new_token(self, job: Job, request: tuple[Begun, Line] | None, step: Step) -> Step:
        """Get a new token now; where that fails, wait or hold as that failure says."""
        try:
            line = request[1] if request else self._gateway.line(job.shop, Purpose.CHAT)
            self._gateway.token_rejected(job.shop, Purpose.CHAT, line)
        except NotAuthorized as error:
            return Step(Next.HOLD, Reason.AUTHORIZATION, str(error))
        except MarketplaceError as error:
            after = step_after(error, job.earlier, self._settings.back_off)
            if after.next in (Next.LOOK_INTO_CHAT, Next.REFRESH_TOKEN):
                return replace(after, next=Next.AGAIN, wait=self._wait_after(job))
            return after
        return step

    def _write_failure(self, job: Job, attempt_id: int | None, step: Step) -> None:
        if step.next is Next.HOLD:
            step = replace(step, wait=max(self._settings.held_check, self._wait_after(job)))
        elif job.is_too_old and step.next in _TRIES_AGAIN:
            step = replace(step, next=Next.FAIL_DISPATCH)
        self._write(
            job,
            lambda session: finish_known_failure(
                session, job.claim, attempt_id, step, self._settings.back_off
            ),
        )

    def _write(self, job: Job, unit: Unit[T], *, locks: bool = False) -> T:
        return write_insisting(self._database, unit, job.scope, locks=locks)

    def _wait_after(self, job: Job) -> timedelta:
        return self._settings.back_off.after(job.earlier.refused)


def _note_sent(job: Job, went_on: WentOn) -> None:
    if went_on.is_doubted:
        logger.warning(SAME_ID_TWICE, extra=job.ids)
        metrics.MESSAGES.labels("unknown", Reason.OTHER.value).inc()
        return
    logger.info("message sent", extra=job.ids)
    metrics.MESSAGES.labels("sent", "").inc()
    if went_on.whole_since is not None:
        seconds = (utc_now() - went_on.whole_since).total_seconds()
        metrics.PRESS_TO_SENT.observe(max(0.0, seconds))


def _result_so_far(ahead: "Future[Ready]") -> Ready | None:
    """What was got ready by now; a failure is looked at later, once the result is written."""
    return ahead.result() if ahead.done() and ahead.exception() is None else None


def _into_conversation(ready: Ready, sent: SentMessage | None) -> Ready:
    """What follows goes into the conversation of the message before it."""
    return replace(ready, conversation_id=sent.conversation_id) if sent else ready
