"""Replies that are no replies: what cannot be read has a name, and never passes for a success."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cloud.marketplaces.errors import (
    FailureClass,
    MalformedReply,
    MarketplaceError,
    NotConnected,
    OutcomeUnknown,
    PermanentError,
    RateLimited,
    TransientError,
)
from cloud.marketplaces.exchange import MAX_REPLY_BYTES, checked_base_url
from cloud.marketplaces.shopee.adapter import Shopee
from tests.support.shopee_answers import ACCESS, APP, TEXT, Answer, refusal, shopee

HTML = b"<html><body>Bad gateway</body></html>"

Ask = Callable[[Shopee], object]


def send(adapter: Shopee) -> object:
    return adapter.send(ACCESS, TEXT, deadline_s=5)


def read(adapter: Shopee) -> object:
    return adapter.messages(ACCESS, "77000001")


def refresh(adapter: Shopee) -> object:
    return adapter.refresh(APP, shop_id="22000001", refresh_token="r")


def failing(error: type[httpx.RequestError]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    return answer


def answering(status: int, content: bytes, **headers: str) -> Answer:
    return lambda _: httpx.Response(status, content=content, headers=headers)


def caught_from(ask: Ask, answer: Answer) -> MarketplaceError:
    with pytest.raises(MarketplaceError) as caught:
        ask(shopee(answer))
    return caught.value


NEVER_SENT = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError]
PERHAPS_SENT = [
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.DecodingError,
]


@pytest.mark.parametrize("error", NEVER_SENT)
@pytest.mark.parametrize("ask", [send, read, refresh])
def test_without_a_connection_nothing_was_sent(ask: Ask, error: type[httpx.RequestError]) -> None:
    assert type(caught_from(ask, failing(error))) is NotConnected


@pytest.mark.parametrize("error", PERHAPS_SENT)
@pytest.mark.parametrize(
    ("ask", "kind"), [(send, OutcomeUnknown), (refresh, OutcomeUnknown), (read, TransientError)]
)
def test_once_writing_began_only_a_read_is_known_to_have_changed_nothing(
    ask: Ask, kind: type[MarketplaceError], error: type[httpx.RequestError]
) -> None:
    caught = caught_from(ask, failing(error))
    assert (type(caught), caught.failure) == (kind, FailureClass.OUTAGE)


UNREADABLE = [
    HTML,
    b"",
    b"null",
    b"[]",
    b'"ok"',
    b"{",
    b"[" * 100_000,
    b"\xff\xfe",
    b'{"message": "no error field"}',
    b'{"error": null}',
    b'{"error": 0, "response": {"message_id": "5"}}',
    b'{"error": "", "response": {"message_id": ' + b"9" * 5000 + b"}}",
]


@pytest.mark.parametrize("content", UNREADABLE, ids=range(len(UNREADABLE)))
@pytest.mark.parametrize("status", [200, 302, 408, 500, 502, 504])
def test_an_unreadable_reply_leaves_a_send_unknown(status: int, content: bytes) -> None:
    assert type(caught_from(send, answering(status, content))) is OutcomeUnknown
    assert type(caught_from(read, answering(status, content))) is MalformedReply


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_a_client_error_status_without_json_says_that_nothing_was_sent(status: int) -> None:
    assert type(caught_from(send, answering(status, HTML))) is MalformedReply


def test_a_rate_limit_of_a_gateway_keeps_the_wait_it_asks_for() -> None:
    caught = caught_from(send, answering(429, HTML, **{"retry-after": "17"}))
    assert (type(caught), caught.retry_after_s) == (RateLimited, 17.0)


@pytest.mark.parametrize("value", ["", "soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wait_that_is_not_in_seconds_is_left_to_the_caller(value: str) -> None:
    assert caught_from(send, answering(429, HTML, **{"retry-after": value})).retry_after_s is None


def test_status_491_means_that_the_app_may_not_chat() -> None:
    caught = caught_from(send, answering(491, b""))
    assert (type(caught), caught.failure) == (PermanentError, FailureClass.CHANNEL_CANNOT_SEND)


@pytest.mark.parametrize("status", [200, 400, 403, 500, 503])
@pytest.mark.parametrize(
    ("name", "on_send", "on_read"),
    [
        ("error_server", OutcomeUnknown, TransientError),
        ("user_is_forbidden", PermanentError, PermanentError),
        ("error_rate_limit", RateLimited, RateLimited),
    ],
)
def test_the_error_name_decides_on_any_status(
    name: str, on_send: type[MarketplaceError], on_read: type[MarketplaceError], status: int
) -> None:
    answer = answering(status, json.dumps(refusal(name)).encode())
    assert type(caught_from(send, answer)) is on_send
    assert type(caught_from(read, answer)) is on_read


@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_empty_error_is_a_success_on_any_status(status: int) -> None:
    reply = {"error": "", "response": {"message_id": 5}}
    answer = answering(status, json.dumps(reply).encode())
    assert shopee(answer).send(ACCESS, TEXT, deadline_s=5).message_id == "5"


def test_a_reply_without_end_is_cut_off() -> None:
    caught = caught_from(send, answering(200, b" " * (MAX_REPLY_BYTES + 1)))
    assert type(caught) is OutcomeUnknown


def test_a_request_whose_time_is_over_is_not_begun() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        pytest.fail("asked")

    with pytest.raises(NotConnected, match="deadline_passed"):
        shopee(answer).send(ACCESS, TEXT, deadline_s=0)


@pytest.mark.parametrize(
    ("response", "where"),
    [
        ({"messages": [], "page_result": None}, "page_result"),
        ({"page_result": {}}, "messages"),
        ({"messages": {}, "page_result": {}}, "messages"),
        ({"messages": [{"created_timestamp": 1_700_000_000}], "page_result": {}}, "message_id"),
        ({"messages": [{"message_id": True}], "page_result": {}}, "message_id"),
        (None, "response"),
    ],
)
def test_a_wrong_field_is_named(response: Any, where: str) -> None:
    caught = caught_from(
        read, lambda _: httpx.Response(200, json={"error": "", "response": response})
    )
    assert type(caught) is MalformedReply
    assert where in caught.detail


def test_an_error_holds_neither_secrets_nor_the_values_of_a_reply() -> None:
    echo = refusal("error_param", f"token={ACCESS.access_token} key={APP.app_secret}\x1b[31m\n")
    shown = caught_from(send, lambda _: httpx.Response(200, json=echo))
    assert shown.detail == "token=*** key=*** [31m "

    reply = {"error": "", "response": {"access_token": "t0ps3cret"}}
    hidden = caught_from(refresh, lambda _: httpx.Response(200, json=reply))
    assert "t0ps3cret" not in repr(hidden)
    assert hidden.__suppress_context__


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8080", "http://[::1]:1", "http://localhost", "https://shopee.test/"],
)
def test_tokens_travel_encrypted_or_stay_on_this_machine(address: str) -> None:
    assert checked_base_url(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address", ["http://shopee.test", "ftp://127.0.0.1", "shopee.test", "http://10.0.0.1", ""]
)
def test_an_address_that_would_show_tokens_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        checked_base_url(address)
