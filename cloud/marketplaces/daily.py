"""Requests that a marketplace counts by the day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol


class Counted(StrEnum):
    """Calls that a marketplace may count by the day, each for itself."""

    LIST_CONVERSATIONS = "list-conversations"
    LIST_MESSAGES = "list-messages"
    MARK_READ = "mark-read"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """How often a shop may make a call on one day; the marketplace's whole limit.

    `zone` says when a day begins.
    """

    call: Counted
    most: int
    zone: tzinfo = UTC

    def day(self, now: datetime) -> date:
        """The marketplace's day at an aware time."""
        return now.astimezone(self.zone).date()

    def left_of_day(self, now: datetime) -> timedelta:
        """From an aware time until the next day begins."""
        next_day = datetime.combine(self.day(now) + timedelta(days=1), time(), self.zone)
        return next_day - now


class Allowance(Protocol):
    """What of the day's requests a shop may still make."""

    def spend(self, call: Counted) -> None:
        """Count one request that is about to go out.

        Raises:
            RateLimited: there is none left; nothing is to be sent. It says when the next day is.
        """
        ...
