"""What each of Corner's error names means for us. Pure."""

from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    MarketplaceError,
    NotFound,
    OutcomeUnknown,
    PermanentError,
    RateLimited,
    TokenRejected,
    TransientError,
)
from cloud.marketplaces.exchange import Call

_MEANINGS: dict[str, tuple[type[MarketplaceError], FailureClass]] = {
    "unknown_app": (AuthorizationEnded, FailureClass.AUTHORIZATION),
    "bad_signature": (AuthorizationEnded, FailureClass.AUTHORIZATION),
    "bad_code": (AuthorizationEnded, FailureClass.AUTHORIZATION),
    "bad_refresh": (AuthorizationEnded, FailureClass.AUTHORIZATION),
    "bad_token": (TokenRejected, FailureClass.AUTHORIZATION),
    "bad_time": (TransientError, FailureClass.OTHER),
    "too_fast": (RateLimited, FailureClass.RATE_LIMIT),
    "not_found": (NotFound, FailureClass.OTHER),
    "too_many": (PermanentError, FailureClass.MESSAGE_LIMIT),
    "too_late": (PermanentError, FailureClass.WINDOW_CLOSED),
    "blocked": (PermanentError, FailureClass.BUYER_UNREACHABLE),
    "too_long": (PermanentError, FailureClass.REFUSED_CONTENT),
    "bad_picture": (PermanentError, FailureClass.REFUSED_CONTENT),
}


def classify(
    name: str, text: str, *, call: Call, status: int = 200, retry_after_s: float | None = None
) -> MarketplaceError:
    """The error that a name stands for; one that is not known may hide anything on a send."""
    if name in _MEANINGS:
        kind, failure = _MEANINGS[name]
        return kind(failure, name, text, retry_after_s=retry_after_s)
    if name == "internal" or status >= 500:
        unknown = TransientError if call is Call.SAFE else OutcomeUnknown
        return unknown(FailureClass.OUTAGE, name, text)
    return PermanentError(FailureClass.OTHER, name, text)
