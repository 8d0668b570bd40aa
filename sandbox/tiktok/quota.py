"""How many calls an app may make on a day (marketplace-apis 3.4)."""

from sandbox.market.refusal import Refusal
from sandbox.tiktok import errors
from sandbox.tiktok.limits import DAY_S


class DailyQuota:
    """Counts calls by day (UTC) of the marketplace's clock. A restart forgets it."""

    def __init__(self) -> None:
        self._day = 0
        self._counts: dict[str, int] = {}

    def count(self, who: str, now: float, most: int | None) -> None:
        """Count a call; refuses when there were as many as allowed on this day."""
        day = int(now // DAY_S)
        if day != self._day:
            self._day, self._counts = day, {}
        used = self._counts.get(who, 0)
        if most is not None and used >= most:
            raise Refusal(errors.DAILY_QUOTA, "The daily limit of requests is reached.")
        self._counts[who] = used + 1
