"""Shops in trouble are left alone for a while, so that they keep nobody from the others."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cloud.marketplaces.errors import FailureClass, TransientError
from cloud.shops.gateway import ShopKey

REST_S = 30.0


class ShopResting(TransientError):
    """A request for this shop has just failed; nothing was asked."""


class RestingShops:
    """Which shops have just been in trouble. Shared by the threads of a process."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._until_s: dict[ShopKey, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def asked(self, shop: ShopKey) -> Iterator[None]:
        """Ask inside of this. Raises ShopResting; trouble that passes lets the shop rest."""
        left_s = self._left_s(shop)
        if left_s > 0:
            raise ShopResting(FailureClass.OUTAGE, "shop_resting", retry_after_s=left_s)
        try:
            yield
        except TransientError as error:
            with self._lock:
                rest_s = error.retry_after_s or REST_S
                self._until_s[shop] = self._monotonic_s() + rest_s
            raise

    def _left_s(self, shop: ShopKey) -> float:
        with self._lock:
            left_s = self._until_s.get(shop, 0) - self._monotonic_s()
            if left_s <= 0:
                self._until_s.pop(shop, None)
            return left_s
