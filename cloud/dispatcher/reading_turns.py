"""When a shop may be read next for a dispatch that is being looked at.

After an outage thousands of dispatches want their chats read at once. A shop is asked no more often
than its marketplace is to be asked; who has no turn yet is looked at again later, and keeps no
thread waiting. Readings after a send are fewer than sends, which have a pace of their own.

In the memory of one process: what is forgotten with it lets a few requests go sooner.
"""

import threading
import time
from collections.abc import Callable, Hashable
from datetime import timedelta

from cloud.database.write import Database
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.gateway import ShopKey
from cloud.shops.service import selling_shop

_REQUESTS = 2
"""Of a look: the conversation, and its newest messages."""
_AT_ONCE_S = 2.0
"""What a shop did not use in so long may go at once."""
_KEPT_S = 600.0


class Turns:
    """Hands out turns at one thing, ``gap_s`` apart; not for several threads. Pure."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._free_s = float("-inf")
        self._given: dict[Hashable, float] = {}

    def wait_s(self, who: Hashable, now_s: float) -> float:
        """In how many seconds it is the turn of ``who``; 0: now, and it is used with that.

        Who has to wait has its turn from then on, and is given no later one.
        """
        at_s = self._given.pop(who, None)
        if at_s is None:
            at_s = max(self._free_s, now_s - _AT_ONCE_S)
            self._free_s = at_s + self._gap_s
        if at_s <= now_s:
            return 0.0
        self._forget(now_s)
        self._given[who] = at_s
        return at_s - now_s

    def _forget(self, now_s: float) -> None:
        """Who never came back was decided otherwise."""
        first = next(iter(self._given), None)
        while first is not None and self._given[first] < now_s - _KEPT_S:
            del self._given[first]
            first = next(iter(self._given), None)


class ReadingTurns:
    """The turns of all shops. One per process, shared by its threads."""

    def __init__(
        self, database: Database, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._monotonic_s = monotonic_s
        self._turns: dict[ShopKey, Turns] = {}
        self._lock = threading.Lock()

    def wait(self, shop: ShopKey, dispatch_id: int) -> timedelta:
        """How long until the shop may be read for a dispatch; none: now, and the turn is used.

        Raises DatabaseError.
        """
        if shop not in self._turns:
            self._turns.setdefault(shop, Turns(self._gap_s(shop)))
        with self._lock:
            wait_s = self._turns[shop].wait_s(dispatch_id, self._monotonic_s())
        return timedelta(seconds=wait_s)

    def _gap_s(self, shop: ShopKey) -> float:
        with self._database.read(shop.scope) as session:
            row = selling_shop(session, shop.shop_id)
        return _REQUESTS / capabilities_of(row.channel, row.country).reads_per_second
