"""Reading orders by windows of their last change, resumable, with overlap."""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.outbox import wake_waiting
from cloud.database.base import utc_now
from cloud.database.errors import TransientDatabaseError
from cloud.database.leases import end_lease, keep_lease, take_lease
from cloud.database.scope import Scope, scoped, system
from cloud.database.write import Database
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.orders import OrderPage, OrderTime
from cloud.orders.service import put_order
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import Line, ShopGateway, ShopKey
from cloud.shops.models import Authorization, Shop
from cloud.shops.service import AuthorizationState, Purpose

logger = logging.getLogger(__name__)

_SHARING = system("processes share the reading of shops")
OVERLAP = timedelta(minutes=10)
"""Read twice, because a marketplace lists a change later than it dates it."""


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """How often and how far back."""

    every: timedelta = timedelta(seconds=60)
    first_window: timedelta = timedelta(days=30)
    """How far back the first reading of a shop goes."""
    window: timedelta = timedelta(days=1)
    """Read at once; a reading that is broken off goes on from the last whole one."""
    lease: timedelta = timedelta(seconds=120)
    """Of a shop that is being read, renewed with each page: longer than a call to a marketplace."""


@dataclass(frozen=True, slots=True)
class ShopToRead:
    """A shop whose orders we may read."""

    shop_id: int
    organisation_id: int
    synced_until: datetime | None

    @property
    def key(self) -> ShopKey:
        """For the gateway."""
        return ShopKey(self.organisation_id, self.shop_id)

    @property
    def scope(self) -> Scope:
        """All writes about it happen in its organisation's scope."""
        return scoped(self.organisation_id)


class OrderReader:
    """Reads one shop's orders."""

    def __init__(self, database: Database, gateway: ShopGateway, settings: SyncSettings) -> None:
        self._database = database
        self._gateway = gateway
        self._settings = settings
        self._holder = f"sync-{secrets.token_hex(8)}"

    def shops(self) -> list[ShopToRead]:
        """All shops that are authorized for orders."""
        with self._database.read(system("shops of all organisations")) as session:
            rows = session.execute(
                select(Shop.id, Shop.organisation_id, Shop.orders_synced_until)
                .join(Authorization, Authorization.shop_id == Shop.id)
                .where(
                    Authorization.purpose == Purpose.ORDERS,
                    Authorization.state == AuthorizationState.AUTHORIZED,
                )
                .order_by(Shop.id)
            )
            return [ShopToRead(*row) for row in rows]

    def read_in_turn(self, shop: ShopToRead) -> int | None:
        """The same as ``read``; None when another process reads this shop, or has just done so."""
        if not self._take(shop):
            return None
        try:
            return self.read(shop)
        finally:
            # Read again by whoever comes first after the pause, or by us at the next round.
            self._let_rest(shop)

    def _take(self, shop: ShopToRead) -> bool:
        name, lasts = f"orders:{shop.shop_id}", self._settings.lease
        return self._database.write(
            lambda session: take_lease(session, name, self._holder, lasts), _SHARING
        )

    def _let_rest(self, shop: ShopToRead) -> None:
        name, rest = f"orders:{shop.shop_id}", self._settings.every * 0.9
        self._database.write(lambda session: end_lease(session, name, self._holder, rest), _SHARING)

    def read(self, shop: ShopToRead) -> int:
        """Read what changed since the last time; how many orders came.

        Window by window, oldest first; the mark moves only over windows that were read whole.

        Raises:
            NotAuthorized, MarketplaceError, DatabaseError: what was read so far is kept.
        """
        now = utc_now()
        mark = min(shop.synced_until or now - self._settings.first_window, now)
        count = 0
        while mark < now:
            until = min(mark + self._settings.window, now)
            count += self._read_window(shop, mark - OVERLAP, until)
            self._mark(shop, until)
            mark = until
        return count

    def _read_window(self, shop: ShopToRead, since: datetime, until: datetime) -> int:
        count, cursor = 0, ""
        while True:
            page = self._page(shop, since, until, cursor)
            self._keep(shop, page)
            count += len(page.orders)
            cursor = page.next_cursor
            if not cursor:
                return count

    def _page(self, shop: ShopToRead, since: datetime, until: datetime, cursor: str) -> OrderPage:
        def request(line: Line) -> OrderPage:
            return line.marketplace.orders(
                line.access, since=since, until=until, by=OrderTime.UPDATED, cursor=cursor
            )

        return self._gateway.read(shop.key, Purpose.ORDERS, request)

    def _keep(self, shop: ShopToRead, page: OrderPage) -> None:
        now = utc_now()

        def unit(session: Session) -> None:
            for order in page.orders:
                put_order(session, shop.shop_id, order, now)
            wake_waiting(session, _codes(page), now)
            keep_lease(session, f"orders:{shop.shop_id}", self._holder, self._settings.lease)

        self._database.write(unit, shop.scope)

    def _mark(self, shop: ShopToRead, until: datetime) -> None:
        def unit(session: Session) -> None:
            session.get_one(Shop, shop.shop_id).orders_synced_until = until

        self._database.write(unit, shop.scope)


def _codes(page: OrderPage) -> set[str]:
    """Everything by which these orders can be scanned."""
    numbers = {order.number for order in page.orders}
    tracking = {parcel.tracking_number for order in page.orders for parcel in order.parcels}
    return numbers | (tracking - {""})


class OrderSync:
    """Reads the orders of all shops again and again, in a thread of its own."""

    def __init__(
        self,
        reader: OrderReader,
        settings: SyncSettings,
        on_death: Callable[[BaseException], None],
    ) -> None:
        self._reader = reader
        self._settings = settings
        self._on_death = on_death
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync-orders", daemon=True)

    def start(self) -> None:
        """Begin with a first reading now."""
        self._thread.start()

    def alive(self) -> bool:
        """Whether the thread turns."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End after the request under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._read_all()
                self._stopping.wait(self._settings.every.total_seconds())
        except BaseException as error:  # noqa: BLE001  whatever ended the thread must be known
            self._on_death(error)

    def _read_all(self) -> None:
        try:
            for shop in self._reader.shops():
                if self._stopping.is_set():
                    return
                self._read_one(shop)
        except TransientDatabaseError:
            logger.exception("orders cannot be kept now; they are read again")

    def _read_one(self, shop: ShopToRead) -> None:
        try:
            count = self._reader.read_in_turn(shop)
            if count is not None:
                logger.info("orders read", extra={"shop": shop.shop_id, "orders": count})
        except (NotAuthorized, MarketplaceError) as error:
            logger.warning("orders cannot be read now: %s", error, extra={"shop": shop.shop_id})
