"""Whatever comes as a push is understood or refused by name, and nothing else happens."""

import json
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.marketplaces.errors import MalformedPush
from cloud.marketplaces.lazada.pushes import LazadaPushes
from cloud.marketplaces.pushes import (
    ChatMessageCame,
    OrdersChanged,
    Push,
    SomethingElse,
    TrackingNumberIssued,
)
from cloud.marketplaces.tiktok.pushes import TikTokPushes
from tests.support.corner_market.pushes import CornerPushes
from tests.support.shopee_answers import shopee

READERS: dict[str, Callable[[bytes], Push]] = {
    "shopee": shopee(lambda _: httpx.Response(500)).read_push,
    "lazada": LazadaPushes().read_push,
    "tiktok": TikTokPushes().read_push,
    "corner": CornerPushes().read_push,
}
KINDS = [0, 1, 2, "3", 4, 6, 7, 8, 10, 11, 12, 13, 14, 19, 99]
NAMES = [
    *("ordersn", "package_number", "tracking_no", "type", "content", "message_id", "shop_id"),
    *("order_id", "package_list", "conversation_id", "sender", "expiration_time"),
    *("trade_order_id", "session_id", "from_account_type", "auth_expiry_time"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
DATA = JSON | st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6)
TIMES = st.just(1700000000) | st.just("1700000000") | JSON
PUSHES = st.fixed_dictionaries(
    {
        "timestamp": TIMES,
        "data": DATA | DATA.map(json.dumps),
    },
    optional={
        "code": st.sampled_from(KINDS) | JSON,
        "type": st.sampled_from(KINDS) | JSON,
        "message_type": st.sampled_from(KINDS) | JSON,
        "shop_id": st.integers() | JSON,
        "seller_id": st.integers() | JSON,
        "tts_notification_id": st.integers() | JSON,
        "site": st.just("lazada_my") | JSON,
    },
)
BODIES = st.binary(max_size=200) | (JSON | PUSHES).map(lambda one: json.dumps(one).encode())


@pytest.mark.parametrize("channel", READERS)
@settings(max_examples=1000, deadline=None)
@given(raw=BODIES)
def test_no_body_crashes_the_reading(channel: str, raw: bytes) -> None:
    try:
        push = READERS[channel](raw)
    except MalformedPush:
        return
    assert len(push.key) == 64
    assert push.told_at.tzinfo is not None
    for text in (*push.shop_ids, push.country, *_texts(push)):
        # What a database takes, and a line of the log shows.
        assert text.isprintable()
        assert len(text) <= 200


def _texts(push: Push) -> tuple[str, ...]:
    match push.event:
        case OrdersChanged(numbers):
            return numbers
        case TrackingNumberIssued(order, parcel, number):
            return order, parcel, number
        case ChatMessageCame(conversation, message, buyer):
            return conversation, message, buyer
        case SomethingElse(kind):
            return (kind,)
        case _:
            return ()
