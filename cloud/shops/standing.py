"""How an authorization stands, for people: among it how long it still lasts. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud.shops.service import AuthorizationState

WARN_BEFORE = (timedelta(days=14), timedelta(days=7), timedelta(days=1))
"""From the first on it is shown as expiring; at each of them it is said again."""


class Standing(StrEnum):
    """What a seller sees."""

    NEVER = "never"
    AUTHORIZED = "authorized"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Stands:
    """How an authorization stands now."""

    standing: Standing
    ends_at: datetime | None = None
    warning: int = 0
    """How many of WARN_BEFORE have passed."""


def stands(state: str, *ends: datetime | None, now: datetime) -> Stands:
    """`ends`: all after which nothing but a person helps; the earliest counts."""
    if state != AuthorizationState.AUTHORIZED:
        return Stands(Standing(state))
    ends_at = min((end for end in ends if end is not None), default=None)
    if ends_at is None:
        return Stands(Standing.AUTHORIZED)
    if ends_at <= now:
        return Stands(Standing.EXPIRED, ends_at, len(WARN_BEFORE))
    passed = sum(ends_at - now <= before for before in WARN_BEFORE)
    return Stands(Standing.EXPIRING if passed else Standing.AUTHORIZED, ends_at, passed)
