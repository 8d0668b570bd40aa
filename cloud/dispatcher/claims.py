"""Claiming messages. A unit for the write path.

Shops take turns by when they were served last; a shop is served when its pace allows. Within a
shop the oldest message goes whose earlier parts are settled and whose buyer is not being written
to. A parked dispatch blocks nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, bindparam, exists, select, update
from sqlalchemy.orm import Session, aliased

from cloud.conversations.deriving import parts_of_dispatch
from cloud.conversations.models import Dispatch, Message
from cloud.conversations.outbox import set_state
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.clock import database_now
from cloud.database.prepared import Changing, Reading
from cloud.dispatcher.ending import end_unsent
from cloud.dispatcher.pace import use_turn
from cloud.dispatcher.reserving import UNDER_WAY, LimitOf, fits_budget
from cloud.dispatcher.rules import Decision, may_begin
from cloud.proofs.switches import proof_may_go
from cloud.shops.models import SendingPace, Shop

# Putting a dispatch aside is quick work, so one turn may pass over a few before it claims one.
_MOST_PASSED_OVER = 20
SETTLED = (
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
        earlier.state.not_in(SETTLED),
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
_FREE_SHOPS = Reading(
    select(SendingPace.shop_id, SendingPace.gap_ms)
    .where(SendingPace.free_at <= bindparam("now"), _has_claimable())
    .order_by(SendingPace.last_claimed_at.asc().nulls_first(), SendingPace.shop_id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_NEXT_OF_SHOP = Reading(
    select(
        Message.id,
        Message.organisation_id,
        Message.fence,
        Message.conversation_id,
        Dispatch.id,
        Dispatch.proof_id,
        Dispatch.asked_by_member_id,
        Dispatch.asked_at,
        Dispatch.in_batch,
        Shop.sending_enabled,
        Shop.batches_enabled,
    )
    .join(Dispatch, Dispatch.id == Message.dispatch_id)
    .join(Shop, Shop.id == Message.shop_id)
    .where(Message.shop_id == bindparam("shop_id"), *_claimable())
    .order_by(Message.dispatch_id, Message.position)
    .limit(1)
    # What somebody changes at this moment is for another turn.
    .with_for_update(of=(Message, Dispatch), skip_locked=True)
)
_TAKE = Changing(
    update(Message)
    .where(Message.id == bindparam("message_id"), Message.fence == bindparam("held_fence"))
    .values(
        state=MessageState.CLAIMED,
        fence=Message.fence + 1,
        claimed_by=bindparam("new_sender"),
        lease_until=bindparam("until"),
    )
)
_SOONEST_MESSAGE = Reading(
    select(Message.not_before)
    .where(Message.state == MessageState.QUEUED, Message.not_before > bindparam("now"))
    .order_by(Message.not_before)
    .limit(1)
)
# One that was served in this very turn and needs no gap is free again now.
_SOONEST_SHOP = Reading(
    select(SendingPace.free_at)
    .where(SendingPace.free_at >= bindparam("now"), _has_claimable())
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
    """What a turn brought."""

    claims: tuple[Claim, ...]
    next_look_s: float | None
    """In how many seconds the next turn is worth a look; None: unknown."""
    is_full: bool
    """As many as were asked for: there may be more at once."""


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
    # Only shops with something to claim: others would take the places of those behind them.
    for shop_id, gap_ms in _FREE_SHOPS.all(session, now=now, most=most):
        message = _next_message(session, shop_id, rules, now)
        if message is None:
            continue
        until = now + rules.lease
        held = {"message_id": message.id, "held_fence": message.fence}
        _TAKE.run(session, **held, new_sender=rules.sender, until=until)
        use_turn(session, shop_id, gap_ms, now)
        claims.append(Claim(message.id, message.organisation_id, message.fence + 1))
    is_full = len(claims) == most
    next_look_s = None if is_full else _seconds_until_next(session, now)
    return Claimed(tuple(claims), next_look_s, is_full)


class _Next(NamedTuple):
    """A row of _NEXT_OF_SHOP."""

    id: int
    organisation_id: int
    fence: int
    conversation_id: int
    dispatch_id: int
    proof_id: int | None
    asked_by_member_id: int | None
    asked_at: datetime
    in_batch: bool
    sending_enabled: bool
    batches_enabled: bool


def _next_message(session: Session, shop_id: int, rules: ClaimRules, now: datetime) -> _Next | None:
    for _ in range(_MOST_PASSED_OVER):
        row = _NEXT_OF_SHOP.first(session, now=now, shop_id=shop_id)
        if row is None:
            return None
        message = _Next._make(row)
        obstacle = _obstacle(session, message, rules, now)
        if obstacle is None:
            return message
        _put_aside(session, message.dispatch_id, obstacle, rules, now)
    return None


def _obstacle(
    session: Session, message: _Next, rules: ClaimRules, now: datetime
) -> Decision | None:
    """What has come up since it was planned; the budget is reserved for all of it at once."""
    parts = parts_of_dispatch(session, message.dispatch_id)
    begun = any(one.tries for one in parts)
    by_itself = message.asked_by_member_id is None
    decision = may_begin(
        sending_enabled=message.sending_enabled,
        platform_enabled=begun or not by_itself or proof_may_go(session, message.proof_id),
        batch_refused=message.in_batch and not message.batches_enabled,
        asked_by_person=not by_itself,
        has_begun=begun,
        age=now - message.asked_at,
        too_old=rules.too_old,
    )
    if decision is not None or begun:
        return decision
    fits = fits_budget(
        session,
        conversation_id=message.conversation_id,
        dispatch_id=message.dispatch_id,
        queued=sum(one.state is MessageState.QUEUED for one in parts),
        limit_of=rules.limit_of,
    )
    return None if fits else Decision(DispatchState.HELD, Reason.MESSAGE_LIMIT)


def _put_aside(
    session: Session, dispatch_id: int, why: Decision, rules: ClaimRules, now: datetime
) -> None:
    dispatch = session.get_one(Dispatch, dispatch_id)
    if why.state is not DispatchState.HELD:
        end_unsent(session, dispatch, why, now)
        return
    check_at = now + rules.held_check
    set_state(session, dispatch, why.state, now=now, reason=why.reason, next_check_at=check_at)


def _seconds_until_next(session: Session, now: datetime) -> float | None:
    soonest = (_SOONEST_MESSAGE.first(session, now=now), _SOONEST_SHOP.first(session, now=now))
    times = [row[0] for row in soonest if row is not None]
    return (min(times) - now).total_seconds() if times else None
