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
    RepeatedContent,
    TokenRejected,
    TransientError,
)

_LONGEST_ASKED_S = 3600.0
_LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True)
class BackOff:
    """Waits that double; the defaults are marketplace-apis 4.4."""

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=5)

    def after(self, failures: int) -> timedelta:
        """How long to wait after one failure more than ``failures``."""
        factor: int = 2 ** min(failures, 20)
        return min(self.longest, self.first * factor)


class Next(Enum):
    """The next step."""

    AGAIN = auto()
    """The same message after a wait."""
    REFRESH_TOKEN = auto()
    """A new token, then the same message."""
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
class Failures:
    """What is known of a message's earlier attempts."""

    refused: int = 0
    """Attempts that failed and are known not to be in the chat."""
    unknown: bool = False
    """Whether one of them may be in the chat after all."""


@dataclass(frozen=True, slots=True)
class Step:
    """A decision with what it needs."""

    next: Next
    reason: Reason
    detail: str
    wait: timedelta = timedelta()
    wait_was_asked: bool = False
    """The marketplace named the wait itself."""


_BY_KIND: tuple[tuple[type[MarketplaceError], Next], ...] = (
    (OutcomeUnknown, Next.LOOK_INTO_CHAT),
    (TokenRejected, Next.REFRESH_TOKEN),
    (OrderCardNeeded, Next.ADD_ORDER_CARD),
    (TransientError, Next.SLOW_DOWN),
    (AuthorizationEnded, Next.HOLD),
)
"""The first that fits; what the type leaves open is decided by the class of the failure."""

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


def step_after(error: MarketplaceError, earlier: Failures, back_off: BackOff) -> Step:
    """Decide what follows a request that went wrong."""
    asked = error.retry_after_s
    wait = back_off.after(earlier.refused)
    if asked is not None:
        wait = timedelta(seconds=max(0.0, min(asked, _LONGEST_ASKED_S)))
    elif isinstance(error, OrderCardNeeded) or (
        isinstance(error, TokenRejected) and not earlier.refused
    ):
        wait = timedelta()
    return Step(_next(error, earlier), reason_of(error), _detail(error), wait, asked is not None)


def _next(error: MarketplaceError, earlier: Failures) -> Next:
    if isinstance(error, RepeatedContent) and earlier.unknown:
        # Refused because the earlier attempt did arrive: the chat has it.
        return Next.LOOK_INTO_CHAT
    by_kind = (following for kind, following in _BY_KIND if isinstance(error, kind))
    return next(by_kind, _BY_CLASS[error.failure])


def reason_of(error: MarketplaceError) -> Reason:
    """The failure class in the outbox's words."""
    return Reason(error.failure.value.replace(" ", "-"))


def _detail(error: MarketplaceError) -> str:
    text = f"{error.name}: {error.detail}" if error.detail else error.name
    return text[:_LONGEST_DETAIL]
