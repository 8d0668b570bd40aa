"""What was under way when a backup was taken may have been sent since: a person decides."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch, Message
from cloud.conversations.outbox import messages_of, refresh_state, set_state
from cloud.conversations.states import DispatchState, MessageState, Reason

UNDER_WAY = (
    DispatchState.WAITING_FOR_ORDER,
    DispatchState.QUEUED,
    DispatchState.SENDING,
    DispatchState.HELD,
    DispatchState.NOT_CONFIRMED,
)
_NOT_BY_ITSELF = timedelta(days=36_500)
"""A century: the chat is not looked through by itself, which could end in sending again."""
_MAYBE_THERE = frozenset({MessageState.SENDING, MessageState.UNCERTAIN})
_NOT_BEGUN = frozenset({MessageState.QUEUED, MessageState.CLAIMED})


def under_way(session: Session, after_id: int, most: int) -> Sequence[Dispatch]:
    """Dispatches that are not at an end and that nobody has put before a person yet, by id."""
    return session.scalars(
        select(Dispatch)
        .where(
            Dispatch.id > after_id,
            Dispatch.state.in_(UNDER_WAY),
            or_(Dispatch.state != DispatchState.NOT_CONFIRMED, Dispatch.reason != Reason.RESTORED),
        )
        .order_by(Dispatch.id)
        .limit(most)
    ).all()


def put_before_person(session: Session, dispatch: Dispatch, now: datetime) -> None:
    """Nothing of it goes out by itself any more. What is known to be sent stays sent.

    A message whose request was begun is not confirmed: a person looks in the chat and answers.
    Without one the dispatch waits for Resend, which sends what is missing.
    """
    messages = messages_of(session, dispatch.id)
    is_doubtful = any(message.state in _MAYBE_THERE for message in messages)
    for message in messages:
        _stop(message, now, is_doubtful=is_doubtful)
    if messages:
        refresh_state(session, dispatch, now)
    if is_doubtful:
        return
    is_begun = any(message.state is MessageState.SENT for message in messages)
    state = DispatchState.PARTLY_SENT if is_begun else DispatchState.NEEDS_PERSON
    set_state(session, dispatch, state, now=now, reason=Reason.RESTORED)


def _stop(message: Message, now: datetime, *, is_doubtful: bool) -> None:
    if message.state in _MAYBE_THERE:
        message.state = MessageState.UNCERTAIN
        message.not_before = now + _NOT_BY_ITSELF
    elif message.state in _NOT_BEGUN:
        # Failed beside a doubt, so that a person is shown it still when the doubt is settled.
        message.state = MessageState.FAILED if is_doubtful else MessageState.CANCELLED
    else:
        return
    message.reason = Reason.RESTORED.value
    message.claimed_by = message.lease_until = None
    message.fence += 1
