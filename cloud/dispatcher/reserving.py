"""Whether a dispatch fits into what a buyer may still get. Works on the caller's session."""

from collections.abc import Callable

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from cloud.conversations.models import Conversation, Dispatch, Message
from cloud.conversations.outbox import messages_of
from cloud.conversations.states import DispatchState, MessageState
from cloud.dispatcher.budget import Budget
from cloud.shops.models import Shop

LimitOf = Callable[[str, str], int | None]
"""Unanswered-message limit of a channel and country."""

UNDER_WAY = (DispatchState.QUEUED, DispatchState.SENDING)


def has_begun(session: Session, dispatch: Dispatch) -> bool:
    """Whether a request for one of its messages ever went out."""
    return any(message.tries for message in messages_of(session, dispatch.id))


def fits_budget(session: Session, dispatch: Dispatch, limit_of: LimitOf) -> bool:
    """Whether all its unsent messages fit, beside what others of the conversation reserved."""
    conversation = session.get_one(Conversation, dispatch.conversation_id)
    shop = session.get_one(Shop, conversation.shop_id)
    budget = Budget(
        limit=limit_of(shop.channel, shop.country),
        kept_free=shop.kept_free_for_people,
        unanswered=conversation.unanswered,
        open=_reserved_by_others(session, dispatch),
    )
    unsent = sum(
        message.state is MessageState.QUEUED for message in messages_of(session, dispatch.id)
    )
    return budget.allows(unsent)


def _reserved_by_others(session: Session, dispatch: Dispatch) -> int:
    """Messages that may still get there: in doubt, or of dispatches that have begun."""
    begun = aliased(Message)
    has_begun_too = exists().where(
        begun.dispatch_id == Message.dispatch_id,
        or_(begun.tries > 0, begun.state == MessageState.CLAIMED),
    )
    goes_on = Message.state.in_((MessageState.QUEUED, MessageState.CLAIMED)) & has_begun_too
    in_doubt = Message.state.in_((MessageState.SENDING, MessageState.UNCERTAIN))
    count = session.scalar(
        select(func.count(Message.id))
        .join(Dispatch, Dispatch.id == Message.dispatch_id)
        .where(
            Message.conversation_id == dispatch.conversation_id,
            Message.dispatch_id != dispatch.id,
            or_(in_doubt, goes_on & Dispatch.state.in_(UNDER_WAY)),
        )
    )
    return count or 0
