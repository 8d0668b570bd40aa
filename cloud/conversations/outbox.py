"""Changing dispatches and their messages; every change of state is told (database.changes).

All functions work on the caller's session and transaction.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from cloud.conversations.derive import Derived, PartFacts, derived, next_look
from cloud.conversations.models import Conversation, Dispatch, Message
from cloud.conversations.parts import Part
from cloud.conversations.states import DispatchState, MessageKind, MessageState, Reason
from cloud.database.base import UtcDateTime
from cloud.database.changes import record_change
from cloud.database.news import ChangeRow
from cloud.database.prepared import Adding, Changing, Reading

CHANGE_KIND = "dispatch"
DETAIL_LENGTH = 300
POSITION_STEP = 10
"""Between the positions of a plan, so that an order card still finds a place before its first."""
_ADD_MESSAGES = Adding(Message)
_DROP_UNTOUCHED = Changing(
    delete(Message).where(
        Message.dispatch_id == bindparam("of_dispatch"),
        Message.state == MessageState.QUEUED,
        Message.fence == 0,
    )
)
_ADD_CONVERSATION = Adding(Conversation)
_CONVERSATION = Reading(
    select(Conversation.id, Conversation.unanswered)
    .where(
        Conversation.shop_id == bindparam("shop_id"),
        Conversation.buyer_id == bindparam("buyer_id"),
    )
    .with_for_update()
)
_NOTE = Changing(
    update(Conversation)
    .where(Conversation.id == bindparam("conversation_id"))
    .values(
        buyer_name=func.coalesce(bindparam("new_name"), Conversation.buyer_name),
        unanswered=func.coalesce(bindparam("new_unanswered"), Conversation.unanswered),
        checked_at=func.coalesce(
            bindparam("new_checked_at", type_=UtcDateTime()), Conversation.checked_at
        ),
        external_id=func.coalesce(bindparam("new_external_id"), Conversation.external_id),
    )
)
"""What is None stays as it was."""


@dataclass(frozen=True, slots=True)
class DispatchNews:
    """What a change tells of a dispatch."""

    state: DispatchState
    waits_for_sender: bool
    """Its next message may be claimed; nobody is at work on it."""


def tell(session: Session, dispatch: Dispatch, *, waits_for_sender: bool = False) -> None:
    """Record that something about a dispatch changed."""
    tell_of(
        session,
        dispatch.id,
        organisation_id=dispatch.organisation_id,
        device_id=dispatch.device_id,
        proof_key=dispatch.proof_key,
        news=DispatchNews(dispatch.state, waits_for_sender),
    )


def tell_of(
    session: Session,
    dispatch_id: int,
    *,
    organisation_id: int,
    device_id: str | None,
    proof_key: str | None,
    news: DispatchNews,
) -> None:
    """The same for a caller who does not hold the row."""
    record_change(
        session,
        kind=CHANGE_KIND,
        subject=f"dispatch:{dispatch_id}",
        organisation_id=organisation_id,
        device_id=device_id,
        payload={
            "proof": proof_key,
            "state": news.state.value,
            "waits": news.waits_for_sender,
        },
    )


def news_in(change: ChangeRow) -> DispatchNews | None:
    """What `tell` told; None for news of something else."""
    if change.kind != CHANGE_KIND:
        return None
    told = json.loads(change.payload)
    return DispatchNews(DispatchState(told["state"]), bool(told.get("waits")))


def set_state(
    session: Session,
    dispatch: Dispatch,
    state: DispatchState,
    *,
    now: datetime,
    reason: Reason | None = None,
    detail: str = "",
    next_check_at: datetime | None = None,
) -> None:
    """Put a dispatch into a state that is not derived from messages; tell it if that is news."""
    before = (dispatch.state, dispatch.reason, dispatch.detail)
    dispatch.state = state
    dispatch.reason = reason.value if reason else ""
    dispatch.detail = detail[:DETAIL_LENGTH]
    dispatch.next_check_at = next_check_at
    dispatch.looked_at_until = None
    is_news = before != (dispatch.state, dispatch.reason, dispatch.detail)
    if is_news:
        dispatch.updated_at = now
    session.flush()
    if is_news:
        tell(session, dispatch)


def messages_of(session: Session, dispatch_id: int) -> Sequence[Message]:
    """The messages of a dispatch, in their order."""
    return session.scalars(
        select(Message).where(Message.dispatch_id == dispatch_id).order_by(Message.position)
    ).all()


def refresh_state(session: Session, dispatch: Dispatch, now: datetime) -> None:
    """Derive a planned dispatch's state from its messages."""
    session.flush()
    derive_state(session, dispatch, messages_of(session, dispatch.id), now)


def derive_state(
    session: Session, dispatch: Dispatch, messages: Sequence[Message], now: datetime
) -> None:
    """The same for a caller who has all its messages at hand, in their order."""
    new = derived([PartFacts(one.state, one.reason, one.detail) for one in messages])
    _store(session, dispatch, new, now)


def _store(session: Session, dispatch: Dispatch, new: Derived, now: datetime) -> None:
    dispatch.total_count = new.total_count
    dispatch.sent_count = new.sent_count
    dispatch.reason = new.reason
    dispatch.detail = new.detail
    dispatch.state = new.state
    dispatch.next_check_at = next_look(new, now)
    dispatch.updated_at = now
    tell(session, dispatch, waits_for_sender=new.waits_for_sender)


