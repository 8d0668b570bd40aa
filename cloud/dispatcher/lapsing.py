"""Claims whose holder is gone: its lease has run out, or its process is known to have ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch, Message
from cloud.conversations.outbox import queue_again, refresh_state
from cloud.conversations.states import MessageState, Reason
from cloud.database.clock import database_now
from cloud.dispatcher.models import SenderProcess


def return_lapsed_claims(session: Session) -> int:
    """Queue again what was claimed and never begun; safe, because no request went out."""
    now = database_now(session)
    lapsed = _lapsed(session, MessageState.CLAIMED, now)
    for message in lapsed:
        dispatch = session.get_one(Dispatch, message.dispatch_id)
        message.fence += 1
        queue_again(dispatch, message, message.not_before)
        refresh_state(session, dispatch, now)
    return len(lapsed)


def doubt_lapsed_requests(session: Session, settle: timedelta) -> int:
    """A request whose sender fell silent may have arrived: uncertain, never queued again."""
    now = database_now(session)
    lapsed = _lapsed(session, MessageState.SENDING, now)
    for message in lapsed:
        message.state = MessageState.UNCERTAIN
        message.fence += 1
        message.not_before = now + settle
        message.reason = Reason.OUTAGE
        refresh_state(session, session.get_one(Dispatch, message.dispatch_id), now)
    return len(lapsed)


def _lapsed(session: Session, state: MessageState, now: datetime) -> Sequence[Message]:
    holder_has_ended = exists().where(
        SenderProcess.id == Message.claimed_by, SenderProcess.ended_at.is_not(None)
    )
    return session.scalars(
        select(Message)
        .where(Message.state == state, or_(Message.lease_until < now, holder_has_ended))
        .with_for_update(skip_locked=True)
    ).all()
