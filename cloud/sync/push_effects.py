"""What each kind of push does. Safe to do twice, late, and in another order than they were told."""

import logging
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.news import note_message
from cloud.conversations.outbox import wake_waiting
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.marketplaces.access import ShopFacts
from cloud.marketplaces.errors import MarketplaceError, NotFound
from cloud.marketplaces.orders import Order as ToldOrder
from cloud.marketplaces.pushes import (
    AuthorizationExpiring,
    AuthorizationRevoked,
    ChatMessageCame,
    OrdersChanged,
    Push,
    ReturnsChanged,
    TrackingNumberIssued,
)
from cloud.orders.models import Order
from cloud.orders.tracking import put_told_number
from cloud.shops.apps import purposes_of_app
from cloud.shops.ending import note_end, revoke
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import Line, ShopKey
from cloud.shops.models import Shop
from cloud.shops.service import Purpose
from cloud.sync.inbox import TakenPush
from cloud.sync.keeping import keep_orders, write_again
from cloud.sync.pace import PacedReads
from cloud.sync.resting import RestingShops
from cloud.sync.returns import returns_are_due

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of a push."""

    DONE = "done"
    NOTHING = "nothing to do"
    UNKNOWN_SHOP = "unknown shop"
    LEFT = "left to the reading"
    """The scheduled reading of orders finds what it is about, as soon as that is possible."""
    UNREADABLE = "unreadable"


class PushEffects:
    """Works one push off. One per process, shared by its threads."""

    def __init__(
        self, database: Database, reads: PacedReads, resting: RestingShops | None = None
    ) -> None:
        self._database = database
        self._reads = reads
        self._resting = resting or RestingShops()

    def work_off(self, taken: TakenPush, push: Push) -> Outcome:
        """Do what it says.

        Raises:
            MarketplaceError, DatabaseError: not now; the same may be done again.
        """
        shops = self._shops(taken, push)
        if not shops:
            return Outcome.UNKNOWN_SHOP
        outcomes = [self._for_shop(taken, push, shop) for shop in shops]
        worst = (Outcome.LEFT, Outcome.DONE, Outcome.NOTHING)
        return next(one for one in worst if one in outcomes)

    def _shops(self, taken: TakenPush, push: Push) -> Sequence[ShopKey]:
        """Ours among those it is about; another organisation's are never seen."""
        statement = select(Shop.id).where(
            Shop.channel == taken.channel, Shop.external_id.in_(push.shop_ids)
        )
        if push.country:
            statement = statement.where(Shop.country == push.country)
        with self._database.read(scoped(taken.organisation_id)) as session:
            found = session.scalars(statement.order_by(Shop.id)).all()
        return [ShopKey(taken.organisation_id, shop_id) for shop_id in found]

    def _for_shop(self, taken: TakenPush, push: Push, shop: ShopKey) -> Outcome:
        match push.event:
            case OrdersChanged(numbers) | ReturnsChanged(numbers):
                if isinstance(push.event, ReturnsChanged):
                    self._let_read_returns(shop)
                return self._read_orders(shop, numbers, taken.received_at)
            case TrackingNumberIssued() as issued:
                return self._number(shop, issued, taken.received_at)
            case ChatMessageCame() as message:
                return self._message(shop, message)
            case AuthorizationRevoked():
                return self._revoke(taken, shop, push.told_at)
            case AuthorizationExpiring(ends_by):
                return self._learn_end(taken, shop, ends_by)
            case _:
                return Outcome.NOTHING

    def _read_orders(self, shop: ShopKey, numbers: Sequence[str], received_at: datetime) -> Outcome:
        """Read those that were not read since the push came."""
        with self._database.read(shop.scope) as session:
            fresh = session.scalars(
                select(Order.order_number).where(
                    Order.shop_id == shop.shop_id,
                    Order.order_number.in_(numbers),
                    Order.read_at > received_at,
                )
            ).all()
        missing = [number for number in numbers if number not in fresh]
        try:
            for number in missing:
                self._read_order(shop, number)
        except NotAuthorized:
            return Outcome.LEFT
        return Outcome.DONE if missing else Outcome.NOTHING

    def _read_order(self, shop: ShopKey, number: str) -> None:
        def request(line: Line) -> ToldOrder:
            return line.marketplace.order(line.access, number)

        try:
            with self._resting.asked(shop):
                order = self._reads.read(shop, Purpose.ORDERS, request)
        except NotFound:
            logger.warning("a pushed order is not there", extra={"shop": shop.shop_id})
            return
        now = utc_now()
        write_again(
            self._database,
            lambda session: keep_orders(session, shop.shop_id, [order], now),
            shop.scope,
        )
        if order.is_refunded:
            self._let_read_returns(shop)

    def _let_read_returns(self, shop: ShopKey) -> None:
        self._database.write(lambda session: returns_are_due(session, shop.shop_id), shop.scope)

    def _number(
        self, shop: ShopKey, issued: TrackingNumberIssued, received_at: datetime
    ) -> Outcome:
        now = utc_now()

        def unit(session: Session) -> bool:
            is_kept = bool(issued.parcel_number) and put_told_number(
                session,
                shop.shop_id,
                issued.order_number,
                issued.parcel_number,
                issued.tracking_number,
            )
            if is_kept:
                wake_waiting(session, {issued.tracking_number}, now)
            return is_kept

        if self._database.write(unit, shop.scope):
            return Outcome.DONE
        return self._read_orders(shop, (issued.order_number,), received_at)

    def _message(self, shop: ShopKey, message: ChatMessageCame) -> Outcome:
        now = utc_now()

        def unit(session: Session) -> bool:
            return note_message(
                session,
                shop_id=shop.shop_id,
                external_id=message.conversation_id,
                buyer_id=message.buyer_id,
                is_by_buyer=message.is_by_buyer,
                now=now,
            )

        return Outcome.DONE if self._database.write(unit, shop.scope) else Outcome.NOTHING

    def _revoke(self, taken: TakenPush, shop: ShopKey, told_at: datetime) -> Outcome:
        now = utc_now()

        def unit(session: Session) -> bool:
            return revoke(
                session,
                shop_id=shop.shop_id,
                channel=taken.channel,
                app_id=taken.app_id,
                told_at=told_at,
                now=now,
            )

        if not self._database.write(unit, shop.scope):
            return Outcome.NOTHING
        logger.warning("a shop's authorization was taken back", extra={"shop": shop.shop_id})
        return Outcome.DONE

    def _learn_end(self, taken: TakenPush, shop: ShopKey, ends_by: datetime | None) -> Outcome:
        """The shop itself says when exactly; what was pushed may be a bound for many shops."""
        ends_at = self._asked_end(taken, shop) or ends_by
        if ends_at is None:
            return Outcome.NOTHING
        known_end = ends_at

        def unit(session: Session) -> None:
            note_end(
                session,
                shop_id=shop.shop_id,
                channel=taken.channel,
                app_id=taken.app_id,
                ends_at=known_end,
            )

        self._database.write(unit, shop.scope)
        return Outcome.DONE

    def _asked_end(self, taken: TakenPush, shop: ShopKey) -> datetime | None:
        with self._database.read(shop.scope) as session:
            purposes = purposes_of_app(session, taken.channel, taken.app_id)
        if not purposes:
            return None

        def request(line: Line) -> ShopFacts:
            return line.marketplace.shop_facts(line.access)

        try:
            return self._reads.read(shop, purposes[0], request).authorization_ends_at
        except (NotAuthorized, MarketplaceError) as error:
            logger.info("the end of an authorization is not told: %s", error)
            return None
