"""One HTTP request, one reply, for every marketplace alike. Nothing is sent twice."""

import ipaddress
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import httpx

from cloud import metrics
from cloud.marketplaces.deadline import request_deadline
from cloud.marketplaces.errors import (
    FailureClass,
    MalformedReply,
    MarketplaceError,
    NotConnected,
    OutcomeUnknown,
    RateLimited,
    TransientError,
)
from cloud.marketplaces.pacing import wait_for_turn

MAX_REPLY_BYTES = 16 * 1024 * 1024

# Raised before a byte of the request is written; after any other error some of it may have arrived.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class Call(Enum):
    """What a repetition of a request would mean."""

    SAFE = "safe to repeat"
    TOKEN = "spends a code or a refresh token"  # noqa: S105 - a description, not a secret
    SEND = "shows a message to a buyer"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as received: the status, the wait in seconds it asks for (or None), the body."""

    status: int
    retry_after_s: float | None
    body: bytes


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


def checked_base_url(base_url: str) -> str:
    """The address without a slash at its end. ValueError unless it is https or this machine's."""
    url = httpx.URL(base_url)
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        raise ValueError(
            f"marketplace address {base_url!r} has to begin with https://"
            " (http:// is for a sandbox on this machine only), because tokens travel to it"
        )
    return base_url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def counted(channel: str) -> Iterator[None]:
    """Count a request of a marketplace, and what came of it once its reply was understood."""
    try:
        yield
    except MarketplaceError as error:
        unknown = isinstance(error, OutcomeUnknown)
        result = "unknown" if unknown else error.failure.value.replace(" ", "-")
        metrics.MARKETPLACE_REQUESTS.labels(channel, result).inc()
        raise
    metrics.MARKETPLACE_REQUESTS.labels(channel, "ok").inc()


def exchange(http: httpx.Client, request: httpx.Request, *, call: Call, deadline_s: float) -> Reply:
    """Send a request once and read its whole reply within `deadline_s` seconds.

    Raises `NotConnected` when nothing can have been sent, else `OutcomeUnknown` for a call that
    must not be repeated unread, or `TransientError` for one that may.
    """
    if deadline_s <= 0:
        raise NotConnected(FailureClass.OUTAGE, "deadline_passed", "no time was left to begin")
    wait_for_turn()
    request.extensions["timeout"] = httpx.Timeout(deadline_s).as_dict()
    try:
        with request_deadline(deadline_s):
            return _read(http, request, call)
    except _NEVER_SENT as exc:
        raise NotConnected(FailureClass.OUTAGE, "not_connected", type(exc).__name__) from exc
    except httpx.RequestError as exc:
        raise no_answer(call, "no_answer", type(exc).__name__) from exc


def _read(http: httpx.Client, request: httpx.Request, call: Call) -> Reply:
    response = http.send(request, stream=True)
    try:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                raise unreadable(call, f"over {MAX_REPLY_BYTES} bytes", status=response.status_code)
        return Reply(response.status_code, _retry_after_s(response.headers), bytes(body))
    finally:
        response.close()


def _retry_after_s(headers: httpx.Headers) -> float | None:
    # The form with a date is not known from any marketplace.
    value = headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


def no_answer(call: Call, name: str, detail: str) -> MarketplaceError:
    """The error for a request that may have been carried out and was not answered."""
    if call is Call.SAFE:
        return TransientError(FailureClass.OUTAGE, name, detail)
    return OutcomeUnknown(FailureClass.OUTAGE, name, detail)


def unreadable(call: Call, detail: str, *, status: int = 200) -> MarketplaceError:
    """The error for a request that was answered with something unreadable.

    A status of 400 to 499 says itself that the request was not carried out (except 408, which a
    middleman may give after passing the request on).
    """
    refused = 400 <= status < 500 and status != 408
    kind = MalformedReply if call is Call.SAFE or refused else OutcomeUnknown
    return kind(FailureClass.OUTAGE, "malformed_reply", detail)


def without_envelope(reply: Reply, call: Call, marketplace: str) -> MarketplaceError:
    """The error for a reply that is not the marketplace's JSON: a middleman's, or a broken one."""
    if reply.status == 429:
        return RateLimited(FailureClass.RATE_LIMIT, "http_429", retry_after_s=reply.retry_after_s)
    detail = f"HTTP {reply.status}: the reply is not {marketplace}'s JSON envelope"
    return unreadable(call, detail, status=reply.status)


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, or None. Integers of any size stay exact."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # RecursionError: a body of brackets alone
        return None
    return value if isinstance(value, dict) else None
