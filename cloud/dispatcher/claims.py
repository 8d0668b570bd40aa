"""Claiming messages, and what happens to claims whose holder is gone. Units for the write path.

Shops take turns by when they were served last; a shop is served when its pace allows. Within a
shop the oldest message goes whose earlier parts are settled and whose buyer is not being written
to. A parked dispatch blocks nobody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session, aliased

from cloud.conversations.models import Conversation, Dispatch, Message
from cloud.conversations.outbox import refresh_state, set_state
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.clock import database_now
from cloud.dispatcher.budget import Budget
from cloud.shops.models import SendingPace, Shop

# Holding a dispatch is quick work, so one turn may pass over a few before it claims one.
_MOST_PASSED_OVER = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this process may work on until its lease ends."""

    message_id: int
    organisation_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a turn brought, and in how many seconds the next is worth a look (None: unknown)."""

    claims: tuple[Claim, ...]
    next_look_s: float | None


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """What a turn needs to know."""

    sender: str
    lease: timedelta
    held_check: timedelta
    limit_of: Callable[[str, str], int | None]
    """Unanswered-message limit of a channel and country."""


def claim(session: Session, rules: ClaimRules, most: int) -> Claimed:
    """Claim up to ``most`` messages, at most one per shop."""
    now = database_now(session)
    claims = []
    for pace in _free_shops(session, now, most):
        message = _next_message(session, pace.shop_id, rules, now)
        if message is None:
            continue
        message.state = MessageState.CLAIMED
        message.claimed_by = rules.sender
        message.lease_until = now + rules.lease
        message.fence += 1
        pace.free_at = now + timedelta(milliseconds=pace.gap_ms)
        pace.last_claimed_at = now
        claims.append(Claim(message.id, message.organisation_id, message.fence))
    session.flush()
    return Claimed(tuple(claims), None if claims else _seconds_until_next(session, now))


def return_lapsed_claims(session: Session) -> int:
    """Queue again what was claimed and never begun; safe, because no request went out."""
    now = database_now(session)
    lapsed = session.scalars(
        select(Message)
        .where(Message.state == MessageState.CLAIMED, Message.lease_until < now)
        .with_for_update(skip_locked=True)
    ).all()
    for message in lapsed:
        message.state = MessageState.QUEUED
        message.fence += 1
    return len(lapsed)


def doubt_lapsed_requests(session: Session, settle: timedelta) -> int:
    """A request whose sender fell silent may have arrived: uncertain, never queued again."""
    now = database_now(session)
    lapsed = session.scalars(
        select(Message)
        .where(Message.state == MessageState.SENDING, Message.lease_until < now)
        .with_for_update(skip_locked=True)
    ).all()
    for message in lapsed:
        message.state = MessageState.UNCERTAIN
        message.fence += 1
        message.not_before = now + settle
        message.reason = Reason.OUTAGE
        dispatch = session.get_one(Dispatch, message.dispatch_id)
        refresh_state(session, dispatch, now)
    return len(lapsed)


def _free_shops(session: Session, now: datetime, most: int) -> Sequence[SendingPace]:
    return session.scalars(
        select(SendingPace)
        .where(SendingPace.free_at <= now, _has_ready(now))
        .order_by(SendingPace.last_claimed_at.asc().nulls_first())
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()


def _has_ready(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        Message.shop_id == SendingPace.shop_id,
        Message.state == MessageState.QUEUED,
        Message.not_before <= now,
    )


def _next_message(
    session: Session, shop_id: int, rules: ClaimRules, now: datetime
) -> Message | None:
    for _ in range(_MOST_PASSED_OVER):
        message = session.scalar(_ready_messages(shop_id, now))
        if message is None or _fits_budget(session, message, rules):
            return message
        dispatch = session.get_one(Dispatch, message.dispatch_id)
        set_state(
            session,
            dispatch,
            DispatchState.HELD,
            now=now,
            reason=Reason.MESSAGE_LIMIT,
            next_check_at=now + rules.held_check,
        )
    return None


def _ready_messages(shop_id: int, now: datetime) -> Select[Message]:
    earlier, busy = aliased(Message), aliased(Message)
    settled = (
        MessageState.SENT,
        MessageState.FAILED,
        MessageState.CANCELLED,
        MessageState.NOT_SHOWN,
    )
    waits_for_earlier = exists().where(
        earlier.dispatch_id == Message.dispatch_id,
        earlier.position < Message.position,
        earlier.state.not_in(settled),
    )
    buyer_is_written_to = exists().where(
        busy.conversation_id == Message.conversation_id,
        busy.state.in_((MessageState.CLAIMED, MessageState.SENDING)),
    )
    return (
        select(Message)
        .join(Dispatch, Dispatch.id == Message.dispatch_id)
        .where(
            Message.shop_id == shop_id,
            Message.state == MessageState.QUEUED,
            Message.not_before <= now,
            Dispatch.state != DispatchState.HELD,
            ~waits_for_earlier,
            ~buyer_is_written_to,
        )
        .order_by(Message.dispatch_id, Message.position)
        .limit(1)
    )


def _fits_budget(session: Session, message: Message, rules: ClaimRules) -> bool:
    """Reserve for the whole dispatch at its first part; a begun one goes on to its end."""
    siblings = session.scalars(
        select(Message).where(Message.dispatch_id == message.dispatch_id)
    ).all()
    if any(one.tries for one in siblings):
        return True
    conversation = session.get_one(Conversation, message.conversation_id)
    shop = session.get_one(Shop, message.shop_id)
    uncertain = session.scalars(
        select(Message.id).where(
            Message.conversation_id == conversation.id,
            Message.state == MessageState.UNCERTAIN,
        )
    ).all()
    budget = Budget(
        limit=rules.limit_of(shop.channel, shop.country),
        kept_free=shop.kept_free_for_people,
        unanswered=conversation.unanswered,
        open=len(uncertain),
    )
    return budget.allows(sum(one.state is MessageState.QUEUED for one in siblings))


def _seconds_until_next(session: Session, now: datetime) -> float | None:
    soonest_message = session.scalar(
        select(Message.not_before)
        .where(Message.state == MessageState.QUEUED, Message.not_before > now)
        .order_by(Message.not_before)
        .limit(1)
    )
    soonest_shop = session.scalar(
        select(SendingPace.free_at)
        .where(SendingPace.free_at > now, _has_ready(now))
        .order_by(SendingPace.free_at)
        .limit(1)
    )
    times = [time for time in (soonest_message, soonest_shop) if time is not None]
    return (min(times) - now).total_seconds() if times else None