def drop_plan(session: Session, dispatch: Dispatch) -> None:
    """Forget the messages of a dispatch, none of which was ever claimed, for another plan.

    Nobody holds their ids: a sender learns of a dispatch's messages only when one was claimed.
    """
    if dispatch.conversation_id is not None:
        _DROP_UNTOUCHED.run(session, of_dispatch=dispatch.id)


def add_plan(
    session: Session,
    dispatch: Dispatch,
    parts: Iterable[Part],
    *,
    shop_id: int,
    conversation_id: int,
    order_number: str,
    now: datetime,
) -> None:
    """Fix the parts of a dispatch; from here on its state is derived."""
    dispatch.conversation_id = conversation_id
    rows: list[dict[str, object]] = [
        {
            "dispatch_id": dispatch.id,
            "organisation_id": dispatch.organisation_id,
            "conversation_id": conversation_id,
            "shop_id": shop_id,
            "position": number * POSITION_STEP,
            "kind": part.kind,
            "text": part.text,
            "photos": " ".join(part.photos),
            "order_number": order_number,
            "state": MessageState.QUEUED,
            "not_before": now,
        }
        for number, part in enumerate(parts, start=1)
    ]
    _store(session, dispatch, derived([PartFacts(MessageState.QUEUED, "", "") for _ in rows]), now)
    _ADD_MESSAGES.run_all(session, rows)


def add_order_card(session: Session, message: Message, now: datetime) -> bool:
    """Put an order card before a message that the marketplace does not take without one.

    False: a card was tried already, perhaps by this very message, so another changes nothing.
    """
    tried = select(Message.id).where(
        Message.dispatch_id == message.dispatch_id, Message.kind == MessageKind.ORDER_CARD
    )
    if session.scalar(tried) is not None:
        return False
    session.add(
        Message(
            organisation_id=message.organisation_id,
            dispatch_id=message.dispatch_id,
            conversation_id=message.conversation_id,
            shop_id=message.shop_id,
            position=message.position - 1,
            kind=MessageKind.ORDER_CARD,
            order_number=message.order_number,
            state=MessageState.QUEUED,
            not_before=now,
        )
    )
    session.flush()
    return True


def queue_again(dispatch: Dispatch, message: Message, not_before: datetime) -> None:
    """Queue a message that is known not to be in the chat; one that was taken back ends here."""
    message.lease_until = None
    message.claimed_by = None
    if dispatch.withdrawn:
        message.state = MessageState.CANCELLED
        message.reason = Reason.WITHDRAWN
    else:
        message.state = MessageState.QUEUED
        message.not_before = not_before


def wake_waiting(session: Session, codes: Iterable[str], now: datetime) -> int:
    """Let dispatches that wait for an order with one of these codes be looked at now."""
    waiting = session.scalars(
        select(Dispatch).where(
            Dispatch.state == DispatchState.WAITING_FOR_ORDER, Dispatch.code.in_(set(codes))
        )
    ).all()
    for dispatch in waiting:
        dispatch.next_check_at = now
        tell(session, dispatch)
    return len(waiting)


def wake_held(session: Session, shop_id: int, now: datetime) -> int:
    """Let dispatches held for want of this shop's authorization be looked at now."""
    held = session.scalars(
        select(Dispatch).where(
            Dispatch.shop_id == shop_id,
            Dispatch.state == DispatchState.HELD,
            Dispatch.reason == Reason.AUTHORIZATION,
        )
    ).all()
    for dispatch in held:
        dispatch.next_check_at = now
        tell(session, dispatch)
    return len(held)


def cancel_unsent(session: Session, dispatch: Dispatch, reason: Reason, now: datetime) -> bool:
    """Cancel what has not begun to be sent. False: something is being sent or uncertain."""
    messages = messages_of(session, dispatch.id)
    for message in messages:
        if message.state in {MessageState.QUEUED, MessageState.CLAIMED}:
            message.state = MessageState.CANCELLED
            message.fence += 1
            message.reason = reason.value
    open_states = {MessageState.SENDING, MessageState.UNCERTAIN}
    if messages:
        refresh_state(session, dispatch, now)
    return not any(message.state in open_states for message in messages)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the marketplace showed of a conversation."""

    unanswered: int
    before: int
    """Our own count when the reading began: what was sent since comes on top of it."""
    external_id: str
    read_at: datetime


def conversation_with(
    session: Session,
    *,
    organisation_id: int,
    shop_id: int,
    buyer_id: str,
    buyer_name: str,
    counted: Counted | None = None,
) -> int:
    """The id of a shop's conversation with a buyer, made when it is the first time.

    ``counted`` is noted, and a name where there is one.
    """
    row = _CONVERSATION.first(session, shop_id=shop_id, buyer_id=buyer_id)
    values: dict[str, object] = {"buyer_name": buyer_name} if buyer_name else {}
    if counted is not None:
        # What we sent while the chat was being read may be missing in it.
        sent_since = max(0, row[1] - counted.before) if row else 0
        values |= {
            "unanswered": counted.unanswered + sent_since,
            "checked_at": counted.read_at,
        }
        values |= {"external_id": counted.external_id} if counted.external_id else {}
    if row is None:
        who: dict[str, object] = {"shop_id": shop_id, "buyer_id": buyer_id}
        return _ADD_CONVERSATION.run(session, organisation_id=organisation_id, **who, **values)
    if values:
        _NOTE.run(
            session,
            conversation_id=row[0],
            new_name=values.get("buyer_name"),
            new_unanswered=values.get("unanswered"),
            new_checked_at=values.get("checked_at"),
            new_external_id=values.get("external_id"),
        )
    return row[0]
