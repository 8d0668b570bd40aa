"""Requests that a marketplace counts by the day: counted here too, for all processes together.

A process takes some of the day's requests at a time from the database and spends them from its
memory, so that not each request costs a write. What a process that ended had left is not given
back: a count that is a little too high only stops a little early.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.errors import ConstraintViolated, DatabaseError
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.marketplaces.daily import Counted, DailyLimit
from cloud.marketplaces.errors import FailureClass, RateLimited
from cloud.shops.models import DailyRequests

logger = logging.getLogger(__name__)

_KEPT_FOR_PEOPLE: Final = 20
"""Of so many sends one is left: who has to answer a buyer by hand can, whatever we sent."""
_TAKES_A_DAY: Final = 200


@dataclass
class _Taken:
    """What this process may spend without asking."""

    day: date
    left: int


class ShopAllowance:
    """The day's requests of one shop; an `Allowance`. One per process, shared by its threads."""

    def __init__(
        self,
        database: Database,
        organisation_id: int,
        shop_id: int,
        limits: Sequence[DailyLimit],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._scope = scoped(organisation_id)
        self._shop_id = shop_id
        self._limits = {limit.call: limit for limit in limits}
        self._now = now
        self._taken: dict[Counted, _Taken] = {}
        self._lock = threading.Lock()

    def spend(self, call: Counted) -> None:
        """Count one request. A database that cannot be asked stops none.

        Raises:
            RateLimited: as `Allowance` says.
        """
        limit = self._limits.get(call)
        if limit is None:
            return
        now = self._now()
        with self._lock:
            taken = self._taken.get(call)
            if taken is None or taken.day != limit.day(now) or not taken.left:
                taken = self._taken[call] = self._take(limit, now)
            taken.left -= 1

    def _take(self, limit: DailyLimit, now: datetime) -> _Taken:
        day, ours = limit.day(now), ours_of(limit)

        def unit(session: Session) -> int:
            return take(session, self._shop_id, limit.call, day, ours)

        try:
            given = self._written(unit)
        except DatabaseError as error:
            # The marketplace counts too, and has the last word.
            logger.warning("the day's requests cannot be counted now: %s", error)
            return _Taken(day, 1)
        if not given:
            raise self._none_left(limit, ours, now)
        return _Taken(day, given)

    def _written(self, unit: Callable[[Session], int]) -> int:
        try:
            return self._database.write(unit, self._scope, locks=True)
        except ConstraintViolated:
            # The first request of a shop, made by two processes: its row is there now.
            return self._database.write(unit, self._scope, locks=True)

    def _none_left(self, limit: DailyLimit, ours: int, now: datetime) -> RateLimited:
        wait = limit.left_of_day(now)
        logger.warning(
            "a shop has used its requests of this day",
            extra={"shop": self._shop_id, "call": limit.call, "most": limit.most},
        )
        return RateLimited(
            FailureClass.RATE_LIMIT,
            "daily_budget",
            f"{ours} {limit.call} requests of this day are used, of {limit.most} that the"
            f" marketplace allows; it goes on at {now + wait:%Y-%m-%d %H:%M} UTC",
            retry_after_s=wait.total_seconds(),
        )


def ours_of(limit: DailyLimit) -> int:
    """How many of a day's requests this program makes at most."""
    kept = -(-limit.most // _KEPT_FOR_PEOPLE) if limit.call is Counted.SEND else 0
    return limit.most - kept


def take(session: Session, shop_id: int, call: Counted, day: date, ours: int) -> int:
    """Take some of a day's requests (scoped); 0: there are none left."""
    row = session.get(DailyRequests, (shop_id, call), with_for_update=True)
    if row is None:
        row = DailyRequests(shop_id=shop_id, call=call, day=day, taken=0)
        session.add(row)
    if row.day < day:  # a clock that is behind another's begins no day anew
        row.day, row.taken = day, 0
    given = max(0, min(1 + ours // _TAKES_A_DAY, ours - row.taken))
    row.taken += given
    return given
