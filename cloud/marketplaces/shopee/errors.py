"""What each of Shopee's error names means for us (marketplace-apis 1.2, 1.4 and 1.5). Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    MarketplaceError,
    NotFound,
    OrderCardNeeded,
    OutcomeUnknown,
    PermanentError,
    RateLimited,
    RepeatedContent,
    TokenRejected,
    TransientError,
)
from cloud.marketplaces.exchange import Call

# Daily limits begin anew at 00:00 of this zone.
LIMIT_ZONE = timezone(timedelta(hours=8))


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
_BUYER = _Meaning(FailureClass.BUYER_UNREACHABLE, PermanentError)
_CHANNEL = _Meaning(FailureClass.CHANNEL_CANNOT_SEND, PermanentError)

# The misspelt names are Shopee's own.
_TOKEN_NAMES = frozenset({"error_auth", "invalid_acceess_token", "invalid_access_token"})
_FAULTS = frozenset({"error_server", "error_network", "error_data", "system_busy"})
_MEANINGS = {
    # app, keys and shop: a person has to act, then what is held can go
    "error_sign": _ENDED,
    "error_permission": _ENDED,
    "error_api_permission": _ENDED,
    "error_api_call_restricted": _ENDED,
    "api_suspended": _ENDED,
    "source_ip_undeclared": _ENDED,
    "error_partner_key_expired": _ENDED,
    "error_kyc_auth": _ENDED,
    "shop_banned": _ENDED,
    "shop_no_linked": _ENDED,
    "partner_shop_no_link": _ENDED,
    "shop_access_expired": _ENDED,
    "invalid_code": _ENDED,
    "refresh_token_expired": _ENDED,
    "error_shop_refresh_token": _ENDED,
    "error_merchant_refresh_token": _ENDED,
    "invalid_shop_id": _ENDED,
    "invalid_main_acount_id": _ENDED,
    "invalid_partner_id": _ENDED,
    # pace
    "error_rate_limit": _RATE,
    "error_limit": _RATE,
    "exceed_send_limitaion": _RATE,
    # requests
    "error_param": _OTHER,
    "param_error": _OTHER,
    "order.order_list_invalid_time": _OTHER,
    "error_not_found": _MISSING,
    "error_shop": _MISSING,
    # the rules of a send
    "first_chat_without_order_info": _Meaning(FailureClass.OTHER, OrderCardNeeded),
    "user_is_forbidden": _WINDOW,
    "reach_5_message_limit": _Meaning(FailureClass.MESSAGE_LIMIT, PermanentError),
    "message_too_long": _CONTENT,
    "message_is_censored": _CONTENT,
    "block_by_internal_safety_strategies": _CONTENT,
    "error_business": _Meaning(FailureClass.REFUSED_CONTENT, RepeatedContent),
    "error_blocked": _BUYER,
    "error_sender_block_receiver": _BUYER,
    "assigned_to_subaccount": _CHANNEL,
    "shop_bound_subaccount": _CHANNEL,
}

# Names not known to us that speak of the platform's own trouble: on a send, do not believe "not
# sent".
_SOUNDS_LIKE_A_FAULT = re.compile(
    r"server|internal|network|timeout|busy|system|unavailable|unknown"
)


def classify(
    name: str,
    detail: str,
    *,
    call: Call,
    now: datetime,
    status: int = 200,
    retry_after_s: float | None = None,
) -> MarketplaceError:
    """The error that a non-empty `error` of a reply stands for, whatever the HTTP status was.

    `now` serves the daily limit, which ends at a time of day.
    """
    meaning = _meaning(name, detail, call, status)
    if name == "error_limit" and retry_after_s is None:
        retry_after_s = seconds_to_next_limit_day(now)
    return meaning.kind(meaning.failure, name, detail, retry_after_s=retry_after_s)


def seconds_to_next_limit_day(now: datetime) -> float:
    """Seconds until daily limits begin anew, at 00:00 UTC+8."""
    local = now.astimezone(LIMIT_ZONE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - local).total_seconds()


def _meaning(name: str, detail: str, call: Call, status: int) -> _Meaning:
    # Some calls put their module in front of a common name, as in "common.error_auth".
    short = name if name in _MEANINGS else name.rsplit(".", 1)[-1]
    if short in _TOKEN_NAMES:
        return _of_token(detail, call)
    if short in _FAULTS:
        return _OUTAGE if call is Call.SAFE else _UNKNOWN
    known = _MEANINGS.get(short)
    return known or _of_unknown_name(short, detail, call, status)


def _of_token(detail: str, call: Call) -> _Meaning:
    # error_auth also stands for a missing permission, which no new token mends.
    if call is Call.TOKEN or "permission" in detail.lower():
        return _ENDED
    return _TOKEN


def _of_unknown_name(name: str, detail: str, call: Call, status: int) -> _Meaning:
    if "no permission" in f"{name} {detail}".lower():
        return _ENDED
    if status >= 500 or _SOUNDS_LIKE_A_FAULT.search(name.lower()):
        return _OUTAGE if call is Call.SAFE else _UNKNOWN
    return _OTHER
