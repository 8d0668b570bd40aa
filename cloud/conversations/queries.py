"""Reading the outbox."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch, Message
from cloud.conversations.outbox import Part
from cloud.conversations.states import MessageKind, MessageState


def sent_parts_of(session: Session, proof_id: int | None) -> list[Part]:
    """What the marketplace has of a proof, over all its dispatches."""
    messages = session.scalars(
        select(Message)
        .join(Dispatch, Dispatch.id == Message.dispatch_id)
        .where(Dispatch.proof_id == proof_id, Message.state == MessageState.SENT)
    )
    return [Part(one.kind, text=one.text, photo_sha256=one.photo_sha256) for one in messages]


def recent_texts(
    session: Session, conversation_id: int, now: datetime, window: timedelta | None
) -> set[str]:
    """Texts sent to a buyer within the marketplace's window for repeated texts."""
    if window is None:
        return set()
    texts = session.scalars(
        select(Message.text).where(
            Message.conversation_id == conversation_id,
            Message.kind == MessageKind.TEXT,
            Message.state == MessageState.SENT,
            Message.sent_at > now - window,
        )
    )
    return set(texts)
