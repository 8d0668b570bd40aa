"""Writing what became of a message. Units for the write path, all of them fenced.

A holder whose fence is not the row's any more has lost its claim: it changes nothing, except that
a request which did go out is completed in its attempt.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.conversations.outbox import (
    DETAIL_LENGTH,
    add_order_card,
    messages_of,
    refresh_state,
    set_state,
)
from cloud.conversations.states import AttemptOutcome, DispatchState, MessageState
from cloud.database.clock import database_now
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.errors import ClaimLost
from cloud.dispatcher.retry import Next, Step
from cloud.marketplaces.chats import SentMessage
from cloud.shops.models import SendingPace


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that may go out now: `sending` is committed."""

    attempt_id: int
    started_at: datetime


def begin_sending(
    session: Session, claim: Claim, *, sender: str, lease: timedelta, uploaded_url: str | None
) -> Begun:
    """Commit `sending` for one message, immediately before its request (invariant 5).

    Raises:
        ClaimLost: the claim is not ours any more.
    """
    message = _held(session, claim, MessageState.CLAIMED)
    now = database_now(session)
    message.state = MessageState.SENDING
    message.lease_until = now + lease
    message.tries += 1
    message.uploaded_url = uploaded_url
    attempt = Attempt(
        organisation_id=message.organisation_id,
        message_id=message.id,
        number=_next_number(session, message.id),
        fence=message.fence,
        sender=sender,
        started_at=now,
    )
    session.add(attempt)
    _refresh(session, message, now)
    return Begun(attempt.id, now)


def finish_sent(session: Session, claim: Claim, begun: Begun, sent: SentMessage) -> None:
    """The marketplace has the message."""
    now = database_now(session)
    _complete(session, begun.attempt_id, AttemptOutcome.SENT, now)
    message = session.get_one(Message, claim.message_id)
    if message.fence != claim.fence and message.state is not MessageState.UNCERTAIN:
        return
    mark_sent(session, message, sent, now)


def mark_sent(session: Session, message: Message, sent: SentMessage, now: datetime) -> None:
    """Record the marketplace's id of a message; only that makes it `sent`."""
    message.state = MessageState.SENT
    message.marketplace_message_id = sent.message_id
    message.sent_at = now
    message.lease_until = None
    message.claimed_by = None
    message.reason = ""
    message.detail = ""
    conversation = session.get_one(Conversation, message.conversation_id)
    conversation.unanswered += 1
    conversation.external_id = sent.conversation_id or conversation.external_id
    _refresh(session, message, now)


def finish_known_failure(
    session: Session, claim: Claim, attempt_id: int | None, step: Step
) -> None:
    """The message is known not to be in the chat; do what the step says."""
    now = database_now(session)
    message = session.get_one(Message, claim.message_id)
    if attempt_id is not None:
        _complete(session, attempt_id, AttemptOutcome.REFUSED, now, step)
    if message.fence != claim.fence:
        return
    if attempt_id is None:
        _note_unsent(session, message, step, now)
    message.reason = step.reason
    message.detail = step.detail[:DETAIL_LENGTH]
    _take_step(session, message, step, now)


def finish_unknown(
    session: Session, claim: Claim, attempt_id: int, step: Step, settle: timedelta
) -> None:
    """The request is over and nobody knows what it did: `uncertain`, and the caller is done."""
    now = database_now(session)
    _complete(session, attempt_id, AttemptOutcome.UNKNOWN, now, step)
    message = session.get_one(Message, claim.message_id)
    if message.fence != claim.fence:
        return
    message.state = MessageState.UNCERTAIN
    message.lease_until = None
    message.claimed_by = None
    message.not_before = now + settle
    message.reason = step.reason
    message.detail = step.detail[:DETAIL_LENGTH]
    _refresh(session, message, now)


def give_back(session: Session, claim: Claim, attempt_id: int | None) -> None:
    """Queue a message again whose request certainly did not go out."""
    now = database_now(session)
    if attempt_id is not None:
        _complete(session, attempt_id, AttemptOutcome.NOT_SENT, now)
    message = session.get_one(Message, claim.message_id)
    if message.fence == claim.fence:
        _queue(message, now)
        _refresh(session, message, now)


def _take_step(session: Session, message: Message, step: Step, now: datetime) -> None:
    dispatch = session.get_one(Dispatch, message.dispatch_id)
    match step.next:
        case Next.FAIL_MESSAGE:
            message.state = MessageState.FAILED
            message.lease_until = None
        case Next.FAIL_DISPATCH:
            _fail_unsent(session, message, step)
        case Next.HOLD:
            _queue(message, now)
            set_state(
                session,
                dispatch,
                DispatchState.HELD,
                now=now,
                reason=step.reason,
                detail=step.detail,
                next_check_at=now + step.wait,
            )
            return
        case Next.ADD_ORDER_CARD:
            _queue(message, now)
            add_order_card(session, message, now)
        case Next.SLOW_DOWN:
            _queue(message, now)
            _slow_down(session, message.shop_id, now, step.wait)
        case _:
            _queue(message, now + step.wait)
    refresh_state(session, dispatch, now)


def _fail_unsent(session: Session, message: Message, step: Step) -> None:
    for one in messages_of(session, message.dispatch_id):
        if one.id == message.id or one.state is MessageState.QUEUED:
            one.state = MessageState.FAILED
            one.reason = step.reason
            one.detail = step.detail[:DETAIL_LENGTH]


def _slow_down(session: Session, shop_id: int, now: datetime, wait: timedelta) -> None:
    pace = session.get_one(SendingPace, shop_id)
    pace.free_at = max(pace.free_at, now + wait)


def _queue(message: Message, not_before: datetime) -> None:
    message.state = MessageState.QUEUED
    message.not_before = not_before
    message.lease_until = None
    message.claimed_by = None


def _held(session: Session, claim: Claim, state: MessageState) -> Message:
    message = session.get_one(Message, claim.message_id, with_for_update=True)
    if message.fence != claim.fence or message.state is not state:
        raise ClaimLost(f"message {claim.message_id} is {message.state}, not ours")
    if message.lease_until is None or message.lease_until <= database_now(session):
        raise ClaimLost(f"the lease of message {claim.message_id} ran out")
    return message


def _note_unsent(session: Session, message: Message, step: Step, now: datetime) -> None:
    """An attempt that ended before its request: an upload, a token, a damaged photo."""
    session.add(
        Attempt(
            organisation_id=message.organisation_id,
            message_id=message.id,
            number=_next_number(session, message.id),
            fence=message.fence,
            sender=message.claimed_by or "",
            started_at=now,
            finished_at=now,
            outcome=AttemptOutcome.NOT_SENT,
            reason=step.reason,
            detail=step.detail[:DETAIL_LENGTH],
        )
    )


def _next_number(session: Session, message_id: int) -> int:
    newest = session.scalar(
        select(func.max(Attempt.number)).where(Attempt.message_id == message_id)
    )
    return (newest or 0) + 1


def _complete(
    session: Session,
    attempt_id: int,
    outcome: AttemptOutcome,
    now: datetime,
    step: Step | None = None,
) -> None:
    attempt = session.get_one(Attempt, attempt_id)
    attempt.finished_at = now
    attempt.outcome = outcome
    if step is not None:
        attempt.reason = step.reason
        attempt.detail = step.detail[:DETAIL_LENGTH]


def _refresh(session: Session, message: Message, now: datetime) -> None:
    refresh_state(session, session.get_one(Dispatch, message.dispatch_id), now)
