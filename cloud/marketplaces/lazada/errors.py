"""What each of Lazada's error names means for us (marketplace-apis 2.2 to 2.5). Pure."""

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
_LIMIT = _Meaning(FailureClass.MESSAGE_LIMIT, PermanentError)

# `300` and `1000` are named for uploads only: "failed" and "internal".
_FAULTS = frozenset(
    {
        "ServiceTimeout",
        "HttpConnectError",
        "UnknownRuntimeException",
        "300",
        "500",
        "501",
        "1000",
    }
)
_MEANINGS = {
    # app, keys and shop: a person has to act, then what is held can go
    "IncompleteSignature": _ENDED,
    "InvalidAppKey": _ENDED,
    "InsufficientPermission": _ENDED,
    "AppWhiteIpLimit": _ENDED,
    "AUTH_TYPE_UNSUPPORTED": _ENDED,
    "IllegalRefreshToken": _ENDED,
    "InvalidCode": _ENDED,
    "SellerNotVerified": _ENDED,
    "SellerNotActive": _ENDED,
    # our clock: once it is right, the same request is taken
    "IllegalTimestamp": _Meaning(FailureClass.OTHER, TransientError),
    # pace; 901 is that of copying a picture
    "ApiCallLimit": _RATE,
    "AppCallLimit": _RATE,
    "SellerCallLimit": _RATE,
    "901": _RATE,
    # requests
    "MissingParameter": _OTHER,
    "InvalidParameter": _OTHER,
    "InvalidApiPath": _OTHER,
    "16": _MISSING,
    # reading orders: date, paging, sort, status
    "6": _OTHER,
    "14": _OTHER,
    "17": _OTHER,
    "19": _OTHER,
    "36": _OTHER,
    "74": _OTHER,
    "75": _OTHER,
    # pictures: empty, not one, too large
    "30": _CONTENT,
    "302": _CONTENT,
    "303": _CONTENT,
    # opening a conversation
    "-22": _Meaning(FailureClass.WINDOW_CLOSED, PermanentError),
}

_BAN = re.compile(r"ban will last (\d{1,9}) second")
# Lazada names no code for a sixth message without an answer, nor for an unknown conversation; these
# are the words that such a reply can hardly do without.
_TOO_MANY_MESSAGES = re.compile(
    r"messages?\b.*\b(limit|exceed|maximum|repl(y|ies)|answers?\b)"
    r"|\b(limit|exceed(s|ed)?|maximum|only \d+)\b.*\bmessages?"
    r"|(message|msg)_?limit"
)
_TOO_LONG = re.compile(r"length|too long|character")
_NOT_THERE = re.compile(r"not (exist|found)|no such|notexist|notfound")
# Names not known to us that speak of the platform's own trouble: on a send, do not believe "not
# sent".
_SOUNDS_LIKE_A_FAULT = re.compile(
    r"system|internal|server|service|timeout|busy|network|connect|runtime|unavailable|unknown"
)


def classify(
    name: str,
    detail: str,
    *,
    call: Call,
    error_type: str = "",
    status: int = 200,
    retry_after_s: float | None = None,
) -> MarketplaceError:
    """The error that a `code` other than "0" stands for, whatever the HTTP status was.

    `error_type` is ISV (our request), ISP (a service behind) or SYSTEM (the platform).
    """
    meaning = _meaning(name, detail, call, error_type=error_type, status=status)
    if meaning is _RATE and retry_after_s is None:
        retry_after_s = _ban_s(detail)
    return meaning.kind(meaning.failure, name, detail, retry_after_s=retry_after_s)


def _meaning(name: str, detail: str, call: Call, *, error_type: str, status: int) -> _Meaning:
    if name == "IllegalAccessToken":
        return _ENDED if call is Call.TOKEN else _TOKEN
    if name in _FAULTS:
        return _fault(call)
    known = _MEANINGS.get(name)
    if known not in (None, _OTHER):
        return known
    by_words = _by_words(f"{name} {detail}".lower())
    return by_words or known or _of_unknown_name(name, call, error_type, status)


def _by_words(said: str) -> _Meaning | None:
    if _NOT_THERE.search(said):
        return _MISSING
    if _TOO_MANY_MESSAGES.search(said) and not _TOO_LONG.search(said):
        return _LIMIT
    return None


def _of_unknown_name(name: str, call: Call, error_type: str, status: int) -> _Meaning:
    if error_type == "SYSTEM" or status >= 500 or _SOUNDS_LIKE_A_FAULT.search(name.lower()):
        return _fault(call)
    return _OTHER


def _fault(call: Call) -> _Meaning:
    return _OUTAGE if call is Call.SAFE else _UNKNOWN


def _ban_s(detail: str) -> float | None:
    found = _BAN.search(detail)
    return float(found[1]) if found else None
