"""Replies that are no replies: what cannot be read has a name, and never passes for a success."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.marketplaces.errors import (
    MalformedReply,
    MarketplaceError,
    NotConnected,
    OutcomeUnknown,
    RateLimited,
    TransientError,
)
from cloud.marketplaces.lazada.adapter import Lazada
from cloud.marketplaces.lazada.capabilities import base_url_for, capabilities, hosts_of
from tests.support.lazada_answers import (
    ACCESS,
    APP,
    NOW,
    ORDER,
    SESSION,
    TEXT,
    Answer,
    documented,
    lazada,
    refusal,
    seconds_after,
)

HTML = b"<html><body>Bad gateway</body></html>"

Ask = Callable[[Lazada], object]


def send(adapter: Lazada) -> object:
    return adapter.send(ACCESS, TEXT, deadline_s=5)


def read(adapter: Lazada) -> object:
    return adapter.messages(ACCESS, SESSION)


def refresh(adapter: Lazada) -> object:
    return adapter.refresh(APP, shop_id="100000001", refresh_token="r")


def answering(status: int, content: bytes, **headers: str) -> Answer:
    return lambda _: httpx.Response(status, content=content, headers=headers)


def caught_from(ask: Ask, answer: Answer) -> MarketplaceError:
    with pytest.raises(MarketplaceError) as caught:
        ask(lazada(answer))
    return caught.value


@pytest.mark.parametrize(
    ("error", "on_send", "on_read"),
    [
        (httpx.ConnectError, NotConnected, NotConnected),
        (httpx.ReadTimeout, OutcomeUnknown, TransientError),
        (httpx.ReadError, OutcomeUnknown, TransientError),
        (httpx.RemoteProtocolError, OutcomeUnknown, TransientError),
    ],
)
def test_silence_is_unknown_on_a_send_and_repeatable_on_a_read(
    error: type[httpx.RequestError],
    on_send: type[MarketplaceError],
    on_read: type[MarketplaceError],
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    assert type(caught_from(send, answer)) is on_send
    assert type(caught_from(read, answer)) is on_read


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
    b'{"code": null}',
    b'{"code": ""}',
    b'{"code": true, "data": {"message_id": "5"}}',
    b'{"code": "0", "data": {"message_id": ' + b"9" * 5000 + b"}}",
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


@pytest.mark.parametrize("code", ["0", 0])
def test_success_may_be_written_as_text_or_as_a_number(code: object) -> None:
    reply = {"code": code, "err_code": code, "success": True, "data": {"message_id": "5"}}
    adapter = lazada(lambda _: httpx.Response(200, json=reply))
    assert adapter.send(ACCESS, TEXT, deadline_s=5).message_id == "5"


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"message_list": []}, "has_more"),
        ({"has_more": "no", "message_list": []}, "has_more"),
        ({"has_more": False, "message_list": {}}, "message_list"),
        ({"has_more": False, "message_list": [{"message_id": True}]}, "message_id"),
        ({"has_more": False, "message_list": [{"message_id": "1"}]}, "content"),
        (None, "response"),
    ],
)
def test_a_wrong_field_is_named(data: Any, where: str) -> None:
    caught = caught_from(read, lambda _: httpx.Response(200, json={"code": "0", "data": data}))
    assert type(caught) is MalformedReply
    assert where in caught.detail


def test_an_error_holds_neither_secrets_nor_the_values_of_a_reply() -> None:
    echo = refusal(
        "InvalidParameter", f"token={ACCESS.access_token} key={APP.app_secret}\x1b[31m\n"
    )
    shown = caught_from(send, lambda _: httpx.Response(200, json=echo))
    assert shown.detail == "token=*** key=*** [31m "

    reply = {"code": "0", "access_token": "t0ps3cret"}
    hidden = caught_from(refresh, lambda _: httpx.Response(200, json=reply))
    assert type(hidden) is OutcomeUnknown
    assert "t0ps3cret" not in repr(hidden)
    assert hidden.__suppress_context__


ASKS: dict[str, Ask] = {
    "token_create": lambda adapter: adapter.exchange_code(APP, {"code": "c"}),
    "token_refresh": refresh,
    "order_get": lambda adapter: adapter.order(ACCESS, ORDER),
    "orders_get": lambda adapter: adapter.orders(ACCESS, since=seconds_after(-9), until=NOW),
    "order_items_get": lambda adapter: adapter.tracking_number(ACCESS, order_number=ORDER),
    "session_open": lambda adapter: adapter.open_conversation(
        ACCESS, order_number=ORDER, buyer_id="1"
    ),
    "session_list": lambda adapter: adapter.conversations(ACCESS),
    "message_list": read,
    "message_send": send,
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def places_in(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Where something stands in a reply, at all depths."""
    children: list[tuple[object, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    if isinstance(value, list):
        children = list(enumerate(value))
    return [
        place
        for key, child in children
        for place in [(*path, key), *places_in(child, (*path, key))]
    ]


@pytest.mark.parametrize("name", ASKS)
@given(data=st.data())
def test_whatever_a_reply_holds_it_is_read_or_named(name: str, data: st.DataObject) -> None:
    """Any field may be missing or be something else; nothing but our own errors comes of it."""
    reply = documented(name)
    *path, last = data.draw(st.sampled_from(places_in(reply)))
    parent: Any = reply
    for step in path:
        parent = parent[step]
    if data.draw(st.booleans()):
        parent[last] = data.draw(ANYTHING)
    else:
        del parent[last]
    status = data.draw(st.sampled_from([200, 200, 400, 502]))
    adapter = lazada(answering(status, json.dumps(reply).encode()))
    with suppress(MarketplaceError):
        ASKS[name](adapter)


@pytest.mark.parametrize(
    ("country", "host"),
    [
        ("SG", "api.lazada.sg"),
        ("TH", "api.lazada.co.th"),
        ("my", "api.lazada.com.my"),
        ("VN", "api.lazada.vn"),
        ("PH", "api.lazada.com.ph"),
        ("ID", "api.lazada.co.id"),
    ],
)
def test_each_country_has_its_host_and_all_have_one_for_tokens(country: str, host: str) -> None:
    hosts = hosts_of(base_url_for(country))
    assert hosts.api == f"https://{host}/rest"
    assert hosts.tokens == "https://auth.lazada.com/rest"
    assert hosts.authorize == "https://auth.lazada.com/oauth/authorize"
    abilities = capabilities(country)
    assert abilities.can_send_chat
    assert (abilities.unanswered_limit, abilities.image_formats) == (5, ("jpeg", "png"))


def test_a_country_without_lazada_cannot_send_and_says_so() -> None:
    assert not capabilities("TW").can_send_chat
    assert capabilities("TW").reason


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://127.0.0.1:8000/rest"])
def test_a_sandbox_has_everything_at_one_address(address: str) -> None:
    hosts = hosts_of(address)
    assert (hosts.api, hosts.tokens) == ("http://127.0.0.1:8000/rest",) * 2
    assert hosts.authorize == "http://127.0.0.1:8000/oauth/authorize"
