"""The log's filters as they stand in its address. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from cloud.dashboard.parameters import LARGEST_ID
from cloud.dashboard.words import GROUPS
from cloud.proofs.log_filter import LogFilter
from cloud.proofs.states import ProofState

LOG_PATH = "/parcelguard/log"
_LONGEST_CODE = 200


@dataclass(frozen=True, slots=True)
class LogAddress:
    """What an address of the log asks for. What cannot be understood is named, not guessed."""

    state: str = ""
    """A state, or a group of `words.GROUPS`."""
    shop: int | None = None
    table: int | None = None
    start: date | None = None
    end: date | None = None
    code: str = ""
    before: int | None = None
    after: int | None = None
    not_understood: tuple[str, ...] = ()
    """Names of parameters whose value means nothing."""

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the part of the log is asked for."""
        return bool(self._filters())

    @property
    def is_newest(self) -> bool:
        """Whether it shows the newest entries."""
        return self.before is None and self.after is None

    def address(self, **changes: Any) -> str:
        """The address with some parameters changed; it begins with the newest entries again."""
        changed = replace(self, **({"before": None, "after": None} | changes))
        return changed._written(LOG_PATH)  # noqa: SLF001  its own class

    def rows_address(self) -> str:
        """The address of the rows alone, for live updates."""
        return self._written(f"{LOG_PATH}/rows")

    def bulk_address(self) -> str:
        """The page that sends again what failed of this filter."""
        changed = replace(self, before=None, after=None)
        return changed._written(f"{LOG_PATH}/resend")  # noqa: SLF001  its own class

    def filter(self, zone: ZoneInfo) -> LogFilter:
        """The filter; days begin and end in the reader's time zone."""
        return LogFilter(
            states=states_of(self.state),
            shop_id=self.shop,
            table_id=self.table,
            packed_from=_midnight(self.start, zone),
            packed_before=_midnight(self.end + timedelta(days=1), zone) if self.end else None,
            code=self.code,
        )

    def _filters(self) -> dict[str, str]:
        values = {
            "state": self.state,
            "shop": self.shop,
            "table": self.table,
            "from": self.start,
            "to": self.end,
            "code": self.code,
        }
        return {name: str(value) for name, value in values.items() if value not in ("", None)}

    def _written(self, path: str) -> str:
        place = {"before": self.before, "after": self.after}
        there = {name: str(value) for name, value in place.items() if value is not None}
        query = urlencode(self._filters() | there)
        return f"{path}?{query}" if query else path


def read_address(parameters: Mapping[str, str]) -> LogAddress:
    """Understand the parameters of an address."""
    reading = _Reading(parameters)
    state = parameters.get("state", "").strip()
    if state and not states_of(state):
        reading.refuse("state")
        state = ""
    start, end = reading.day("from"), reading.day("to")
    if start and end and start > end:
        reading.refuse("to")
        end = None
    return LogAddress(
        state=state,
        shop=reading.number("shop"),
        table=reading.number("table"),
        start=start,
        end=end,
        code=parameters.get("code", "").strip()[:_LONGEST_CODE],
        before=reading.number("before"),
        after=reading.number("after"),
        not_understood=tuple(reading.refused),
    )


def states_of(word: str) -> tuple[ProofState, ...]:
    """The states that a word of the filter stands for; none for an unknown word."""
    if word in GROUPS:
        return GROUPS[word][1]
    return tuple(state for state in ProofState if state.value == word)


class _Reading:
    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters
        self.refused: list[str] = []

    def refuse(self, name: str) -> None:
        self.refused.append(name)

    def number(self, name: str) -> int | None:
        text = self._parameters.get(name, "").strip()
        if not text:
            return None
        if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LARGEST_ID:
            return int(text)
        self.refuse(name)
        return None

    def day(self, name: str) -> date | None:
        text = self._parameters.get(name, "").strip()
        try:
            day = date.fromisoformat(text) if text else None
        except ValueError:
            day = date.min
        # Leaves room for the day after, and for any zone.
        if day is not None and not 1970 <= day.year <= 9000:
            self.refuse(name)
            return None
        return day


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=zone) if day else None
