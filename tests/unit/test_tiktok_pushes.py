"""What TikTok Shop's webhooks say (marketplace-apis 3.6)."""

import json
from datetime import UTC, datetime

import pytest

from cloud.marketplaces.errors import MalformedPush
from cloud.marketplaces.pushes import (
    AuthorizationExpiring,
    AuthorizationRevoked,
    ChatMessageCame,
    OrdersChanged,
    Push,
    PushEvent,
    ReturnsChanged,
    SomethingElse,
)
from tests.support.tiktok_answers import tiktok

AT_S = 1700000000
ORDER = "576461413038785752"
MESSAGE = {
    "message_id": "7494560109732334096",
    "index": "1",
    "conversation_id": "7494560109732334095",
    "type": "TEXT",
    "content": '{"content":"hello"}',
    "create_time": AT_S,
    "is_visible": True,
    "sender": {"im_user_id": "7494560109732334000", "role": "BUYER"},
}


def body(kind: object, data: object, **changes: object) -> bytes:
    envelope = {
        "type": kind,
        "tts_notification_id": "7327112393057371910",
        "shop_id": "7494049642642441621",
        "timestamp": AT_S,
        "data": data,
        **changes,
    }
    return json.dumps(envelope).encode()


def read(raw: bytes) -> Push:
    def nobody(_request: object) -> None:
        raise AssertionError("reading a push asks nobody")

    return tiktok(nobody).read_push(raw)  # type: ignore[arg-type]  # it gives no answer


EVENTS: list[tuple[int, object, PushEvent]] = [
    (1, {"order_id": ORDER, "order_status": "CANCEL"}, OrdersChanged((ORDER,))),
    (3, {"order_id": ORDER}, OrdersChanged((ORDER,))),
    (4, {"order_id": ORDER}, OrdersChanged((ORDER,))),
    (
        4,
        {"package_list": [{"package_id": "1", "order_id_list": [ORDER, "2", ORDER]}]},
        OrdersChanged((ORDER, "2")),
    ),
    (4, {"package_list": None}, SomethingElse("4")),
    (6, {"message": "gone"}, AuthorizationRevoked()),
    (7, {"expiration_time": AT_S}, AuthorizationExpiring(datetime.fromtimestamp(AT_S, UTC))),
    (7, {}, AuthorizationExpiring(None)),
    (11, {"order_id": ORDER, "cancel_status": "SUCCESS"}, OrdersChanged((ORDER,))),
    (12, {"order_id": int(ORDER)}, ReturnsChanged((ORDER,))),
    (12, {"return_id": "9"}, SomethingElse("12")),
    (13, {"conversation_id": "7"}, SomethingElse("13")),
    (
        14,
        MESSAGE,
        ChatMessageCame("7494560109732334095", "7494560109732334096", "", is_by_buyer=True),
    ),
    (
        14,
        MESSAGE | {"sender": {"im_user_id": "1", "role": "CUSTOMER_SERVICE"}},
        ChatMessageCame("7494560109732334095", "7494560109732334096", "", is_by_buyer=False),
    ),
    (33, MESSAGE, SomethingElse("33")),
    (501, [], SomethingElse("501")),
]


@pytest.mark.parametrize(("kind", "data", "event"), EVENTS)
def test_each_kind_says_what_happened(kind: int, data: object, event: PushEvent) -> None:
    push = read(body(kind, data))
    assert push.event == event
    assert push.told_at == datetime.fromtimestamp(AT_S, UTC)
    assert push.shop_ids == ("7494049642642441621",)


def test_a_repeated_one_is_known_by_its_notification() -> None:
    key = read(body(1, {"order_id": ORDER})).key
    assert read(body(1, {"order_id": ORDER}, timestamp=AT_S + 120)).key == key
    assert read(body(1, {"order_id": ORDER}, tts_notification_id=7327112393057371910)).key == key
    assert read(body(1, {"order_id": ORDER}, tts_notification_id="7")).key != key


def test_without_a_notification_its_content_tells_it() -> None:
    def key(order: str, at_s: int = AT_S) -> str:
        return read(body(1, {"order_id": order}, tts_notification_id="", timestamp=at_s)).key

    assert key(ORDER) == key(ORDER)
    assert len({key(ORDER), key("2"), key(ORDER, AT_S + 1)}) == 3


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        body(None, {}),
        body(1, {}),
        body(1, {"order_id": "x" * 41}),
        body(1, {"order_id": ORDER}, timestamp=AT_S * 1000),
        body(4, {"package_list": [{"order_id_list": "1"}]}),
        body(7, {"expiration_time": "soon"}),
        body(14, {"message_id": "1"}),
        body(14, MESSAGE | {"sender": "buyer"}),
    ],
)
def test_what_is_no_push_is_refused_by_name(raw: bytes) -> None:
    with pytest.raises(MalformedPush):
        read(raw)
