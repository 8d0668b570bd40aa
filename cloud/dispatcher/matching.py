"""From a scanned code to an order, and from there to a planned dispatch.

Each step reads in a transaction, asks marketplaces outside of one, and decides in one short write
that looks at everything again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Conversation, Dispatch
from cloud.conversations.outbox import add_plan, conversation_with, refresh_state, set_state
from cloud.conversations.queries import recent_texts, sent_parts_of
from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import Scope, scoped, system
from cloud.database.write import Database
from cloud.dispatcher.asking import OrderAsking
from cloud.dispatcher.chat_reading import ChatReading, read_unanswered
from cloud.dispatcher.planning import parts_again, parts_of
from cloud.dispatcher.retry import back_off
from cloud.dispatcher.rules import Decision, MatchFacts, decide
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.registry import capabilities_of
from cloud.orders.models import Order
from cloud.orders.queries import Candidate, candidates
from cloud.proofs.queries import photo_hashes
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import ShopGateway, ShopKey
from cloud.shops.models import Shop
from cloud.shops.service import AuthorizationState, Purpose, authorization

logger = logging.getLogger(__name__)

_BATCH = 20
_CHECKED = (DispatchState.WAITING_FOR_ORDER, DispatchState.HELD)
_NOT_SENT_BEFORE = (
    DispatchState.CANCELLED,
    DispatchState.FAILED,
    DispatchState.SAVED_NOT_SENT,
    DispatchState.WAITING_FOR_ORDER,
    DispatchState.NEEDS_PERSON,
)


@dataclass(frozen=True, slots=True)
class Due:
    """A dispatch to look at now."""

    dispatch_id: int
    organisation_id: int
    code: str

    @property
    def scope(self) -> Scope:
        """Everything about it happens in its organisation's scope."""
        return scoped(self.organisation_id)


@dataclass(frozen=True, slots=True)
class Target:
    """The one order that a code means, and its shop."""

    order: Order
    shop: Shop
    capabilities: Capabilities


