"""Which days a report is about, as they stand in its address. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

REPORTS_PATH = "/reports"
MOST_DAYS = 31
_USUAL_DAYS = 7
_SHORTCUTS = (1, 7, 30)


@dataclass(frozen=True, slots=True)
class Days:
    """Some days in the reader's time zone, both ends included."""

    start: date
    end: date
    zone: ZoneInfo
    was_cut: bool = False
    """More days were asked for than a report has; these are the last of them."""
    not_understood: bool = False

    @property
    def since(self) -> datetime:
        """When the first day begins."""
        return datetime.combine(self.start, time(), tzinfo=self.zone)

    @property
    def until(self) -> datetime:
        """When the last day is over."""
        return datetime.combine(self.end + timedelta(days=1), time(), tzinfo=self.zone)

    @property
    def count(self) -> int:
        """How many days."""
        return (self.end - self.start).days + 1

    def each(self) -> list[date]:
        """All of them, oldest first."""
        return [self.start + timedelta(days=place) for place in range(self.count)]

    def query(self) -> str:
        """As in the address; also the log's."""
        return urlencode({"from": self.start, "to": self.end})

    def shortcuts(self, today: date) -> list[tuple[int, str, bool]]:
        """The last so many days: how many, their query, and whether they are these."""
        starts = [(count, today - timedelta(days=count - 1)) for count in _SHORTCUTS]
        return [
            (
                count,
                urlencode({"from": start, "to": today}),
                (start, today) == (self.start, self.end),
            )
            for count, start in starts
        ]


def read_days(parameters: Mapping[str, str], zone: ZoneInfo, today: date) -> Days:
    """Understand an address; without days these are the last seven."""
    asked = {name: parameters.get(name, "").strip() for name in ("from", "to")}
    start, end = _day(asked["from"]), _day(asked["to"])
    not_understood = bool(asked["from"]) > bool(start) or bool(asked["to"]) > bool(end)
    last = end or today
    first = start or last - timedelta(days=_USUAL_DAYS - 1)
    if first > last:
        first, not_understood = last, True
    earliest = last - timedelta(days=MOST_DAYS - 1)
    return Days(
        max(first, earliest),
        last,
        zone,
        was_cut=first < earliest,
        not_understood=not_understood,
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Leaves room for the days around it, in any zone.
    return day if 1971 <= day.year <= 9000 else None
