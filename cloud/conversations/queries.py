"""Reading the outbox."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Attempt, Dispatch, Message
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


def messages_with_attempts(
    session: Session, dispatch_ids: Iterable[int]
) -> list[tuple[Message, Sequence[Attempt]]]:
    """The messages of some dispatches in their order, each with its attempts in theirs."""
    messages = session.scalars(
        select(Message)
        .where(Message.dispatch_id.in_(list(dispatch_ids)))
        .order_by(Message.dispatch_id, Message.position)
    ).all()
    attempts: dict[int, list[Attempt]] = {message.id: [] for message in messages}
    found = session.scalars(
        select(Attempt)
        .where(Attempt.message_id.in_(list(attempts)))
        .order_by(Attempt.message_id, Attempt.number)
    )
    for attempt in found:
        attempts[attempt.message_id].append(attempt)
    return [(message, attempts[message.id]) for message in messages]
