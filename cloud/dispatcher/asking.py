"""Asking the marketplaces for an order that we do not know yet."""

import logging
from collections.abc import Callable, Sequence
from enum import Enum, auto

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.marketplaces.errors import MarketplaceError, NotFound
from cloud.marketplaces.orders import Order
from cloud.marketplaces.registry import could_be_order_number
from cloud.orders.service import put_order
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import ShopGateway, ShopKey
from cloud.shops.models import Authorization, Shop
from cloud.shops.service import AuthorizationState, Purpose

logger = logging.getLogger(__name__)


class Asked(Enum):
    """What came of asking all shops."""

    FOUND = auto()
    NONE = auto()
    """Every shop that could have it was asked, and has no such order."""
    UNCLEAR = auto()
    """None has it, but one could not be asked."""


class OrderAsking:
    """Looks an order number up at every shop of an organisation that it could be of.

    No marketplace finds an order by a tracking number (marketplace-apis 0.2); those come with the
    scheduled reading of orders.
    """

    def __init__(self, database: Database, gateway: ShopGateway) -> None:
        self._database = database
        self._gateway = gateway

    def ask(
        self,
        organisation_id: int,
        code: str,
        may_ask: Callable[[ShopKey], bool] = lambda _: True,
    ) -> Asked:
        """Ask the shops; an order that one knows is then in our database. Errors end here.

        A marketplace gives an order number once, so that its other shops need not be asked.
        """
        answers: set[Asked] = set()
        found_at: set[str] = set()
        for shop_id, channel in self._shops(organisation_id):
            if channel in found_at or not could_be_order_number(channel, code):
                continue
            shop = ShopKey(organisation_id, shop_id)
            answer = self._ask_shop(shop, code) if may_ask(shop) else Asked.UNCLEAR
            answers.add(answer)
            if answer is Asked.FOUND:
                found_at.add(channel)
        return next((one for one in (Asked.FOUND, Asked.UNCLEAR) if one in answers), Asked.NONE)

    def _shops(self, organisation_id: int) -> Sequence[tuple[int, str]]:
        with self._database.read(scoped(organisation_id)) as session:
            rows = session.execute(
                select(Shop.id, Shop.channel)
                .join(Authorization, Authorization.shop_id == Shop.id)
                .where(
                    Authorization.purpose == Purpose.ORDERS,
                    Authorization.state == AuthorizationState.AUTHORIZED,
                )
                .order_by(Shop.id)
            )
            return [(shop_id, channel) for shop_id, channel in rows]

    def _ask_shop(self, shop: ShopKey, code: str) -> Asked:
        try:
            order = self._gateway.read(
                shop, Purpose.ORDERS, lambda line: line.marketplace.order(line.access, code)
            )
        except NotFound:
            return Asked.NONE
        except (NotAuthorized, MarketplaceError) as error:
            logger.warning("a shop cannot be asked now: %s", error, extra={"shop": shop.shop_id})
            return Asked.UNCLEAR
        self._keep(shop.organisation_id, shop.shop_id, order)
        return Asked.FOUND

    def _keep(self, organisation_id: int, shop_id: int, order: Order) -> None:
        now = utc_now()

        def unit(session: Session) -> None:
            put_order(session, shop_id, order, now)

        self._database.write(unit, scoped(organisation_id))
