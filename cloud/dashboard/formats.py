"""Times and numbers as the reader writes them, in the reader's language and time zone."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit

_THOUSAND = 1000
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Formats:
    """How one reader sees times and numbers."""

    locale: Locale
    zone: ZoneInfo

    def moment(self, at: datetime) -> str:
        """Date and time to the second, with the offset of the zone."""
        text = format_datetime(at, "medium", tzinfo=self.zone, locale=self.locale)
        return f"{text} {self.offset(at)}"

    def day(self, at: datetime) -> str:
        """The date alone."""
        return _day(at.astimezone(self.zone).date(), self.locale)

    def time(self, at: datetime) -> str:
        """The time of day to the second."""
        return format_time(at, "medium", tzinfo=self.zone, locale=self.locale)

    def offset(self, at: datetime) -> str:
        """The zone's offset, as GMT+08:00."""
        return format_datetime(at, "ZZZZ", tzinfo=self.zone, locale=self.locale)

    def whole_day(self, day: date) -> str:
        """A date that is no moment."""
        return _day(day, self.locale)

    def number(self, value: float) -> str:
        """A number with the separators of the language."""
        return _number(value, self.locale)

    def country(self, code: str) -> str:
        """The name of a country by its two letters."""
        return str(self.locale.territories.get(code, code))

    def duration(self, seconds: float) -> str:
        """A duration in its largest fitting unit."""
        return format_timedelta(round(seconds), locale=self.locale)

    def size(self, size_bytes: int) -> str:
        """A size in the largest unit that it fills, of a thousand each: 12.3 MB."""
        value, unit = float(size_bytes), "B"
        for larger in ("kB", "MB", "GB", "TB"):
            if value < _THOUSAND:
                break
            value, unit = value / _THOUSAND, larger
        return f"{_number(round(value, 1), self.locale)} {unit}"

    def seconds(self, value: float) -> str:
        """A time to two digits: in seconds, or in minutes or hours where it is longer."""
        units = (("hour", 3600), ("minute", 60), ("second", 1))
        unit, size = next(one for one in units if value >= 2 * one[1] or one[1] == 1)
        digits = float(f"{value / size:.2g}")
        return str(format_unit(digits, unit, "short", locale=self.locale))

    def kilobytes(self, size_bytes: int) -> str:
        """A size in kilobytes of 1,000 bytes."""
        return f"{_number(max(1, round(size_bytes / 1000)), self.locale)} kB"


# The rows of a page have the same few days and counts, and each takes as long as its statement.
@lru_cache(maxsize=1024)
def _day(day: date, locale: Locale) -> str:
    return format_date(day, "medium", locale=locale)


@lru_cache(maxsize=1024)
def _number(value: float, locale: Locale) -> str:
    return format_decimal(value, locale=locale)


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that name; UTC for an unknown one."""
    try:
        return ZoneInfo(name) if name else UTC_ZONE
    except (ValueError, OSError, KeyError):  # an unknown name is a KeyError
        return UTC_ZONE
