"""What goes wrong at a marketplace: one tree, in which the type says what the caller may do.

- `TransientError`: it did not happen, and the same request may succeed later.
- `PermanentError`: it did not happen, and repeating the same request does not help.
- `OutcomeUnknown`: it may have happened. Look it up before anything else.
"""

from enum import StrEnum
from typing import ClassVar


class FailureClass(StrEnum):
    """Why a message did not reach a buyer, in the words the whole product uses."""

    AUTHORIZATION = "authorization"
    WINDOW_CLOSED = "window closed"
    MESSAGE_LIMIT = "message limit"
    REFUSED_CONTENT = "refused content"
    BUYER_UNREACHABLE = "buyer unreachable"
    CHANNEL_CANNOT_SEND = "channel cannot send"
    RATE_LIMIT = "rate limit"
    OUTAGE = "outage"
    OTHER = "other"


class MarketplaceError(Exception):
    """Base of all errors of a marketplace.

    `name` and `detail` are the marketplace's own error name and message, without secrets; our own
    name in lower case stands there when the marketplace gave none. `retry_after_s` is the wait the
    marketplace asked for, in seconds, or None when it named none.
    """

    retry_helps: ClassVar[bool] = False

    def __init__(
        self,
        failure: FailureClass,
        name: str,
        detail: str = "",
        *,
        retry_after_s: float | None = None,
    ) -> None:
        self.failure = failure
        self.name = name
        self.detail = detail
        self.retry_after_s = retry_after_s
        super().__init__(f"{failure.value}: {name}" + (f" ({detail})" if detail else ""))


class TransientError(MarketplaceError):
    """It did not happen; the same request may succeed later."""

    retry_helps = True


class NotConnected(TransientError):
    """No connection was established, so nothing was sent."""


class RateLimited(TransientError):
    """Too many requests or messages: wait `retry_after_s`, or back off where it is None."""


class TokenRejected(TransientError):
    """The access token is expired or wrong: refresh once, repeat once."""


class OrderCardNeeded(TransientError):
    """A new conversation has to begin with the order: send its card, then repeat."""


class MalformedReply(TransientError):
    """The reply cannot be read: no JSON, a field missing, a wrong type. Nothing was changed."""


class PermanentError(MarketplaceError):
    """It did not happen, and repeating the same request does not help."""


class AuthorizationEnded(PermanentError):
    """The shop, the app or its keys have to be authorized anew by a person."""


class NotFound(PermanentError):
    """The marketplace knows no such order, conversation or shop."""


class RepeatedContent(PermanentError):
    """The marketplace refuses a message because the same one was sent not long ago."""


class OutcomeUnknown(MarketplaceError):
    """The request may have been carried out, yet no usable reply came. Never repeat it unread."""


class MalformedPush(PermanentError):
    """A marketplace's call to us cannot be understood; the same one never will be."""
