"""Whether a dispatch fits into what a buyer may still get. Works on the caller's session."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from cloud.conversations.derive import OPEN_STATES
from cloud.conversations.models import Conversation, Dispatch, Message
from cloud.conversations.states import DispatchState, MessageState
from cloud.database.prepared import Reading
from cloud.dispatcher.budget import Budget
from cloud.shops.models import Shop

LimitOf = Callable[[str, str], int | None]
"""Unanswered-message limit of a channel and country."""

UNDER_WAY = (DispatchState.QUEUED, DispatchState.SENDING)
_IN_DOUBT = frozenset({MessageState.SENDING, MessageState.UNCERTAIN})
_GOES_ON = frozenset({MessageState.QUEUED, MessageState.CLAIMED})

_CONVERSATION = Reading(
    select(Conversation.unanswered, Shop.channel, Shop.country, Shop.kept_free_for_people)
    .join(Shop, Shop.id == Conversation.shop_id)
    .where(Conversation.id == bindparam("conversation_id"))
    # Who settles a message counts it here: what is read of both belongs together.
    .with_for_update(of=Conversation)
)
_OTHERS = Reading(
    select(Message.dispatch_id, Message.state, Message.tries, Dispatch.state)
    .join(Dispatch, Dispatch.id == Message.dispatch_id)
    .where(
        Message.conversation_id == bindparam("conversation_id"),
        Message.dispatch_id != bindparam("dispatch_id"),
        or_(Message.state.in_(OPEN_STATES), Dispatch.state.in_(UNDER_WAY)),
    )
)


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """A message of another dispatch to the same buyer."""

    dispatch_id: int
    state: MessageState
    tries: int
    dispatch_state: DispatchState


def fits_budget(
    session: Session,
    *,
    conversation_id: int,
    dispatch_id: int,
    queued: int,
    limit_of: LimitOf,
) -> bool:
    """Whether its ``queued`` messages fit, beside what others of the conversation reserved."""
    room = room_for(
        session, conversation_id=conversation_id, dispatch_id=dispatch_id, limit_of=limit_of
    )
    return room is None or queued <= room


def room_for(
    session: Session, *, conversation_id: int, dispatch_id: int, limit_of: LimitOf
) -> int | None:
    """How many messages of a dispatch that has not begun fit; None: as many as it has."""
    unanswered, channel, country, kept_free = _CONVERSATION.one(
        session, conversation_id=conversation_id
    )
    limit = limit_of(channel, country)
    if limit is None:
        return None
    rows = _OTHERS.all(session, conversation_id=conversation_id, dispatch_id=dispatch_id)
    reserved = reserved_by([OtherMessage(*row) for row in rows])
    return Budget(limit, kept_free, unanswered, reserved).room


def reserved_by(others: Sequence[OtherMessage]) -> int:
    """How many may still get to the buyer: in doubt, or of dispatches that have begun. Pure."""
    begun = {one.dispatch_id for one in others if one.tries or one.state is MessageState.CLAIMED}
    return sum(
        one.state in _IN_DOUBT
        or (one.state in _GOES_ON and one.dispatch_id in begun and one.dispatch_state in UNDER_WAY)
        for one in others
    )
