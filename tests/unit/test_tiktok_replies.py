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
from cloud.marketplaces.exchange import MAX_REPLY_BYTES
from cloud.marketplaces.http_clients import keep_queries_out_of_logs
from cloud.marketplaces.tiktok.adapter import TikTok
from tests.support.tiktok_answers import (
    ACCESS,
    APP,
    CONVERSATION,
    TEXT,
    Answer,
    refusal,
    success,
    tiktok,
)

HTML = b"<html><body>Bad gateway</body></html>"

Ask = Callable[[TikTok], object]


def send(adapter: TikTok) -> object:
    return adapter.send(ACCESS, TEXT, deadline_s=5)


def read(adapter: TikTok) -> object:
    return adapter.messages(ACCESS, CONVERSATION)


def refresh(adapter: TikTok) -> object:
    return adapter.refresh(APP, shop_id="1", refresh_token="r")


def failing(error: type[httpx.RequestError]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    return answer


def answering(status: int, content: bytes, **headers: str) -> Answer:
    return lambda _: httpx.Response(status, content=content, headers=headers)


def caught_from(ask: Ask, answer: Answer) -> MarketplaceError:
    with pytest.raises(MarketplaceError) as caught:
        ask(tiktok(answer))
    return caught.value


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
@pytest.mark.parametrize("ask", [send, read, refresh])
def test_without_a_connection_nothing_was_sent(ask: Ask, error: type[httpx.RequestError]) -> None:
    assert type(caught_from(ask, failing(error))) is NotConnected


@pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.WriteError, httpx.RemoteProtocolError])
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
    b'{"message": "no code"}',
    b'{"code": null, "data": {"message_id": "5"}}',
    b'{"code": "0", "data": {"message_id": "5"}}',
    b'{"code": false, "data": {"message_id": "5"}}',
    b'{"code": 0.0, "data": {"message_id": "5"}}',
    b'{"code": 0, "data": {"message_id": ' + b"9" * 5000 + b"}}",
]


@pytest.mark.parametrize("content", UNREADABLE, ids=range(len(UNREADABLE)))
@pytest.mark.parametrize("status", [200, 302, 408, 500, 502, 503])
def test_an_unreadable_reply_leaves_a_send_unknown(status: int, content: bytes) -> None:
    assert type(caught_from(send, answering(status, content))) is OutcomeUnknown
    assert type(caught_from(read, answering(status, content))) is MalformedReply


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_a_client_error_status_without_json_says_that_nothing_was_sent(status: int) -> None:
    assert type(caught_from(send, answering(status, HTML))) is MalformedReply


@pytest.mark.parametrize("content", [HTML, json.dumps(refusal(36009002)).encode()])
def test_a_rate_limit_keeps_the_wait_it_asks_for(content: bytes) -> None:
    caught = caught_from(send, answering(429, content, **{"retry-after": "17"}))
    assert (type(caught), caught.retry_after_s) == (RateLimited, 17.0)


@pytest.mark.parametrize("status", [200, 400, 401, 500, 503])
@pytest.mark.parametrize(
    ("code", "on_send", "on_read"),
    [
        (36009003, OutcomeUnknown, TransientError),
        (45109001, PermanentError, PermanentError),
        (36009002, RateLimited, RateLimited),
    ],
)
def test_a_documented_code_decides_on_any_status(
    code: int, on_send: type[MarketplaceError], on_read: type[MarketplaceError], status: int
) -> None:
    answer = answering(status, json.dumps(refusal(code)).encode())
    assert type(caught_from(send, answer)) is on_send
    assert type(caught_from(read, answer)) is on_read


@pytest.mark.parametrize("status", [200, 400, 500])
def test_code_0_is_a_success_on_any_status(status: int) -> None:
    answer = answering(status, json.dumps(success({"message_id": 5})).encode())
    assert tiktok(answer).send(ACCESS, TEXT, deadline_s=5).message_id == "5"


def test_a_reply_without_end_is_cut_off() -> None:
    caught = caught_from(send, answering(200, b" " * (MAX_REPLY_BYTES + 1)))
    assert type(caught) is OutcomeUnknown


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": [{"create_time": 1_700_000_000, "index": 1}]}, "messages.0.id"),
        ({"messages": [{"id": True}]}, "messages.0.id"),
        ({"messages": [{"id": "1", "create_time": 1_700_000_000_000}]}, "create_time"),
        ({"messages": [{"id": "1", "create_time": 1_700_000_000}]}, "index"),
        ({"messages": [{"id": "1", "create_time": 1_700_000_000, "index": "x"}]}, "index"),
        ({"messages": [{"id": "1", "create_time": 1_700_000_000, "index": 1}]}, "sender"),
        (
            {"messages": [{"id": "1", "create_time": 1_700_000_000, "index": 1, "sender": {}}]},
            "sender.role",
        ),
        (None, "response"),
    ],
)
def test_a_wrong_field_is_named(data: Any, where: str) -> None:
    caught = caught_from(read, lambda _: httpx.Response(200, json=success(data)))
    assert type(caught) is MalformedReply
    assert where in caught.detail


def test_an_error_holds_neither_secrets_nor_the_values_of_a_reply() -> None:
    echo = refusal(36009004, f"token={ACCESS.access_token} key={APP.app_secret}\x1b[31m\n")
    shown = caught_from(send, lambda _: httpx.Response(200, json=echo))
    assert shown.detail == "token=*** key=*** [31m "

    reply = success({"access_token": "t0ps3cret"})
    hidden = caught_from(refresh, lambda _: httpx.Response(200, json=reply))
    assert "t0ps3cret" not in repr(hidden)
    assert hidden.__suppress_context__


def test_the_secret_in_the_address_of_a_token_call_stays_out_of_logs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """TikTok Shop wants the app's secret in the query (marketplace-apis 3.2)."""
    keep_queries_out_of_logs()
    with caplog.at_level("DEBUG"):
        caught_from(refresh, lambda _: httpx.Response(200, json=refusal(36004005)))
    assert "/api/v2/token/refresh" in caplog.text
    assert APP.app_secret not in caplog.text
