"""Asking for tracking numbers that come later than their orders (marketplace-apis 1.3)."""

import logging

from sqlalchemy.orm import Session

from cloud.conversations.outbox import wake_waiting
from cloud.database.base import utc_now
from cloud.database.write import Database
from cloud.marketplaces.errors import AuthorizationEnded, PermanentError
from cloud.orders.tracking import MissingNumber, numbers_to_ask, put_answer
from cloud.shops.gateway import Line, ShopKey
from cloud.shops.service import Purpose
from cloud.sync.pace import PacedReads

logger = logging.getLogger(__name__)

_MOST_IN_TURN = 50


class TrackingQuestions:
    """Asks for the numbers of packed parcels, every five minutes and ever more rarely."""

    def __init__(self, database: Database, reads: PacedReads) -> None:
        self._database = database
        self._reads = reads

    def ask(self, shop: ShopKey) -> int:
        """Ask for those of a shop that are due; how many were asked for.

        Raises:
            NotAuthorized, MarketplaceError, DatabaseError: the rest is asked for next time.
        """
        with self._database.read(shop.scope) as session:
            missing = numbers_to_ask(session, shop.shop_id, utc_now(), _MOST_IN_TURN)
        for one in missing:
            self._keep(shop, one, self._answer(shop, one))
        return len(missing)

    def _answer(self, shop: ShopKey, missing: MissingNumber) -> str:
        def request(line: Line) -> str:
            return line.marketplace.tracking_number(
                line.access,
                order_number=missing.order_number,
                parcel_number=missing.package_number,
            )

        try:
            return self._reads.read(shop, Purpose.ORDERS, request)
        except AuthorizationEnded:
            raise
        except PermanentError as error:
            # What is refused for one parcel keeps no other parcel from being asked about.
            logger.info(
                "no tracking number is told: %s", error, extra={"parcel": missing.parcel_id}
            )
            return ""

    def _keep(self, shop: ShopKey, missing: MissingNumber, number: str) -> None:
        now = utc_now()

        def unit(session: Session) -> None:
            put_answer(session, missing.parcel_id, number, now)
            wake_waiting(session, {number} - {""}, now)

        self._database.write(unit, shop.scope)