class Matching:
    """Looks at dispatches that wait for their order, or for the end of what holds them."""

    def __init__(
        self,
        database: Database,
        gateway: ShopGateway,
        asking: OrderAsking,
        settings: DispatcherSettings,
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._asking = asking
        self._settings = settings

    def turn(self) -> int:
        """Look at those due now; how many there were."""
        due = self._due()
        for one in due:
            self._look(one)
        return len(due)

    def seconds_until_next(self) -> float | None:
        """When the next one is due; None when none waits."""
        with self._database.read(system("what is due next")) as session:
            soonest = session.scalar(
                select(Dispatch.next_check_at)
                .where(Dispatch.state.in_(_CHECKED), Dispatch.next_check_at.is_not(None))
                .order_by(Dispatch.next_check_at)
                .limit(1)
            )
        return None if soonest is None else max(0.0, (soonest - utc_now()).total_seconds())

    def _due(self) -> list[Due]:
        with self._database.read(system("dispatches of all organisations")) as session:
            rows = session.execute(
                select(Dispatch.id, Dispatch.organisation_id, Dispatch.code)
                .where(Dispatch.state.in_(_CHECKED), Dispatch.next_check_at <= utc_now())
                .order_by(Dispatch.next_check_at)
                .limit(_BATCH)
            )
            return [Due(*row) for row in rows]

    def _look(self, due: Due) -> None:
        found = self._found(due)
        if not found and self._asking.ask(due.organisation_id, due.code):
            found = self._found(due)
        if len(found) != 1:
            self._end_or_wait(due, several=bool(found))
            return
        reading = self._read_chat(due, found[0].order)
        self._database.write(lambda session: self._decide(session, due, reading), due.scope)

    def _found(self, due: Due) -> Sequence[Candidate]:
        with self._database.read(due.scope) as session:
            return candidates(session, due.code)

    def _end_or_wait(self, due: Due, *, several: bool) -> None:
        def unit(session: Session) -> None:
            dispatch = _still(session, due)
            if dispatch is None:
                return
            now = utc_now()
            waited = now - dispatch.created_at
            if several:
                state, reason, check = DispatchState.NEEDS_PERSON, Reason.SEVERAL_ORDERS, None
            elif waited >= self._settings.wait_for_order:
                state, reason, check = DispatchState.NEEDS_PERSON, Reason.ORDER_NOT_FOUND, None
            else:
                state, reason = DispatchState.WAITING_FOR_ORDER, Reason.ORDER_NOT_FOUND
                check = now + _wait_after(waited)
            set_state(session, dispatch, state, now=now, reason=reason, next_check_at=check)

        self._database.write(unit, due.scope)

    # --- the one order -----------------------------------------------------------------------

    def _read_chat(self, due: Due, order: Order) -> ChatReading | None:
        """Count unanswered messages anew when the last count is old; None: it cannot be now."""
        now = utc_now()
        with self._database.read(due.scope) as session:
            row = session.scalar(
                select(Conversation).where(
                    Conversation.shop_id == order.shop_id,
                    Conversation.buyer_id == order.buyer_id,
                )
            )
        checked = row.checked_at if row else None
        if not order.buyer_id or (checked and now - checked < self._settings.chat_read_fresh):
            return None
        try:
            line = self._gateway.line(ShopKey(due.organisation_id, order.shop_id), Purpose.CHAT)
            known_id = (row.external_id or "") if row else ""
            return read_unanswered(line, buyer_id=order.buyer_id, known_id=known_id, now=now)
        except (NotAuthorized, MarketplaceError) as error:
            # The claim still counts what we sent ourselves; the marketplace has the last word.
            logger.warning("the chat cannot be read now: %s", error, extra={"shop": order.shop_id})
            return None

    def _decide(self, session: Session, due: Due, reading: ChatReading | None) -> None:
        dispatch = _still(session, due)
        found = candidates(session, due.code)
        if dispatch is None or len(found) != 1:
            return
        order, parcel = found[0].order, found[0].parcel
        shop = session.get_one(Shop, order.shop_id)
        dispatch.shop_id = shop.id
        dispatch.order_id = order.id
        dispatch.parcel_id = parcel.id if parcel else None
        target = Target(order, shop, capabilities_of(shop.channel, shop.country))
        now = utc_now()
        decision = decide(_facts(session, dispatch, target, now), self._settings.too_old)
        if decision.state is DispatchState.QUEUED:
            _release(session, dispatch, target, reading)
        else:
            self._stop(session, dispatch, decision, now)

    def _stop(
        self, session: Session, dispatch: Dispatch, decision: Decision, now: datetime
    ) -> None:
        held = decision.state is DispatchState.HELD
        if held and now - dispatch.asked_at > self._settings.held_release:
            decision = Decision(DispatchState.NEEDS_PERSON, decision.reason)
            held = False
        set_state(
            session,
            dispatch,
            decision.state,
            now=now,
            reason=decision.reason,
            next_check_at=now + self._settings.held_check if held else None,
        )


def _release(
    session: Session, dispatch: Dispatch, target: Target, reading: ChatReading | None
) -> None:
    """Plan a dispatch, or let a held one go on with the plan it has."""
    now = utc_now()
    order, shop = target.order, target.shop
    conversation = conversation_with(
        session,
        organisation_id=dispatch.organisation_id,
        shop_id=shop.id,
        buyer_id=order.buyer_id,
        buyer_name=order.buyer_name,
    )
    if reading is not None:
        conversation.unanswered = reading.unanswered
        conversation.checked_at = reading.read_at
        conversation.external_id = reading.conversation_id or conversation.external_id
    if dispatch.conversation_id is not None:
        refresh_state(session, dispatch, now)
        return
    parts = parts_of(
        shop.preset_message,
        order.order_number,
        photo_hashes(session, dispatch.proof_id),
        text_limit=target.capabilities.text_limit_chars,
    )
    if dispatch.resend_of_id is not None:
        parts = parts_again(
            parts,
            sent_parts_of(session, dispatch.proof_id),
            recent_texts(session, conversation.id, now, target.capabilities.repeat_text_window),
        )
    add_plan(session, dispatch, conversation, parts, order_number=order.order_number, now=now)


def _still(session: Session, due: Due) -> Dispatch | None:
    """The dispatch, if it still waits to be looked at."""
    dispatch = session.get(Dispatch, due.dispatch_id, with_for_update=True)
    return dispatch if dispatch is not None and dispatch.state in _CHECKED else None


def _facts(session: Session, dispatch: Dispatch, target: Target, now: datetime) -> MatchFacts:
    before = _sent_before(session, dispatch)
    authorized = authorization(session, target.shop.id, Purpose.CHAT).state
    return MatchFacts(
        order_cancelled=target.order.cancelled,
        order_refunded=target.order.refunded,
        has_buyer=bool(target.order.buyer_id),
        sending_enabled=target.shop.sending_enabled,
        channel_can_send=target.capabilities.can_send_chat,
        authorized=authorized == AuthorizationState.AUTHORIZED,
        sent_before=before is not None,
        other_parcel=before is not None
        and None not in (dispatch.parcel_id, before.parcel_id)
        and dispatch.parcel_id != before.parcel_id,
        closed_at=dispatch.asked_at,
        now=now,
        asked_by_person=dispatch.asked_by_member_id is not None,
    )


def _sent_before(session: Session, dispatch: Dispatch) -> Dispatch | None:
    """Another dispatch of the order that was sent or is under way; of this parcel rather."""
    others = session.scalars(
        select(Dispatch)
        .where(
            Dispatch.order_id == dispatch.order_id,
            Dispatch.id != dispatch.id,
            Dispatch.state.not_in(_NOT_SENT_BEFORE),
        )
        .order_by(Dispatch.id.desc())
    ).all()
    same = [one for one in others if one.parcel_id == dispatch.parcel_id]
    return next(iter([*same, *others]), None)


def _wait_after(waited: timedelta) -> timedelta:
    """Look often at first, since most orders are only seconds late, then ever more rarely."""
    return min(timedelta(minutes=5), max(back_off(0), waited / 2))
