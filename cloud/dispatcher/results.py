"""Writing that a message was not sent, or may not have been. Units for the write path, fenced.

A holder whose fence is not the row's any more has lost its claim: somebody else decides about the
message. Its word still counts where it knows more than they can: that the message was sent, and,
while nobody knows what its request did, what it did. Each unit may run twice.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Attempt, Dispatch, Message
from cloud.conversations.outbox import DETAIL_LENGTH, queue_again, refresh_state
from cloud.conversations.states import AttemptOutcome, MessageState, Reason
from cloud.database.clock import database_now
from cloud.dispatcher.beginning import newest_number
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.retry import BackOff, Step
from cloud.dispatcher.steps import slow_shop_down, take_step

SAME_ID_TWICE = "the marketplace gave an id that another message has"


def finish_known_failure(
    session: Session, claim: Claim, attempt_id: int | None, step: Step, back_off: BackOff
) -> None:
    """The message is known not to be in the chat; do what the step says."""
    now = database_now(session)
    message = session.get_one(Message, claim.message_id, with_for_update=True)
    if attempt_id is not None and _is_complete(session, attempt_id):
        return
    is_ours = _is_ours(session, message, claim, attempt_id)
    if attempt_id is not None:
        _complete(session, attempt_id, AttemptOutcome.REFUSED, now, step)
    elif is_ours:
        _note_unsent(session, message, step, now)
    if is_ours:
        message.reason = step.reason
        message.detail = step.detail[:DETAIL_LENGTH]
        take_step(session, message, step, now, back_off)


def finish_unknown(
    session: Session,
    claim: Claim,
    attempt_id: int,
    step: Step,
    *,
    outcome: AttemptOutcome,
    settle: timedelta,
    back_off: BackOff,
) -> None:
    """Nobody knows whether the chat has the message: `uncertain`, and the caller is done.

    ``outcome`` is what this very request did: unknown, or refused for being a repetition.
    """
    now = database_now(session)
    message = session.get_one(Message, claim.message_id, with_for_update=True)
    if _is_complete(session, attempt_id):
        return
    is_ours = _is_ours(session, message, claim, attempt_id)
    _complete(session, attempt_id, outcome, now, step)
    if not is_ours:
        return
    message.reason = step.reason
    message.detail = step.detail[:DETAIL_LENGTH]
    if outcome is AttemptOutcome.UNKNOWN:
        slow_shop_down(session, message.shop_id, step, now, back_off)
        _doubt(session, message, now, now + settle)
    else:
        _doubt(session, message, now, now)


def give_back(session: Session, claim: Claim, attempt_id: int) -> None:
    """Queue a message again whose request certainly did not go out."""
    now = database_now(session)
    message = session.get_one(Message, claim.message_id, with_for_update=True)
    if _is_complete(session, attempt_id):
        return
    is_ours = _is_ours(session, message, claim, attempt_id)
    _complete(session, attempt_id, AttemptOutcome.NOT_SENT, now)
    if is_ours:
        queue_again(session.get_one(Dispatch, message.dispatch_id), message, now)
        _refresh(session, message, now)


def give_back_begun(session: Session, claim: Claim, sender: str) -> None:
    """The same for who does not know whether `sending` was committed; nothing if it was not."""
    begun = select(Attempt.id).where(
        Attempt.message_id == claim.message_id,
        Attempt.fence == claim.fence,
        Attempt.sender == sender,
    )
    attempt_id = session.scalar(begun)
    if attempt_id is not None:
        give_back(session, claim, attempt_id)


def doubt_same_id(session: Session, claim: Claim, attempt_id: int) -> None:
    """The marketplace gave an id that another message has, so it proves nothing."""
    now = database_now(session)
    message = session.get_one(Message, claim.message_id, with_for_update=True)
    if _is_complete(session, attempt_id):
        return
    is_ours = _is_ours(session, message, claim, attempt_id)
    _complete(session, attempt_id, AttemptOutcome.UNKNOWN, now)
    if is_ours:
        message.reason, message.detail = Reason.OTHER, SAME_ID_TWICE
        _doubt(session, message, now, now)


def _doubt(session: Session, message: Message, now: datetime, look_at: datetime) -> None:
    message.state = MessageState.UNCERTAIN
    message.lease_until = None
    message.claimed_by = None
    message.not_before = look_at
    _refresh(session, message, now)


def _is_ours(session: Session, message: Message, claim: Claim, attempt_id: int | None) -> bool:
    """Whether our word decides: the claim is ours, or all doubt is about our own request."""
    if message.fence == claim.fence:
        return message.state in {MessageState.CLAIMED, MessageState.SENDING}
    if message.state is not MessageState.UNCERTAIN or attempt_id is None:
        return False
    own = session.get_one(Attempt, attempt_id)
    return own.number == newest_number(session, message.id)


def _note_unsent(session: Session, message: Message, step: Step, now: datetime) -> None:
    """An attempt that ended before its request: an upload, a token, a damaged photo."""
    session.add(
        Attempt(
            organisation_id=message.organisation_id,
            message_id=message.id,
            number=newest_number(session, message.id) + 1,
            fence=message.fence,
            sender=message.claimed_by or "",
            started_at=now,
            finished_at=now,
            outcome=AttemptOutcome.NOT_SENT,
            reason=step.reason,
            detail=step.detail[:DETAIL_LENGTH],
        )
    )


def _is_complete(session: Session, attempt_id: int) -> bool:
    return session.get_one(Attempt, attempt_id).finished_at is not None


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
