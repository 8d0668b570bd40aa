"""Whether a dispatch fits into what a buyer may still get. Works on the caller's session."""

from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from cloud.conversations.models import Conversation, Dispatch, Message
from cloud.conversations.states import DispatchState, MessageState
from cloud.dispatcher.budget import Budget
from cloud.shops.models import Shop

LimitOf = Callable[[str, str], int | None]
"""Unanswered-message limit of a channel and country."""

UNDER_WAY = (DispatchState.QUEUED, DispatchState.SENDING)


# Made once: to build it costs many times what it takes to run it.
_BEGUN = aliased(Message)
_HAS_BEGUN = exists().where(
    _BEGUN.dispatch_id == Message.dispatch_id,
    or_(_BEGUN.tries > 0, _BEGUN.state == MessageState.CLAIMED),
)
_GOES_ON = Message.state.in_((MessageState.QUEUED, MessageState.CLAIMED)) & _HAS_BEGUN
_IN_DOUBT = Message.state.in_((MessageState.SENDING, MessageState.UNCERTAIN))
_RESERVED_BY_OTHERS = (
    select(func.count(Message.id))
    .join(Dispatch, Dispatch.id == Message.dispatch_id)
    .where(
        Message.conversation_id == bindparam("conversation_id"),
        Message.dispatch_id != bindparam("dispatch_id"),
        or_(_IN_DOUBT, _GOES_ON & Dispatch.state.in_(UNDER_WAY)),
    )
)
"""Messages that may still get there: in doubt, or of dispatches that have begun."""


def fits_budget(
    session: Session, dispatch: Dispatch, messages: Sequence[Message], limit_of: LimitOf
) -> bool:
    """Whether all its unsent messages fit, beside what others of the conversation reserved."""
    conversation = session.get_one(Conversation, dispatch.conversation_id)
    shop = session.get_one(Shop, conversation.shop_id)
    reserved = session.scalar(
        _RESERVED_BY_OTHERS,
        {"conversation_id": dispatch.conversation_id, "dispatch_id": dispatch.id},
    )
    budget = Budget(
        limit=limit_of(shop.channel, shop.country),
        kept_free=shop.kept_free_for_people,
        unanswered=conversation.unanswered,
        open=reserved or 0,
    )
    return budget.allows(sum(one.state is MessageState.QUEUED for one in messages))
