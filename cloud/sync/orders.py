"""Reading orders by windows of their last change, resumable, with overlap."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.leases import end_lease, keep_lease, take_lease
from cloud.database.scope import Scope, scoped, system
from cloud.database.write import Database
from cloud.marketplaces.orders import OrderPage, OrderTime
from cloud.shops.gateway import Line, ShopGateway, ShopKey
from cloud.shops.models import Authorization, Shop
from cloud.shops.service import AuthorizationState, Purpose
from cloud.sync.keeping import keep_orders, write_again
from cloud.sync.pace import PacedReads
from cloud.sync.progress import begins_at, note_long_reading, note_window
from cloud.sync.returns import ReturnReader
from cloud.sync.tracking import TrackingQuestions

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
    windows_in_turn: int = 3
    """So many of a shop that is far behind, then the other shops are read."""
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


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of reading brought."""

    orders: int
    is_behind: bool
    """There is more to read at once."""


class OrderReader:
    """Reads one shop's orders."""

    def __init__(self, database: Database, gateway: ShopGateway, settings: SyncSettings) -> None:
        self._database = database
        self._reads = PacedReads(database, gateway)
        self._questions = TrackingQuestions(database, self._reads)
        self._returns = ReturnReader(database, self._reads)
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

    def stop(self) -> None:
        """Wait for no shop's pace any more."""
        self._reads.stop()

    def read_in_turn(self, shop: ShopToRead) -> Turn | None:
        """Read some windows; once the orders are known, ask for tracking numbers and returns.

        None when another process reads this shop, or has just done so. Raises what ``read`` does.
        """
        if not self._take(shop):
            return None
        rest = self._settings.every * 0.9
        try:
            turn = self._read(shop, self._settings.windows_in_turn)
            if turn.is_behind:
                rest = timedelta()
            else:
                self._questions.ask(shop.key)
                self._returns.read(shop.key)
            return turn
        finally:
            # Read again by whoever comes first after the pause, or by us at the next round.
            self._let_rest(shop, rest)

    def _take(self, shop: ShopToRead) -> bool:
        name, lasts = f"orders:{shop.shop_id}", self._settings.lease
        return self._database.write(
            lambda session: take_lease(session, name, self._holder, lasts), _SHARING
        )

    def _let_rest(self, shop: ShopToRead, rest: timedelta) -> None:
        name = f"orders:{shop.shop_id}"
        self._database.write(lambda session: end_lease(session, name, self._holder, rest), _SHARING)

    def read(self, shop: ShopToRead) -> int:
        """Read what changed since the last time; how many orders came.

        Window by window, oldest first; the mark moves only over windows that were read whole.

        Raises:
            NotAuthorized, MarketplaceError, DatabaseError: what was read so far is kept.
        """
        return self._read(shop, None).orders

    def _read(self, shop: ShopToRead, most_windows: int | None) -> Turn:
        now = utc_now()
        mark = self._begin(shop, now)
        count = windows = 0
        while mark < now and windows != most_windows:
            until = min(mark + self._settings.window, now)
            orders = self._read_window(shop, mark - OVERLAP, until)
            self._mark(shop, until, orders)
            mark = until
            count, windows = count + orders, windows + 1
        return Turn(count, is_behind=mark < now)

    def _begin(self, shop: ShopToRead, now: datetime) -> datetime:
        """Where to read from; a reading of many windows is noted, for people to see how far it is.

        A first reading that is broken off goes on for what it set out to read, not for less.
        """
        mark = shop.synced_until
        if mark is None:
            with self._database.read(shop.scope) as session:
                mark = begins_at(session, shop.shop_id) or now - self._settings.first_window
        mark = min(mark, now)
        if now - mark > self._settings.window * self._settings.windows_in_turn:
            begin, is_first = mark, shop.synced_until is None

            def unit(session: Session) -> None:
                note_long_reading(session, shop.shop_id, begin, now, is_first=is_first)

            self._database.write(unit, shop.scope)
        return mark

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

        return self._reads.read(shop.key, Purpose.ORDERS, request)

    def _keep(self, shop: ShopToRead, page: OrderPage) -> None:
        now = utc_now()

        def unit(session: Session) -> None:
            keep_orders(session, shop.shop_id, page.orders, now)
            keep_lease(session, f"orders:{shop.shop_id}", self._holder, self._settings.lease)

        write_again(self._database, unit, shop.scope)

    def _mark(self, shop: ShopToRead, until: datetime, orders: int) -> None:
        now = utc_now()

        def unit(session: Session) -> None:
            session.get_one(Shop, shop.shop_id).orders_synced_until = until
            note_window(session, shop.shop_id, until, orders, now)

        self._database.write(unit, shop.scope)
