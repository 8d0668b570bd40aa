"""Whatever TikTok Shop answers, a call ends in a named error or in what the reply says."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.marketplaces.chats import SentMessage
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.tiktok.adapter import TikTok
from tests.support.tiktok_answers import (
    ACCESS,
    APP,
    BUYER,
    NOW,
    ORDER,
    TEXT,
    documented,
    tiktok,
)

Ask = Callable[[TikTok], object]

CALLS: dict[str, Ask] = {
    "token_get": lambda one: one.exchange_code(APP, {"code": "c0de"}),
    "token_refresh": lambda one: one.refresh(APP, shop_id="1", refresh_token="r"),
    "shops": lambda one: one.exchange_code(APP, {"code": "c0de"}),
    "shops_again": lambda one: one.shop_facts(ACCESS),
    "orders": lambda one: one.order(ACCESS, ORDER),
    "orders_search": lambda one: one.orders(ACCESS, since=NOW - timedelta(days=1), until=NOW),
    "package": lambda one: one.tracking_number(ACCESS, order_number=ORDER, parcel_number="P9"),
    "conversation_created": lambda one: one.open_conversation(
        ACCESS, order_number=ORDER, buyer_id=BUYER
    ),
    "conversations": lambda one: one.find_conversation(ACCESS, buyer_id="another"),
    "messages": lambda one: one.read_back(ACCESS, TEXT, since=NOW),
    "image_upload": lambda one: one.upload_image(ACCESS, b"jpeg"),
    "message_sent": lambda one: one.send(ACCESS, TEXT, deadline_s=5),
}
# Which reply comes before the one that a call of two requests is about.
BEFORE = {"shops": "token_get", "package": "orders"}

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**30), max_value=10**30),
    st.floats(),
    st.text(),
    st.sampled_from(["", "0", "[", "{}", "https://[/", "\ud83d", "9" * 400, "null"]),
    st.lists(st.none() | st.integers() | st.text(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a reply, the whole of it included."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_reply_with_anything_in_any_place_ends_in_a_name(name: str, data: st.DataObject) -> None:
    reply = documented(name.removesuffix("_again"))
    odd = changed(reply, data.draw(st.sampled_from(places(reply))), data.draw(ODD))
    replies = [documented(BEFORE[name])] if name in BEFORE else []

    def answer(request: httpx.Request) -> httpx.Response:
        value = replies.pop(0) if replies else odd
        return httpx.Response(200, content=json.dumps(value).encode())

    outcome: object = None
    with suppress(MarketplaceError):
        outcome = CALLS[name](tiktok(answer))
    assert not isinstance(outcome, SentMessage) or outcome.message_id


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=40), status=st.integers(min_value=200, max_value=599))
def test_a_reply_that_is_noise_ends_in_a_name(name: str, content: bytes, status: int) -> None:
    with pytest.raises(MarketplaceError):
        CALLS[name](tiktok(lambda _: httpx.Response(status, content=content)))
