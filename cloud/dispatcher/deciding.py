"""Deciding about the dispatch of a found order, in one write that looks at everything again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from cloud.conversations.deriving import parts_of_dispatch
from cloud.conversations.models import Dispatch
from cloud.conversations.outbox import (
    Counted,
    add_plan,
    conversation_with,
    drop_plan,
    refresh_state,
    set_state,
)
from cloud.conversations.parts import Part
from cloud.conversations.queries import recent_texts, sent_parts_of
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.base import utc_now
from cloud.database.prepared import Reading
from cloud.database.scope import Scope, scoped
from cloud.dispatcher.chat_reading import ChatReading
from cloud.dispatcher.ending import end_unsent
from cloud.dispatcher.planning import joined, missing_of, parts_of, without_repeats
from cloud.dispatcher.reserving import fits_budget, room_for
from cloud.dispatcher.rules import SEND, Decision, MatchFacts, after_holding, decide
from cloud.dispatcher.scanning import orders_meant
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.registry import capabilities_of, unanswered_limit
from cloud.orders.queries import Candidate, FoundOrder
from cloud.proofs.queries import photo_hashes
from cloud.proofs.switches import proof_may_go
from cloud.shops.models import SendingPace
from cloud.shops.service import Purpose, SellingShop, is_authorized, selling_shop

CHECKED = (DispatchState.WAITING_FOR_ORDER, DispatchState.HELD)
"""States that end by looking again."""
_NOT_SENT_BEFORE = (
    DispatchState.CANCELLED,
    DispatchState.FAILED,
    DispatchState.SAVED_NOT_SENT,
    DispatchState.WAITING_FOR_ORDER,
    DispatchState.NEEDS_PERSON,
)
_LOCK_SHOP = Reading(
    select(SendingPace.shop_id).where(SendingPace.shop_id == bindparam("shop_id")).with_for_update()
)
_SENT_BEFORE = Reading(
    select(Dispatch.parcel_id).where(
        Dispatch.order_id == bindparam("order_id"),
        Dispatch.id != bindparam("dispatch_id"),
        or_(Dispatch.state.not_in(_NOT_SENT_BEFORE), Dispatch.by_hand_at.is_not(None)),
        or_(Dispatch.conversation_id.is_not(None), Dispatch.id < bindparam("dispatch_id")),
    )
)
_HELD_MESSAGE_LIMIT = Decision(DispatchState.HELD, Reason.MESSAGE_LIMIT)
_LEAST_TO_JOIN = 2
_NOTHING_TO_SEND = Decision(DispatchState.NEEDS_PERSON, Reason.OTHER)


@dataclass(frozen=True, slots=True)
class Due:
    """A dispatch to look at now."""

    dispatch_id: int
    organisation_id: int
    code: str
    proof_key: str | None
    reason: str
    """Why it was held, or waits."""

    @property
    def is_unauthorized(self) -> bool:
        """Whether it waits for a person to authorize its shop."""
        return self.reason == Reason.AUTHORIZATION

    @property
    def ids(self) -> dict[str, object]:
        """What a line of the log names it by."""
        return {"dispatch": self.dispatch_id, "proof": self.proof_key}

    @property
    def scope(self) -> Scope:
        """Everything about it happens in its organisation's scope."""
        return scoped(self.organisation_id)


@dataclass(frozen=True, slots=True)
class Target:
    """The one order that a code means, and its shop."""

    order: FoundOrder
    parcel_id: int | None
    """When a tracking number was scanned."""
    shop: SellingShop
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Plan:
    """What a buyer is to get."""

    conversation_id: int
    parts: Sequence[Part]
    """Empty for a dispatch that goes on with what it was planned to be."""
    order_number: str


def still_waiting(session: Session, due: Due) -> Dispatch | None:
    """The dispatch, if it still waits to be looked at."""
    dispatch = session.get(Dispatch, due.dispatch_id, with_for_update=True)
    return dispatch if dispatch is not None and dispatch.state in CHECKED else None


def decide_dispatch(
    session: Session,
    due: Due,
    reading: ChatReading | None,
    settings: DispatcherSettings,
    *,
    is_refused: bool = False,
) -> DispatchState | None:
    """Plan it, let it go on, hold it, save it, or put it before a person; gives its new state.

    None: there was nothing to decide any more. ``is_refused``: the marketplace does not take the
    shop's authorization, whatever is written here.

    Everything is read before anything is changed: a reading would write what was changed so far.
    """
    dispatch = still_waiting(session, due)
    found = orders_meant(
        session,
        due.dispatch_id,
        due.code,
        tracking_counts_for=settings.tracking_counts_for,
    )
    if dispatch is None or len(found) != 1:
        return None
    target = _target(session, found[0])
    # One at a time for a shop: others may be about to send the same order, or to the same buyer.
    _LOCK_SHOP.first(session, shop_id=target.shop.id)
    now = utc_now()
    facts = _facts(session, dispatch, target, now)
    if is_refused:
        facts = replace(facts, authorized=False)
    decision = decide(facts, settings.too_old)
    conversation_id: int | None = None
    parts: Sequence[Part] = ()
    if decision == SEND:
        conversation_id = _conversation(session, dispatch, target, reading)
        if dispatch.conversation_id is None:
            parts = _plan(session, dispatch, target, conversation_id, now)
        elif dispatch.reason == Reason.MESSAGE_LIMIT:
            decision, parts = _again(session, dispatch, target, conversation_id, now)
    decision = after_holding(
        decision,
        is_held=dispatch.state is DispatchState.HELD,
        reason=Reason(dispatch.reason) if dispatch.reason else None,
        age=now - dispatch.asked_at,
        longest=settings.held_release,
    )
    dispatch.shop_id, dispatch.order_id = target.shop.id, target.order.id
    dispatch.parcel_id = target.parcel_id
    if decision == SEND and conversation_id is not None:
        _release(session, dispatch, Plan(conversation_id, parts, target.order.order_number), now)
    elif decision.state is DispatchState.HELD:
        _hold(session, dispatch, decision, now, settings)
    else:
        end_unsent(session, dispatch, decision, now)
    return dispatch.state


