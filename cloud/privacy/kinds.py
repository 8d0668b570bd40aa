"""What is deleted by age, and how long each kind is kept. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What has a rule of its own."""

    PHOTOS = "photos"


class Cause(StrEnum):
    """Why a photo was deleted."""

    RETENTION = "retention"
    BUYER = "buyer"
    """Somebody deleted all that is known of its buyer."""


USUAL_DAYS: dict[Kind, int | None] = {Kind.PHOTOS: 120}
"""In force where nobody has decided; None: for ever. 120 days are as long as a bank lets a
buyer take a payment back, and longer than any marketplace's own dispute (decision 31)."""
LEAST_DAYS = 30
MOST_DAYS = 3_650
TAKEN_BACK_WITHIN = timedelta(days=1)
"""A decision that lets go of more is acted on so much later: a slip can be put right."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision about one kind."""

    keep_days: int | None
    decided_at: datetime


def longer(one: int | None, other: int | None) -> int | None:
    """The longer of two times; None, for ever, is longer than any."""
    return None if one is None or other is None else max(one, other)


def days_in_force(kind: Kind, decisions: Sequence[Decided], now: datetime) -> int | None:
    """How many days a kind is kept now. ``decisions``: of this kind, the newest first.

    While the newest is younger than `TAKEN_BACK_WITHIN`, whatever held within that time holds, if
    it is longer.
    """
    if not decisions:
        return USUAL_DAYS[kind]
    days = decisions[0].keep_days
    for place, decision in enumerate(decisions):
        if now - decision.decided_at >= TAKEN_BACK_WITHIN:
            break
        is_first = place == len(decisions) - 1
        before = USUAL_DAYS[kind] if is_first else decisions[place + 1].keep_days
        days = longer(days, before)
    return days


def cut_off(days: int | None, now: datetime) -> datetime | None:
    """What came before that time may go; None: nothing."""
    return None if days is None else now - timedelta(days=days)
