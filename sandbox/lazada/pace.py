"""The limit of calls: who goes above it is refused for a while (marketplace-apis 2.5)."""

import math
import time
from collections.abc import Callable

from sandbox.lazada.errors import API_CALL_LIMIT
from sandbox.market.rate import RateGate
from sandbox.market.refusal import Refusal, Wording


def ban(seconds: int) -> Refusal:
    """The refusal that names how long it lasts."""
    return Refusal(
        API_CALL_LIMIT,
        f"The access frequency of the API exceeds the limit. this ban will last {seconds} seconds",
    )


class BanGate(RateGate):
    """Calls per second, and a ban for those above. `ban_s` is asked for each time."""

    def __init__(
        self,
        wording: Wording,
        ban_s: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(wording, monotonic)
        self._ban_s = ban_s
        self._now = monotonic
        self._banned_until: dict[str, float] = {}

    def admit(self, who: str, per_second: int | None) -> None:
        """Count the call. Refuses while banned, and bans when there were too many."""
        if per_second is None:
            self._banned_until.clear()
            return
        left_s = self._banned_until.get(who, 0.0) - self._now()
        if left_s > 0:
            raise ban(math.ceil(left_s))
        try:
            super().admit(who, per_second)
        except Refusal:
            self._banned_until[who] = self._now() + self._ban_s()
            raise ban(self._ban_s()) from None
