"""Ending a dispatch that will not be sent by itself any more."""

from datetime import datetime

from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.outbox import cancel_unsent, messages_of, set_state
from cloud.conversations.states import MessageState, Reason
from cloud.dispatcher.rules import Decision


def end_unsent(session: Session, dispatch: Dispatch, decision: Decision, now: datetime) -> None:
    """Put a dispatch into its last state; of a begun one, only what is left ends.

    Messages of a plan never outlive the state that stops them: a queued one would still be sent.
    """
    cancel_unsent(session, dispatch, decision.reason or Reason.OTHER, now)
    if any(message.state is MessageState.SENT for message in messages_of(session, dispatch.id)):
        return
    set_state(session, dispatch, decision.state, now=now, reason=decision.reason)
