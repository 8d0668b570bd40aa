"""Reading the orders of all shops again and again."""

import logging
import threading
from collections.abc import Callable

from cloud.database.errors import TransientDatabaseError
from cloud.marketplaces.errors import MarketplaceError
from cloud.shops.errors import NotAuthorized
from cloud.sync.orders import OrderReader, ShopToRead, SyncSettings
from cloud.threads import Threads

logger = logging.getLogger(__name__)


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
        self._stopping = threading.Event()
        self._threads = Threads({"sync-orders": self._run}, on_death)

    def start(self) -> None:
        """Begin with a first reading now."""
        self._threads.start()

    def alive(self) -> bool:
        """Whether the thread turns."""
        return self._threads.all_alive()

    def stop(self) -> None:
        """End after the request under way."""
        self._stopping.set()
        self._reader.stop()
        self._threads.join(30)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._read_all():
                self._stopping.wait(self._settings.every.total_seconds())

    def _read_all(self) -> bool:
        """Whether a shop is still behind, and is read on at once."""
        is_behind = False
        try:
            for shop in self._reader.shops():
                if self._stopping.is_set():
                    return False
                is_behind |= self._read_one(shop)
        except TransientDatabaseError:
            logger.exception("orders cannot be kept now; they are read again")
            return False
        return is_behind

    def _read_one(self, shop: ShopToRead) -> bool:
        try:
            turn = self._reader.read_in_turn(shop)
        except (NotAuthorized, MarketplaceError) as error:
            logger.warning("orders cannot be read now: %s", error, extra={"shop": shop.shop_id})
            return False
        if turn is None:
            return False
        logger.info("orders read", extra={"shop": shop.shop_id, "orders": turn.orders})
        return turn.is_behind
