"""Making a message `sent`: only by the id that the marketplace gave it (invariant 6)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from cloud.conversations.derive import Derived
from cloud.conversations.deriving import DispatchKey, parts_of_dispatch, store_derived
from cloud.conversations.models import Conversation, Dispatch, Message
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.prepared import Changing, Reading
from cloud.marketplaces.chats import SentMessage
from cloud.shops.models import SendingPace, Shop

_FACTS = Reading(
    select(
        Message.organisation_id,
        Message.shop_id,
        Message.conversation_id,
        Message.state,
        Message.fence,
        Message.marketplace_message_id,
        Dispatch.id,
        Dispatch.device_id,
        Dispatch.proof_key,
        Dispatch.state,
        Dispatch.withdrawn,
        Dispatch.asked_at,
        Dispatch.asked_by_member_id,
        Shop.sending_enabled,
        SendingPace.free_at,
        SendingPace.gap_ms,
        SendingPace.backoff_level,
    )
    .join(Dispatch, Dispatch.id == Message.dispatch_id)
    .join(Shop, Shop.id == Message.shop_id)
    .join(SendingPace, SendingPace.shop_id == Message.shop_id)
    .where(Message.id == bindparam("message_id"))
    .with_for_update(of=(Message, Dispatch, SendingPace))
)
_MARK_SENT = Changing(
    update(Message)
    .where(Message.id == bindparam("message_id"))
    .values(
        state=bindparam("new_state"),
        marketplace_message_id=bindparam("marketplace_id"),
        sent_at=bindparam("now"),
        lease_until=None,
        claimed_by=None,
        reason=bindparam("new_reason"),
        detail="",
    )
)
_COUNT = Changing(
    update(Conversation)
    .where(Conversation.id == bindparam("conversation_id"))
    .values(
        unanswered=Conversation.unanswered + 1,
        external_id=func.coalesce(bindparam("their_id"), Conversation.external_id),
    )
)
_RECORDED_ELSEWHERE = Reading(
    select(Message.id).where(
        Message.shop_id == bindparam("shop_id"),
        Message.marketplace_message_id == bindparam("marketplace_id"),
        Message.id != bindparam("message_id"),
    )
)


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """A message, and what depends on its being sent."""

    id: int
    shop_id: int
    conversation_id: int
    state: MessageState
    fence: int
    marketplace_id: str | None
    dispatch: DispatchKey
    dispatch_state: DispatchState
    withdrawn: bool
    asked_at: datetime
    asked_by_person: bool
    sending_enabled: bool
    """By its shop's switch."""
    free_at: datetime
    gap_ms: int
    backoff_level: int


def facts_of(session: Session, message_id: int) -> MessageFacts:
    """Read all of it in one statement, and lock the message where the database can."""
    row = _FACTS.one(session, message_id=message_id)
    organisation_id, shop_id, conversation_id, state, fence, marketplace_id, *rest = row
    dispatch_id, device_id, proof_key, dispatch_state, withdrawn, asked_at, asked_by, *shop = rest
    sending_enabled, free_at, gap_ms, backoff_level = shop
    return MessageFacts(
        id=message_id,
        shop_id=shop_id,
        conversation_id=conversation_id,
        state=state,
        fence=fence,
        marketplace_id=marketplace_id,
        dispatch=DispatchKey(dispatch_id, organisation_id, device_id, proof_key),
        dispatch_state=dispatch_state,
        withdrawn=withdrawn,
        asked_at=asked_at,
        asked_by_person=asked_by is not None,
        sending_enabled=sending_enabled,
        free_at=free_at,
        gap_ms=gap_ms,
        backoff_level=backoff_level,
    )


def mark_sent(
    session: Session,
    facts: MessageFacts,
    sent: SentMessage,
    now: datetime,
    *,
    is_hidden: bool = False,
) -> None:
    """Record the marketplace's id; ``is_hidden``: it has the message and does not show it.

    The dispatch's state is derived by the caller, once all is changed that this one changes.
    """
    _MARK_SENT.run(
        session,
        message_id=facts.id,
        new_state=MessageState.NOT_SHOWN if is_hidden else MessageState.SENT,
        marketplace_id=sent.message_id,
        now=now,
        new_reason=Reason.REFUSED_CONTENT.value if is_hidden else "",
    )
    _COUNT.run(
        session, conversation_id=facts.conversation_id, their_id=sent.conversation_id or None
    )


def derive_again(session: Session, facts: MessageFacts, now: datetime) -> Derived:
    """Store the state of the message's dispatch, after it was marked."""
    parts = parts_of_dispatch(session, facts.dispatch.id)
    return store_derived(session, facts.dispatch, parts, now)


def is_recorded_elsewhere(
    session: Session, *, shop_id: int, message_id: int, marketplace_id: str
) -> bool:
    """Whether another message of the shop has this id already."""
    other = _RECORDED_ELSEWHERE.first(
        session, shop_id=shop_id, marketplace_id=marketplace_id, message_id=message_id
    )
    return other is not None
