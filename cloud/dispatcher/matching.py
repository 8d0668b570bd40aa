"""From a scanned code to an order, and from there to a planned dispatch.

Each step reads in a transaction, asks marketplaces outside of one, and decides in one short write
that looks at everything again.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Conversation, Dispatch
from cloud.conversations.outbox import set_state
from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.dispatcher.asking import Asked, OrderAsking
from cloud.dispatcher.chat_reading import ChatReading, read_unanswered
from cloud.dispatcher.deciding import CHECKED, Due, decide_dispatch, still_waiting
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.errors import MarketplaceError
from cloud.orders.models import Order
from cloud.orders.queries import Candidate, candidates
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import ShopGateway, ShopKey
from cloud.shops.service import Purpose

logger = logging.getLogger(__name__)

_BATCH = 20


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
                .where(Dispatch.state.in_(CHECKED), Dispatch.next_check_at.is_not(None))
                .order_by(Dispatch.next_check_at)
                .limit(1)
            )
        return None if soonest is None else max(0.0, (soonest - utc_now()).total_seconds())

    def _due(self) -> list[Due]:
        with self._database.read(system("dispatches of all organisations")) as session:
            rows = session.execute(
                select(Dispatch.id, Dispatch.organisation_id, Dispatch.code)
                .where(Dispatch.state.in_(CHECKED), Dispatch.next_check_at <= utc_now())
                .order_by(Dispatch.next_check_at)
                .limit(_BATCH)
            )
            return [Due(*row) for row in rows]

    def _look(self, due: Due) -> None:
        found = self._found(due)
        if not found and self._asking.ask(due.organisation_id, due.code) is Asked.FOUND:
            found = self._found(due)
        if len(found) != 1:
            self._end_or_wait(due, several=bool(found))
            return
        reading = self._read_chat(due, found[0].order)
        self._database.write(
            lambda session: decide_dispatch(session, due, reading, self._settings), due.scope
        )

    def _found(self, due: Due) -> Sequence[Candidate]:
        with self._database.read(due.scope) as session:
            return candidates(session, due.code)

    def _end_or_wait(self, due: Due, *, several: bool) -> None:
        def unit(session: Session) -> None:
            dispatch = still_waiting(session, due)
            if dispatch is None:
                return
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

        self._database.write(unit, due.scope)

    def _wait_after(self, waited: timedelta) -> timedelta:
        """Look often at first, since most orders are only seconds late, then ever more rarely."""
        back_off = self._settings.back_off
        return min(back_off.longest, max(back_off.first, waited / 2))

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
            return read_unanswered(
                line,
                buyer_id=order.buyer_id,
                known_id=(row.external_id or "") if row else "",
                counted_before=row.unanswered if row else 0,
                now=now,
            )
        except NotAuthorized:
            return None
        except MarketplaceError as error:
            # The claim still counts what we sent ourselves; the marketplace has the last word.
            logger.warning("the chat cannot be read now: %s", error, extra={"shop": order.shop_id})
            return None
