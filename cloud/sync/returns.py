"""Reading returns and refunds: every five minutes, and soon after a push told of one."""

import logging
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import update
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.write import Database
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.interface import TellsReturns
from cloud.marketplaces.returns import ReturnPage
from cloud.orders.returns import put_return
from cloud.shops.gateway import Line, ShopKey
from cloud.shops.models import Shop
from cloud.shops.service import Purpose
from cloud.sync.keeping import write_again
from cloud.sync.pace import PacedReads

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
FIRST_WINDOW = timedelta(days=30)
OVERLAP = timedelta(minutes=10)
"""Read twice, because a marketplace lists a change later than it dates it."""


class ReturnReader:
    """Reads the returns of shops; used by one thread."""

    def __init__(self, database: Database, reads: PacedReads) -> None:
        self._database = database
        self._reads = reads
        self._read_at: dict[int, datetime] = {}

    def read(self, shop: ShopKey) -> int:
        """Read what changed, where it is time to; how many returns came.

        Raises:
            NotAuthorized, DatabaseError: what was read so far is kept.
        """
        now = utc_now()
        since = self._since(shop, now)
        if since is None:
            return 0
        self._read_at[shop.shop_id] = now
        try:
            count = self._read_window(shop, since, now)
        except MarketplaceError as error:
            # An app may read orders and no returns; the orders go on without them, and it is they
            # that tell of an authorization that has ended.
            logger.warning("returns cannot be read now: %s", error, extra={"shop": shop.shop_id})
            return 0
        self._mark(shop, now)
        return count

    def _since(self, shop: ShopKey, now: datetime) -> datetime | None:
        """From when on to read; None: not yet. What a push asked for is asked for once."""
        with self._database.read(shop.scope) as session:
            row = session.get_one(Shop, shop.shop_id)
            mark, is_due = row.returns_synced_until, row.returns_due
        last = self._read_at.get(shop.shop_id)
        if not is_due and last is not None and now - last < EVERY:
            return None
        if is_due:
            # Before the reading: a push that comes meanwhile is for the next one.
            self._database.write(partial(_note_asked, shop_id=shop.shop_id), shop.scope)
        return (mark or now - FIRST_WINDOW) - OVERLAP

    def _read_window(self, shop: ShopKey, since: datetime, until: datetime) -> int:
        count, cursor = 0, ""
        while True:
            page = self._page(shop, since, until, cursor)
            if page is None:
                return count
            self._keep(shop, page)
            count += len(page.returns)
            cursor = page.next_cursor
            if not cursor:
                return count

    def _page(
        self, shop: ShopKey, since: datetime, until: datetime, cursor: str
    ) -> ReturnPage | None:
        def request(line: Line) -> ReturnPage | None:
            if not isinstance(line.marketplace, TellsReturns):
                return None
            return line.marketplace.returns(line.access, since=since, until=until, cursor=cursor)

        return self._reads.read(shop, Purpose.ORDERS, request)

    def _keep(self, shop: ShopKey, page: ReturnPage) -> None:
        now = utc_now()

        def unit(session: Session) -> None:
            for one in page.returns:
                put_return(session, shop.shop_id, one, now)

        write_again(self._database, unit, shop.scope)

    def _mark(self, shop: ShopKey, until: datetime) -> None:
        def unit(session: Session) -> None:
            session.get_one(Shop, shop.shop_id).returns_synced_until = until

        self._database.write(unit, shop.scope)


def returns_are_due(session: Session, shop_id: int) -> None:
    """Let a shop's returns be read at the next turn (a scoped session)."""
    session.execute(update(Shop).where(Shop.id == shop_id).values(returns_due=True))


def _note_asked(session: Session, shop_id: int) -> None:
    session.get_one(Shop, shop_id).returns_due = False
