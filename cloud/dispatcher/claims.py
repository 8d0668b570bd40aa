"""Claiming messages. A unit for the write path.

Shops take turns by when they were served last; a shop is served when its pace allows. Within a
shop the oldest message goes whose earlier parts are settled and whose buyer is not being written
to. A parked dispatch blocks nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Integer, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from cloud.conversations.models import Dispatch, Message
from cloud.conversations.outbox import messages_of, set_state
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.clock import database_now
from cloud.dispatcher.ending import end_unsent
from cloud.dispatcher.reserving import UNDER_WAY, LimitOf, fits_budget
from cloud.dispatcher.rules import Decision, may_begin
from cloud.shops.models import SendingPace, Shop

# Putting a dispatch aside is quick work, so one turn may pass over a few before it claims one.
_MOST_PASSED_OVER = 20
_SETTLED = (
    MessageState.SENT,
    MessageState.FAILED,
    MessageState.CANCELLED,
    MessageState.NOT_SHOWN,
)


def _claimable() -> tuple[ColumnElement[bool], ...]:
    """What a message, joined with its dispatch, must be like to be claimed."""
    earlier, busy = aliased(Message), aliased(Message)
    waits_for_earlier = exists().where(
        earlier.dispatch_id == Message.dispatch_id,
        earlier.position < Message.position,
        earlier.state.not_in(_SETTLED),
    )
    buyer_is_written_to = exists().where(
        busy.conversation_id == Message.conversation_id,
        busy.state.in_((MessageState.CLAIMED, MessageState.SENDING)),
    )
    return (
        Message.state == MessageState.QUEUED,
        Message.not_before <= bindparam("now"),
        Dispatch.state.in_(UNDER_WAY),
        ~waits_for_earlier,
        ~buyer_is_written_to,
    )


def _has_claimable() -> ColumnElement[bool]:
    return exists().where(
        Message.shop_id == SendingPace.shop_id,
        Dispatch.id == Message.dispatch_id,
        *_claimable(),
    )


# Built once: to build them costs many times what it takes to run them.
_FREE_SHOPS = (
    select(SendingPace)
    .where(SendingPace.free_at <= bindparam("now"), _has_claimable())
    .order_by(SendingPace.last_claimed_at.asc().nulls_first(), SendingPace.shop_id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_NEXT_OF_SHOP = (
    select(Message)
    .join(Dispatch, Dispatch.id == Message.dispatch_id)
    .where(Message.shop_id == bindparam("shop_id"), *_claimable())
    .order_by(Message.dispatch_id, Message.position)
    .limit(1)
)
_SOONEST_MESSAGE = (
    select(Message.not_before)
    .where(Message.state == MessageState.QUEUED, Message.not_before > bindparam("now"))
    .order_by(Message.not_before)
    .limit(1)
)
_SOONEST_SHOP = (
    select(SendingPace.free_at)
    .where(SendingPace.free_at > bindparam("now"), _has_claimable())
    .order_by(SendingPace.free_at)
    .limit(1)
)


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
    too_old: timedelta
    limit_of: LimitOf


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


def _free_shops(session: Session, now: datetime, most: int) -> Sequence[SendingPace]:
    """Only shops with something to claim: others would take the places of those behind them."""
    return session.scalars(_FREE_SHOPS, {"now": now, "most": most}).all()


def _next_message(
    session: Session, shop_id: int, rules: ClaimRules, now: datetime
) -> Message | None:
    for _ in range(_MOST_PASSED_OVER):
        message = session.scalar(_NEXT_OF_SHOP, {"now": now, "shop_id": shop_id})
        if message is None:
            return None
        dispatch = session.get_one(Dispatch, message.dispatch_id)
        obstacle = _obstacle(session, dispatch, rules, now)
        if obstacle is None:
            return message
        _put_aside(session, dispatch, obstacle, rules, now)
    return None


def _obstacle(
    session: Session, dispatch: Dispatch, rules: ClaimRules, now: datetime
) -> Decision | None:
    """What has come up since it was planned; the budget is reserved for all of it at once."""
    shop = session.get_one(Shop, dispatch.shop_id)
    messages = messages_of(session, dispatch.id)
    begun = any(one.tries for one in messages)
    decision = may_begin(
        sending_enabled=shop.sending_enabled,
        asked_by_person=dispatch.asked_by_member_id is not None,
        has_begun=begun,
        age=now - dispatch.asked_at,
        too_old=rules.too_old,
    )
    if decision is not None or begun or fits_budget(session, dispatch, messages, rules.limit_of):
        return decision
    return Decision(DispatchState.HELD, Reason.MESSAGE_LIMIT)


def _put_aside(
    session: Session, dispatch: Dispatch, why: Decision, rules: ClaimRules, now: datetime
) -> None:
    if why.state is not DispatchState.HELD:
        end_unsent(session, dispatch, why, now)
        return
    check_at = now + rules.held_check
    set_state(session, dispatch, why.state, now=now, reason=why.reason, next_check_at=check_at)


def _seconds_until_next(session: Session, now: datetime) -> float | None:
    soonest_message = session.scalar(_SOONEST_MESSAGE, {"now": now})
    soonest_shop = session.scalar(_SOONEST_SHOP, {"now": now})
    times = [time for time in (soonest_message, soonest_shop) if time is not None]
    return (min(times) - now).total_seconds() if times else None
