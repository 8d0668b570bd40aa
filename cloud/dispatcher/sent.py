"""Making a message `sent`: only by the id that the marketplace gave it (invariant 6)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Conversation, Dispatch, Message
from cloud.conversations.outbox import refresh_state
from cloud.conversations.states import MessageState, Reason
from cloud.marketplaces.chats import SentMessage


def mark_sent(
    session: Session,
    message: Message,
    sent: SentMessage,
    now: datetime,
    *,
    is_hidden: bool = False,
) -> None:
    """Record the marketplace's id; ``is_hidden``: it has the message and does not show it."""
    with session.no_autoflush:  # one flush for all that changes
        conversation = session.get_one(Conversation, message.conversation_id)
        dispatch = session.get_one(Dispatch, message.dispatch_id)
    message.state = MessageState.NOT_SHOWN if is_hidden else MessageState.SENT
    message.marketplace_message_id = sent.message_id
    message.sent_at = now
    message.lease_until = None
    message.claimed_by = None
    message.reason = Reason.REFUSED_CONTENT if is_hidden else ""
    message.detail = ""
    conversation.unanswered += 1
    conversation.external_id = sent.conversation_id or conversation.external_id
    refresh_state(session, dispatch, now)


def is_recorded_elsewhere(session: Session, message: Message, marketplace_id: str) -> bool:
    """Whether another message of the shop has this id already."""
    other = select(Message.id).where(
        Message.shop_id == message.shop_id,
        Message.marketplace_message_id == marketplace_id,
        Message.id != message.id,
    )
    return session.scalar(other) is not None
