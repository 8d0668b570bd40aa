"""From a scanned code to an order, and from there to a planned dispatch.

Each step reads in a transaction, asks marketplaces outside of one, and decides in one short write
that looks at everything again.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from cloud.conversations.models import Conversation, Dispatch
from cloud.conversations.outbox import set_state
from cloud.conversations.queries import seconds_until_check
from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from cloud.database.prepared import Changing, Reading
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.dispatcher.asking import Asked, OrderAsking
from cloud.dispatcher.chat_reading import ChatReading, read_unanswered
from cloud.dispatcher.deciding import CHECKED, Due, decide_dispatch, still_waiting
from cloud.dispatcher.reading_turns import ReadingTurns
from cloud.dispatcher.scanning import orders_meant
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.errors import AuthorizationEnded, MarketplaceError
from cloud.orders.queries import Candidate, FoundOrder
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import Line, ShopGateway, ShopKey
from cloud.shops.service import Purpose

logger = logging.getLogger(__name__)

_BATCH = 50
_LOOK_LASTS = timedelta(seconds=10)
"""How long no other process looks at a dispatch. Two that do ask twice and decide once."""

_DUE = Reading(
    select(
        Dispatch.id,
        Dispatch.organisation_id,
        Dispatch.code,
        Dispatch.proof_key,
        Dispatch.reason,
        Dispatch.looked_at_until,
    )
    .where(Dispatch.state.in_(CHECKED), Dispatch.next_check_at <= bindparam("now"))
    .order_by(Dispatch.next_check_at, Dispatch.id)
    .limit(_BATCH)
)
_TAKE = Changing(
    update(Dispatch)
    .where(
        Dispatch.id == bindparam("dispatch_id"),
        Dispatch.state.in_(CHECKED),
        func.coalesce(Dispatch.looked_at_until, bindparam("now")) <= bindparam("now"),
    )
    .values(looked_at_until=bindparam("until"))
)
_PUT_OFF = Changing(
    update(Dispatch)
    .where(Dispatch.id == bindparam("dispatch_id"), Dispatch.state.in_(CHECKED))
    .values(next_check_at=bindparam("at"), looked_at_until=None)
)
_CONVERSATION = Reading(
    select(Conversation.checked_at, Conversation.external_id, Conversation.unanswered).where(
        Conversation.shop_id == bindparam("shop_id"),
        Conversation.buyer_id == bindparam("buyer_id"),
    )
)


class Matching:
    """Looks at dispatches that wait for their order, or for the end of what holds them."""

    def __init__(
        self,
        database: Database,
        gateway: ShopGateway,
        asking: OrderAsking,
        turns: ReadingTurns,
        settings: DispatcherSettings,
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._asking = asking
        self._turns = turns
        self._settings = settings

    def due(self, besides: Collection[int]) -> list[Due]:
        """Those to look at now, besides some that are being looked at; one for each code.

        Two of the same code are looked at in their order, so that the first is the one sent; also
        when another process looks at the first.
        """
        now = utc_now()
        with self._database.read(system("dispatches of all organisations")) as session:
            rows = _DUE.all(session, now=now)
        first: dict[tuple[int, str], tuple[Due, datetime | None]] = {}
        for row in rows:
            due = Due(*row[:-1])
            first.setdefault((due.organisation_id, due.code), (due, row[-1]))
        return [
            due
            for due, until in first.values()
            if due.dispatch_id not in besides and (until is None or until <= now)
        ]

    def seconds_until_next(self) -> float | None:
        """When the next one is due; None when none waits."""
        with self._database.read(system("what is due next")) as session:
            return seconds_until_check(session, CHECKED, utc_now())

    def look(self, due: Due) -> None:
        """Find its order, and decide about it; nothing if another process does so now."""
        if not self._take(due):
            return
        found = self._found(due)
        if not found and self._ask(due) is Asked.FOUND:
            found = self._found(due)
        if len(found) != 1:
            self._end_or_wait(due, several=bool(found))
            return
        order = found[0].order
        count = self._count_to_renew(due, order)
        if count and (wait := self._turns.wait(_shop_of(due, order), due.dispatch_id)):
            self._put_off(due, wait)
            return
        self._decide(due, order, count)

    def _decide(self, due: Due, order: FoundOrder, count: "_Count | None") -> None:
        reading, is_refused = None, False
        try:
            reading = self._read_chat(due, order, count) if count else None
        except (NotAuthorized, AuthorizationEnded):
            # To send a held one would only be refused once more, with its light going to and fro.
            is_refused = due.is_unauthorized

        def unit(session: Session) -> DispatchState | None:
            return decide_dispatch(session, due, reading, self._settings, is_refused=is_refused)

        _note_decided(due, self._database.write(unit, due.scope, locks=True))

    def _take(self, due: Due) -> bool:
        """Where there may be several processes, let no other look at it for a while."""
        if self._database.engines.is_sqlite:
            return True
        now = utc_now()

        def unit(session: Session) -> int:
            until = now + _LOOK_LASTS
            return _TAKE.run(session, dispatch_id=due.dispatch_id, now=now, until=until)

        return bool(self._database.write(unit, due.scope, locks=True))

    def _found(self, due: Due) -> Sequence[Candidate]:
        with self._database.read(due.scope) as session:
            return orders_meant(
                session,
                due.dispatch_id,
                due.code,
                tracking_counts_for=self._settings.tracking_counts_for,
            )

    def _ask(self, due: Due) -> Asked:
        """Ask the shops whose turn it is; the others when it is looked at again."""

        def has_turn(shop: ShopKey) -> bool:
            return not self._turns.wait(shop, due.dispatch_id)

        return self._asking.ask(due.organisation_id, due.code, has_turn)

    def _end_or_wait(self, due: Due, *, several: bool) -> None:
        def unit(session: Session) -> DispatchState | None:
            dispatch = still_waiting(session, due)
            if dispatch is None:
                return None
            now = utc_now()
            waited = now - dispatch.created_at
            gives_up = several or waited >= self._settings.wait_for_order
            set_state(
                session,
                dispatch,
                DispatchState.NEEDS_PERSON if gives_up else DispatchState.WAITING_FOR_ORDER,
                now=now,
                reason=Reason.SEVERAL_ORDERS if several else Reason.ORDER_NOT_FOUND,
                next_check_at=None if gives_up else now + self._wait_after(waited),
            )
            return dispatch.state

        _note_decided(due, self._database.write(unit, due.scope, locks=True))

    def _wait_after(self, waited: timedelta) -> timedelta:
        """Look often at first, since most orders are only seconds late, then ever more rarely."""
        back_off = self._settings.back_off
        return min(back_off.longest, max(back_off.first, waited / 2))

    def _put_off(self, due: Due, wait: timedelta) -> None:
        """Leave it as it is until its shop may be read."""
        at = utc_now() + wait

        def unit(session: Session) -> int:
            return _PUT_OFF.run(session, dispatch_id=due.dispatch_id, at=at)

        self._database.write(unit, due.scope, locks=True)

    def _count_to_renew(self, due: Due, order: FoundOrder) -> "_Count | None":
        """The last count of unanswered messages, when it is old; None: no reading is wanted.

        What is held for want of an authorization is always read: it shows whether that is given.
        """
        if not order.buyer_id:
            return None
        with self._database.read(due.scope) as session:
            row = _CONVERSATION.first(session, shop_id=order.shop_id, buyer_id=order.buyer_id)
        count = _Count._make(row) if row else _Count(None, None, 0)
        fresh_from = utc_now() - self._settings.chat_read_fresh
        is_fresh = count.at is not None and count.at > fresh_from
        return None if is_fresh and not due.is_unauthorized else count

    def _read_chat(self, due: Due, order: FoundOrder, count: "_Count") -> ChatReading | None:
        """Count unanswered messages anew; None: it cannot be done now.

        Raises:
            NotAuthorized, AuthorizationEnded: a person must authorize the shop.
        """
        now = utc_now()

        def request(line: Line) -> ChatReading | None:
            return read_unanswered(
                line,
                order_number=order.order_number,
                buyer_id=order.buyer_id,
                known_id=count.conversation_id or "",
                counted_before=count.unanswered,
                now=now,
            )

        try:
            return self._gateway.read(_shop_of(due, order), Purpose.CHAT, request)
        except AuthorizationEnded:
            raise
        except MarketplaceError as error:
            # The claim still counts what we sent ourselves; the marketplace has the last word.
            logger.warning(
                "the chat cannot be read now: %s", error, extra={**due.ids, "shop": order.shop_id}
            )
            return None


class _Count(NamedTuple):
    """A row of _CONVERSATION."""

    at: datetime | None
    conversation_id: str | None
    unanswered: int


def _shop_of(due: Due, order: FoundOrder) -> ShopKey:
    return ShopKey(due.organisation_id, order.shop_id)


def _note_decided(due: Due, state: DispatchState | None) -> None:
    """Log what it is now; that it goes on waiting is no news each time."""
    if state is DispatchState.QUEUED:
        logger.info("dispatch planned", extra=due.ids)
    elif state is not None:
        level = logging.DEBUG if state in CHECKED else logging.INFO
        logger.log(level, "dispatch %s", state, extra=due.ids)
