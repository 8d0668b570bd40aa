"""What must be known to look for a message in the chat."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.conversations.states import AttemptOutcome, MessageKind
from cloud.database.scope import Scope, scoped
from cloud.marketplaces.chats import (
    ImagePart,
    MessagePart,
    OrderCardPart,
    OutgoingMessage,
    TextPart,
)

MAY_HAVE_ARRIVED = ("", AttemptOutcome.UNKNOWN)
"""Outcomes of attempts that are open: its caller died or fell silent, or got no answer."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message to look for."""

    message_id: int
    organisation_id: int
    fence: int
    shop_id: int
    dispatch_id: int
    proof_key: str | None
    asked_at: datetime
    attempt_ids: tuple[int, ...]
    """All attempts that may have arrived, oldest first."""
    since: datetime
    refused_as_repeated: bool
    """The marketplace said that it has the message, so its absence proves nothing."""
    outgoing: OutgoingMessage
    known_ids: tuple[str, ...]

    @property
    def ids(self) -> dict[str, object]:
        """What a line of the log names it by."""
        return {
            "message_id": self.message_id,
            "dispatch": self.dispatch_id,
            "shop": self.shop_id,
            "proof": self.proof_key,
        }

    @property
    def scope(self) -> Scope:
        """Everything about it happens in its organisation's scope."""
        return scoped(self.organisation_id)


def doubt_about(session: Session, message: Message) -> Doubt:
    """All about an uncertain message that a reading of its chat needs."""
    attempts = session.scalars(
        select(Attempt).where(Attempt.message_id == message.id).order_by(Attempt.number)
    ).all()
    open_ones = [one for one in attempts if one.outcome in MAY_HAVE_ARRIVED] or attempts[-1:]
    dispatch = session.get_one(Dispatch, message.dispatch_id)
    conversation = session.get_one(Conversation, message.conversation_id)
    known = session.scalars(
        select(Message.marketplace_message_id).where(
            Message.conversation_id == conversation.id,
            Message.marketplace_message_id.is_not(None),
        )
    )
    return Doubt(
        message_id=message.id,
        organisation_id=message.organisation_id,
        fence=message.fence,
        shop_id=message.shop_id,
        dispatch_id=dispatch.id,
        proof_key=dispatch.proof_key,
        asked_at=dispatch.asked_at,
        attempt_ids=tuple(one.id for one in open_ones),
        since=open_ones[0].started_at,
        refused_as_repeated=attempts[-1].outcome == AttemptOutcome.REFUSED,
        outgoing=OutgoingMessage(
            buyer_id=conversation.buyer_id,
            order_number=message.order_number,
            part=_part(message),
            conversation_id=conversation.external_id or "",
        ),
        known_ids=tuple(one for one in known if one is not None),
    )


def _part(message: Message) -> MessagePart:
    if message.kind is MessageKind.TEXT:
        return TextPart(message.text)
    if message.kind is MessageKind.ORDER_CARD:
        return OrderCardPart(message.order_number)
    return ImagePart(
        message.uploaded_url or "", message.uploaded_width_px, message.uploaded_height_px
    )
