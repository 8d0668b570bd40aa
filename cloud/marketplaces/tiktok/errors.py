"""What each of TikTok Shop's codes means for us (marketplace-apis 3.2, 3.3 and 3.5). Pure."""

import re
from dataclasses import dataclass

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

QUOTA_RETRY_S = 3600.0
"""After a day's quota is used up. In which zone the day ends is not stated, so that asking each
hour is late by an hour at most and costs next to nothing of the next quota."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    failure: FailureClass
    kind: type[MarketplaceError]


_ENDED = _Meaning(FailureClass.AUTHORIZATION, AuthorizationEnded)
_TOKEN = _Meaning(FailureClass.AUTHORIZATION, TokenRejected)
_OUTAGE = _Meaning(FailureClass.OUTAGE, TransientError)
_UNKNOWN = _Meaning(FailureClass.OUTAGE, OutcomeUnknown)
_RATE = _Meaning(FailureClass.RATE_LIMIT, RateLimited)
_MISSING = _Meaning(FailureClass.OTHER, NotFound)
_OTHER = _Meaning(FailureClass.OTHER, PermanentError)
_CONTENT = _Meaning(FailureClass.REFUSED_CONTENT, PermanentError)
_WINDOW = _Meaning(FailureClass.WINDOW_CLOSED, PermanentError)

DAILY_QUOTA = 45101004
_BAD_IDENTIFIER = 36009004
_REJECTED_TOKENS = frozenset({105001, 105002})
# Internal errors and timeouts. 45101001 also stands for a bad parameter of a send, and the code
# does not say which: the chat does.
_FAULTS = frozenset({36009003, 36009007, 45101001, 45101008, 10037002, 10037003, 10037004})
_MEANINGS = {
    # app, scope and shop: a person has to act, then what is held can go
    106001: _ENDED,  # signature
    106013: _ENDED,  # no shop_cipher: it comes with the authorization
    101000: _ENDED,  # the token is not for this cipher or kind of user
    105005: _ENDED,  # a scope is missing
    36009033: _ENDED,  # this address may not call
    10006402: _ENDED,  # no permission for orders
    36004001: _ENDED,  # refresh token expired
    36004004: _ENDED,  # code used, expired or wrong
    36004005: _ENDED,  # no authorization: revoked
    # pace
    36009002: _RATE,
    DAILY_QUOTA: _RATE,
    45111012: _RATE,  # coupons
    # requests
    36009009: _OTHER,  # path
    36009010: _OTHER,  # method
    36009022: _OTHER,  # body
    36009023: _OTHER,  # content type
    10002014: _OTHER,
    10002015: _OTHER,
    21008111: _MISSING,  # not this seller's order
    45101003: _MISSING,  # no such conversation
    # the rules of a send
    36009021: _CONTENT,  # picture too large
    45101002: _CONTENT,  # conditions of a card
    45111017: _CONTENT,  # conditions of a card
    45101006: _CONTENT,  # sensitive
    45102007: _OTHER,  # no permission for this conversation
    45109001: _WINDOW,  # the conversation's rules do not allow it
    45109003: _WINDOW,  # a conversation may not be started
    45111001: _OTHER,  # not supported
}

# Codes not known to us whose message speaks of the platform's own trouble: on a send, do not
# believe "not sent".
_SOUNDS_LIKE_A_FAULT = re.compile(
    r"server|internal|network|time.?out|busy|system|unavailable|unknown"
)


def classify(
    code: int,
    detail: str,
    *,
    call: Call,
    status: int = 200,
    retry_after_s: float | None = None,
) -> MarketplaceError:
    """The error that a `code` other than 0 stands for, whatever the HTTP status was."""
    meaning = _meaning(code, detail.lower(), call, status)
    if code == DAILY_QUOTA and retry_after_s is None:
        retry_after_s = QUOTA_RETRY_S
    return meaning.kind(meaning.failure, str(code), detail, retry_after_s=retry_after_s)


def _meaning(code: int, detail: str, call: Call, status: int) -> _Meaning:
    if code in _FAULTS:
        return _fault(call)
    if code in _REJECTED_TOKENS:
        return _token(call)
    if code == _BAD_IDENTIFIER:
        return _of_identifier(detail, call)
    known = _MEANINGS.get(code)
    return known or _of_unknown_code(code, detail, call, status)


def _fault(call: Call) -> _Meaning:
    return _OUTAGE if call is Call.SAFE else _UNKNOWN


def _token(call: Call) -> _Meaning:
    return _ENDED if call is Call.TOKEN else _TOKEN


def _of_identifier(detail: str, call: Call) -> _Meaning:
    # One code for a token, a signature, an app key, a timestamp or an id: only the text tells.
    if "token" in detail:
        return _token(call)
    return _ENDED if "sign" in detail or "app_key" in detail else _OTHER


def _of_unknown_code(code: int, detail: str, call: Call, status: int) -> _Meaning:
    """By family where there is one.

    105... is about tokens and 36004... about authorizations. 36009... is not, although a common
    rule takes all of 360... for token errors: it is the gateway, rates and faults included.
    """
    name = str(code)
    if name.startswith("36004"):
        return _ENDED
    if len(name) == 6 and name.startswith("105"):
        return _token(call)
    if status >= 500 or _SOUNDS_LIKE_A_FAULT.search(detail):
        return _fault(call)
    return _RATE if status == 429 else _OTHER
