"""How fast a shop is read: so many requests a second, whichever threads and processes make them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from cloud.database.clock import database_now
from cloud.database.errors import ConstraintViolated
from cloud.database.write import Database
from cloud.marketplaces.pacing import before_each_request
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.gateway import Line, ShopGateway, ShopKey
from cloud.shops.models import Shop
from cloud.shops.service import Purpose
from cloud.sync.models import ReadingPace

T = TypeVar("T")

_LONGEST = timedelta(seconds=30)
"""A queue of readers, or a clock that jumped, makes nobody wait longer."""


class PacedReads:
    """Reads of shops, each request at its turn. One per process, shared by its threads."""

    def __init__(self, database: Database, gateway: ShopGateway) -> None:
        self._database = database
        self._gateway = gateway
        self._gaps: dict[ShopKey, timedelta] = {}
        self._stopping = threading.Event()

    def read(self, shop: ShopKey, purpose: Purpose, request: Callable[[Line], T]) -> T:
        """The same as `ShopGateway.read`, and raises the same."""
        with before_each_request(lambda: self._wait(shop)):
            return self._gateway.read(shop, purpose, request)

    def stop(self) -> None:
        """Let those that wait go on at once; they are about to end."""
        self._stopping.set()

    def pause(self, wait: timedelta) -> None:
        """Wait, at most until the end."""
        self._stopping.wait(wait.total_seconds())

    def _wait(self, shop: ShopKey) -> None:
        gap = self._gap(shop)

        def unit(session: Session) -> timedelta:
            return take_turn(session, shop.shop_id, gap)

        try:
            wait = self._database.write(unit, shop.scope, locks=True)
        except ConstraintViolated:
            # The first request of a shop, made by two processes: its row is there now.
            wait = self._database.write(unit, shop.scope, locks=True)
        if wait:
            self.pause(wait)

    def _gap(self, shop: ShopKey) -> timedelta:
        gap = self._gaps.get(shop)
        if gap is None:
            with self._database.read(shop.scope) as session:
                row = session.get_one(Shop, shop.shop_id)
                capabilities = capabilities_of(row.channel, row.country)
            gap = self._gaps[shop] = timedelta(seconds=1 / capabilities.reads_per_second)
        return gap


def take_turn(session: Session, shop_id: int, gap: timedelta) -> timedelta:
    """How long to wait before a request of the shop; the next one waits ``gap`` longer (scoped)."""
    now = database_now(session)
    pace = session.get(ReadingPace, shop_id, with_for_update=True)
    if pace is None:
        session.add(ReadingPace(shop_id=shop_id, free_at=now + gap))
        return timedelta()
    at = min(max(now, pace.free_at), now + _LONGEST)
    pace.free_at = at + gap
    return at - now
