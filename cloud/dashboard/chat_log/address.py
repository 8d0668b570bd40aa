"""The log's filters as they stand in its address. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from cloud.dashboard.parameters import LARGEST_ID
from cloud.dashboard.words import CHANNELS, GROUPS
from cloud.proofs.log_filter import LogFilter
from cloud.proofs.models import PACKER_LENGTH
from cloud.proofs.states import ProofState

LOG_PATH = "/parcelguard/log"
BULK_PATH = f"{LOG_PATH}/resend"
EXPORT_PATH = f"{LOG_PATH}/export.csv"
LONGEST_CODE = 200
MOST_PHOTOS = 3
"""Of one proof, as tables take them."""


class Column(StrEnum):
    """What the log can show beside each order and its state."""

    PACKED = "packed"
    SHOP = "shop"
    TABLE = "table"
    PACKER = "packer"
    PHOTOS = "photos"
    PICTURES = "pictures"
    RECEIVED = "received"


USUAL_COLUMNS = (Column.PACKED, Column.SHOP, Column.TABLE, Column.PHOTOS)


@dataclass(frozen=True, slots=True)
class LogAddress:
    """What an address of the log asks for. What cannot be understood is named, not guessed."""

    state: str = ""
    """A state, or a group of `words.GROUPS`."""
    channel: str = ""
    shop: int | None = None
    table: int | None = None
    packer: str = ""
    photos: int | None = None
    start: date | None = None
    end: date | None = None
    code: str = ""
    columns: tuple[Column, ...] = USUAL_COLUMNS
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

    def cleared(self) -> str:
        """The address of the whole log, with the same columns."""
        return LogAddress(columns=self.columns).address()

    def query(self) -> str:
        """What of the address a saved view keeps: filters and columns, not the part of the log."""
        return urlencode([*self._filters().items(), *self._columns()])

    def rows_address(self) -> str:
        """The address of the rows alone, for live updates."""
        return self._written(f"{LOG_PATH}/rows")

    def bulk_address(self) -> str:
        """The page that sends again what failed of this filter."""
        return self._whole(BULK_PATH)

    def export_address(self) -> str:
        """The file with all that the filter finds."""
        return self._whole(EXPORT_PATH)

    def _whole(self, path: str) -> str:
        """Of a page about all that the filter wants."""
        changed = replace(self, before=None, after=None)
        return changed._written(path)  # noqa: SLF001  its own class

    def filter(self, zone: ZoneInfo) -> LogFilter:
        """The filter; days begin and end in the reader's time zone."""
        return LogFilter(
            states=states_of(self.state),
            channel=self.channel,
            shop_id=self.shop,
            table_id=self.table,
            packer=self.packer,
            photo_count=self.photos,
            packed_from=_midnight(self.start, zone),
            packed_before=_midnight(self.end + timedelta(days=1), zone) if self.end else None,
            code=self.code,
        )

    def _filters(self) -> dict[str, str]:
        values = {
            "state": self.state,
            "channel": self.channel,
            "shop": self.shop,
            "table": self.table,
            "packer": self.packer,
            "photos": self.photos,
            "from": self.start,
            "to": self.end,
            "code": self.code,
        }
        return {name: str(value) for name, value in values.items() if value not in ("", None)}

    def _columns(self) -> list[tuple[str, str]]:
        if self.columns == USUAL_COLUMNS:
            return []
        return [("column", column.value) for column in self.columns]

    def _written(self, path: str) -> str:
        place = {"before": self.before, "after": self.after}
        there = [(name, str(value)) for name, value in place.items() if value is not None]
        query = urlencode([*self._filters().items(), *self._columns(), *there])
        return f"{path}?{query}" if query else path


def read_address(parameters: Mapping[str, str]) -> LogAddress:
    """Understand the parameters of an address; a ``QueryParams`` may name several columns."""
    reading = _Reading(parameters)
    start, end = reading.day("from"), reading.day("to")
    if start and end and start > end:
        reading.refuse("to")
        end = None
    return LogAddress(
        state=reading.word("state", lambda word: bool(states_of(word))),
        channel=reading.word("channel", CHANNELS.__contains__),
        shop=reading.number("shop"),
        table=reading.number("table"),
        packer=reading.text("packer", PACKER_LENGTH),
        photos=reading.number("photos", most=MOST_PHOTOS),
        start=start,
        end=end,
        code=reading.text("code", LONGEST_CODE),
        columns=reading.columns(),
        before=reading.number("before"),
        after=reading.number("after"),
        not_understood=tuple(reading.refused),
    )


def read_query(query: str) -> LogAddress:
    """Understand what `LogAddress.query` wrote, also when another version did."""
    return read_address(QueryParams(parse_qsl(query)))


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

    def text(self, name: str, longest: int) -> str:
        return self._parameters.get(name, "").strip()[:longest]

    def word(self, name: str, is_known: Callable[[str], bool]) -> str:
        word = self._parameters.get(name, "").strip()
        if word and not is_known(word):
            self.refuse(name)
            return ""
        return word

    def columns(self) -> tuple[Column, ...]:
        """In the order of the page, whatever the order in the address; else the usual ones."""
        asked = set(QueryParams(self._parameters).getlist("column"))
        return tuple(one for one in Column if one.value in asked) or USUAL_COLUMNS

    def number(self, name: str, *, most: int = LARGEST_ID) -> int | None:
        text = self._parameters.get(name, "").strip()
        if not text:
            return None
        if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= most:
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