def _target(session: Session, found: Candidate) -> Target:
    shop = selling_shop(session, found.order.shop_id)
    capabilities = capabilities_of(shop.channel, shop.country)
    return Target(found.order, found.parcel_id, shop, capabilities)


def _conversation(
    session: Session, dispatch: Dispatch, target: Target, reading: ChatReading | None
) -> int:
    counted = None
    if reading is not None:
        counted = Counted(
            unanswered=reading.unanswered,
            before=reading.counted_before,
            external_id=reading.conversation_id,
            read_at=reading.read_at,
        )
    return conversation_with(
        session,
        organisation_id=dispatch.organisation_id,
        shop_id=target.shop.id,
        buyer_id=target.order.buyer_id,
        buyer_name=target.order.buyer_name,
        counted=counted,
    )


def _again(
    session: Session, dispatch: Dispatch, target: Target, conversation_id: int, now: datetime
) -> tuple[Decision, Sequence[Part]]:
    """What the message limit holds goes on when it fits, by fewer pictures if need be.

    A plan is fixed once something of it was claimed: its upload may be on its way.
    """
    planned = parts_of_dispatch(session, dispatch.id)
    parts: Sequence[Part] = ()
    queued = sum(one.state is MessageState.QUEUED for one in planned)
    if all(one.state is MessageState.QUEUED and not one.fence for one in planned):
        parts = _plan(session, dispatch, target, conversation_id, now)
        if len(parts) == queued:
            parts = ()
    fits = fits_budget(
        session,
        conversation_id=conversation_id,
        dispatch_id=dispatch.id,
        queued=len(parts) or queued,
        limit_of=unanswered_limit,
    )
    return (SEND, parts) if fits else (_HELD_MESSAGE_LIMIT, ())


def _hold(
    session: Session,
    dispatch: Dispatch,
    decision: Decision,
    now: datetime,
    settings: DispatcherSettings,
) -> None:
    held_for = now - dispatch.updated_at if dispatch.state is DispatchState.HELD else timedelta()
    wait = max(settings.held_check, min(settings.back_off.longest, held_for / 2))
    set_state(
        session,
        dispatch,
        decision.state,
        now=now,
        reason=decision.reason,
        next_check_at=now + wait,
    )


def _release(session: Session, dispatch: Dispatch, plan: Plan, now: datetime) -> None:
    """Plan a dispatch, plan a held one anew, or let it go on with the plan it has."""
    if dispatch.conversation_id is not None and not plan.parts:
        refresh_state(session, dispatch, now)
    elif plan.parts:
        drop_plan(session, dispatch)
        add_plan(
            session,
            dispatch,
            plan.parts,
            shop_id=dispatch.shop_id or 0,
            conversation_id=plan.conversation_id,
            order_number=plan.order_number,
            now=now,
        )
    else:
        end_unsent(session, dispatch, _NOTHING_TO_SEND, now)


def _plan(
    session: Session, dispatch: Dispatch, target: Target, conversation_id: int, now: datetime
) -> Sequence[Part]:
    parts = parts_of(
        target.shop.preset_message,
        target.order.order_number,
        photo_hashes(session, dispatch.proof_id),
        text_limit=target.capabilities.text_limit_chars,
    )
    window = target.capabilities.repeat_text_window
    repeated = recent_texts(session, conversation_id, now, window, besides=dispatch.id)
    parts = without_repeats(parts, repeated)
    if dispatch.resend_of_id is not None and not dispatch.everything:
        parts = missing_of(parts, sent_parts_of(session, dispatch.proof_id))
    if len(parts) < _LEAST_TO_JOIN:
        return parts
    room = room_for(
        session,
        conversation_id=conversation_id,
        dispatch_id=dispatch.id,
        limit_of=unanswered_limit,
    )
    return joined(parts, room)


def _facts(session: Session, dispatch: Dispatch, target: Target, now: datetime) -> MatchFacts:
    before = _sent_before(session, dispatch, target.order.id)
    return MatchFacts(
        order_cancelled=target.order.cancelled,
        order_refunded=target.order.refunded,
        has_buyer=bool(target.order.buyer_id),
        sending_enabled=target.shop.sending_enabled,
        platform_enabled=proof_may_go(session, dispatch.proof_id),
        channel_can_send=target.capabilities.can_send_proofs,
        batch_refused=dispatch.in_batch and not target.shop.batches_enabled,
        authorized=is_authorized(session, target.shop.id, Purpose.CHAT),
        sent_before=bool(before),
        other_parcel=all(
            None not in (target.parcel_id, parcel_id) and target.parcel_id != parcel_id
            for parcel_id in before
        ),
        closed_at=dispatch.asked_at,
        now=now,
        asked_by_person=dispatch.asked_by_member_id is not None,
    )


def _sent_before(session: Session, dispatch: Dispatch, order_id: int) -> Sequence[int | None]:
    """Parcels of other dispatches of the order: sent, under way, or waiting ahead of this one."""
    rows = _SENT_BEFORE.all(session, order_id=order_id, dispatch_id=dispatch.id)
    return [parcel_id for (parcel_id,) in rows]
