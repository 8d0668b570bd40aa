"""Reading the outbox."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from cloud.conversations.derive import OPEN_STATES
from cloud.conversations.models import Attempt, Dispatch, Message
from cloud.conversations.parts import Part
from cloud.conversations.states import DispatchState, MessageKind, MessageState, Reason
from cloud.database.prepared import Reading

_RECENT_TEXTS = Reading(
    select(Message.text).where(
        Message.conversation_id == bindparam("conversation_id"),
        Message.kind == MessageKind.TEXT,
        Message.dispatch_id != bindparam("besides"),
        or_(
            and_(Message.state == MessageState.SENT, Message.sent_at > bindparam("since")),
            Message.state.in_(OPEN_STATES),
        ),
    )
)
_NEXT_CHECK = Reading(
    select(Dispatch.next_check_at)
    .where(
        Dispatch.state.in_(bindparam("states", expanding=True)),
        Dispatch.next_check_at > bindparam("now"),
    )
    .order_by(Dispatch.next_check_at)
    .limit(1)
)


def seconds_until_check(
    session: Session, states: Sequence[DispatchState], now: datetime
) -> float | None:
    """When somebody has to look again at a dispatch in one of these states; None: at none."""
    soonest = _NEXT_CHECK.first(session, states=list(states), now=now)
    if soonest is None or soonest[0] is None:
        return None
    return max(0.0, (soonest[0] - now).total_seconds())


def sent_parts_of(session: Session, proof_id: int | None) -> list[Part]:
    """What the marketplace has of a proof, over all its dispatches; also by a person's word."""
    # Not asked by their state: SQLite would walk through everything that was ever sent.
    dispatch_ids = session.scalars(select(Dispatch.id).where(Dispatch.proof_id == proof_id)).all()
    messages = session.scalars(select(Message).where(Message.dispatch_id.in_(dispatch_ids)))
    return [
        Part(one.kind, text=one.text, photos=tuple(one.photos.split()))
        for one in messages
        if _is_there(one)
    ]


def _is_there(message: Message) -> bool:
    if message.state is MessageState.CANCELLED:
        return message.reason == Reason.SETTLED_BY_PERSON
    return message.state is MessageState.SENT


def recent_texts(
    session: Session,
    conversation_id: int,
    now: datetime,
    window: timedelta | None,
    *,
    besides: int,
) -> set[str]:
    """Texts that the marketplace would refuse as repeated: sent lately, or on their way.

    ``besides``: the dispatch that is being planned, whose own text is no repetition.
    """
    if window is None:
        return set()
    rows = _RECENT_TEXTS.all(
        session, conversation_id=conversation_id, since=now - window, besides=besides
    )
    return {text for (text,) in rows}


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


def dispatch_of_message(session: Session, message_id: int) -> Dispatch | None:
    """The dispatch that a message belongs to; None when there is no such message."""
    return session.scalar(
        select(Dispatch)
        .join(Message, Message.dispatch_id == Dispatch.id)
        .where(Message.id == message_id)
    )
