"""What follows a failed request. Pure: the error in, the next step out."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from cloud.conversations.states import Reason
from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    MarketplaceError,
    OrderCardNeeded,
    OutcomeUnknown,
    RateLimited,
    RepeatedContent,
    TokenRejected,
    TransientError,
)

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0
_LONGEST_DETAIL = 300


class Next(Enum):
    """The next step."""

    AGAIN = auto()
    """The same message after a wait."""
    REFRESH_TOKEN = auto()
    """A new token, then the same message at once."""
    ADD_ORDER_CARD = auto()
    SLOW_DOWN = auto()
    """The whole shop waits, then the same message."""
    HOLD = auto()
    """The whole dispatch waits until its cause is gone."""
    FAIL_MESSAGE = auto()
    """This part fails, the others go on."""
    FAIL_DISPATCH = auto()
    """This part and all unsent ones fail for the same reason."""
    LOOK_INTO_CHAT = auto()
    """The outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Step:
    """A decision with what it needs."""

    next: Next
    reason: Reason
    detail: str
    wait: timedelta = timedelta()


_BY_CLASS = {
    FailureClass.AUTHORIZATION: Next.HOLD,
    FailureClass.WINDOW_CLOSED: Next.FAIL_DISPATCH,
    FailureClass.MESSAGE_LIMIT: Next.HOLD,
    FailureClass.REFUSED_CONTENT: Next.FAIL_MESSAGE,
    FailureClass.BUYER_UNREACHABLE: Next.FAIL_DISPATCH,
    FailureClass.CHANNEL_CANNOT_SEND: Next.FAIL_DISPATCH,
    FailureClass.RATE_LIMIT: Next.SLOW_DOWN,
    FailureClass.OUTAGE: Next.FAIL_MESSAGE,
    FailureClass.OTHER: Next.FAIL_MESSAGE,
}


def step_after(error: MarketplaceError, failures: int) -> Step:
    """Decide; ``failures`` counts the requests of this message that failed before this one."""
    wait = _wait(error, failures)
    match error:
        case OutcomeUnknown():
            chosen = Next.LOOK_INTO_CHAT
        case TokenRejected() if failures == 0:
            chosen, wait = Next.REFRESH_TOKEN, timedelta()
        case OrderCardNeeded():
            chosen, wait = Next.ADD_ORDER_CARD, timedelta()
        case RateLimited():
            chosen = Next.SLOW_DOWN
        case TransientError():
            chosen = Next.AGAIN
        case AuthorizationEnded():
            chosen = Next.HOLD
        case RepeatedContent():
            chosen = Next.FAIL_MESSAGE
        case _:
            chosen = _BY_CLASS[error.failure]
    return Step(chosen, reason_of(error), _detail(error), wait)


def reason_of(error: MarketplaceError) -> Reason:
    """The failure class in the outbox's words."""
    return Reason(error.failure.value.replace(" ", "-"))


def back_off(failures: int) -> timedelta:
    """Doubling from 2 s to 5 min (marketplace-apis 4.4)."""
    return timedelta(seconds=min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures, 20)))


def _wait(error: MarketplaceError, failures: int) -> timedelta:
    if error.retry_after_s is not None:
        return timedelta(seconds=max(0.0, min(error.retry_after_s, 3600.0)))
    return back_off(failures)


def _detail(error: MarketplaceError) -> str:
    text = f"{error.name}: {error.detail}" if error.detail else error.name
    return text[:_LONGEST_DETAIL]
