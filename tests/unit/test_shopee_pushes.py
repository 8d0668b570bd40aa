"""What Shopee's calls to us say (marketplace-apis 1.6)."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from cloud.marketplaces.errors import MalformedPush
from cloud.marketplaces.interface import KeepsLostPushes
from cloud.marketplaces.pushes import (
    AuthorizationExpiring,
    AuthorizationRevoked,
    ChatMessageCame,
    OrdersChanged,
    Push,
    PushEvent,
    ShopAuthorized,
    SomethingElse,
    TrackingNumberIssued,
    Verification,
)
from tests.support.shopee_answers import APP, shopee

AT_S = 1700000000
CONTENT = {
    "message_id": "2210000000000000001",
    "conversation_id": 9007199254740995,
    "from_id": 900000001,
    "to_id": 11,
    "from_shop_id": 0,
    "to_shop_id": 22000001,
    "content": {"text": "where is it?"},
}


def body(code: object, data: object, **changes: object) -> bytes:
    envelope = {"code": code, "shop_id": 22000001, "timestamp": AT_S, "data": data, **changes}
    return json.dumps(envelope).encode()


def read(raw: bytes) -> Push:
    return shopee(lambda _: httpx.Response(500)).read_push(raw)


EVENTS: list[tuple[object, object, PushEvent]] = [
    (0, {"verify_info": "This is a Verification message."}, Verification()),
    (1, {"shop_id": 22000001, "success": 1}, ShopAuthorized()),
    (2, {"shop_id": 22000001, "success": 1}, AuthorizationRevoked()),
    (
        3,
        {"ordersn": "231115ABCDEF12", "status": "READY_TO_SHIP"},
        OrdersChanged(("231115ABCDEF12",)),
    ),
    (
        4,
        {"ordersn": "231115ABCDEF12", "package_number": "OFG1", "tracking_no": "SPX1"},
        TrackingNumberIssued("231115ABCDEF12", "OFG1", "SPX1"),
    ),
    (
        4,
        {"ordersn": "231115ABCDEF12", "tracking_number": "SPX1"},
        TrackingNumberIssued("231115ABCDEF12", "", "SPX1"),
    ),
    (4, {"ordersn": "231115ABCDEF12"}, OrdersChanged(("231115ABCDEF12",))),
    (
        10,
        {"type": "message", "content": CONTENT},
        ChatMessageCame("9007199254740995", "2210000000000000001", "900000001", is_by_buyer=True),
    ),
    (
        10,
        {
            "type": "message",
            "content": CONTENT | {"from_id": 11, "to_id": 5, "from_shop_id": 22000001},
        },
        ChatMessageCame("9007199254740995", "2210000000000000001", "5", is_by_buyer=False),
    ),
    (10, {"type": "notification", "content": {}}, SomethingElse("10")),
    (
        12,
        {"expire_before": AT_S},
        AuthorizationExpiring(datetime.fromtimestamp(AT_S, UTC)),
    ),
    (12, {}, AuthorizationExpiring(None)),
    (28, {"action_type": 1}, SomethingElse("28")),
    (77, ["of a kind to come"], SomethingElse("77")),
]


@pytest.mark.parametrize(("code", "data", "event"), EVENTS)
@pytest.mark.parametrize("as_text", [False, True])
def test_each_kind_says_what_happened(
    code: object, data: object, event: PushEvent, as_text: bool
) -> None:
    """Code and shop come as numbers or as text."""
    raw = body(str(code), data, shop_id="22000001") if as_text else body(code, data)
    push = read(raw)
    assert push.event == event
    assert push.told_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert push.shop_ids == ("22000001",)


def test_an_authorization_may_be_that_of_several_shops() -> None:
    raw = body(12, {"shop_expire_soon": [22000001, 22000002]}, shop_id=0)
    assert read(raw).shop_ids == ("22000001", "22000002")


def test_the_same_push_has_the_same_key_however_it_is_written() -> None:
    """A lost one comes with its data as text."""
    data = {"ordersn": "231115ABCDEF12", "status": "SHIPPED"}
    key = read(body(3, data)).key
    assert read(body("3", dict(reversed(data.items())), shop_id="22000001")).key == key
    assert read(body(3, json.dumps(data))).key == key
    assert read(body(3, data | {"status": "COMPLETED"})).key != key
    assert read(body(3, data, timestamp=AT_S + 1)).key != key
    assert read(body(3, data, shop_id=22000002)).key != key


MALFORMED: list[bytes] = [
    b"",
    b"<html>",
    b"[1]",
    b'"text"',
    b"\xff\xfe",
    body(None, {}),
    body(3, {}),
    body(3, {"ordersn": ""}),
    body(3, {"ordersn": ["231115ABCDEF12"]}),
    body(3, {"ordersn": "x" * 41}),
    body(3, {"ordersn": "a\x00b"}),
    body(3, {"ordersn": "\ud800"}),
    body(3, "no JSON"),
    body(4, {"package_number": "OFG1", "tracking_no": "SPX1"}),
    body(10, {"type": "message", "content": {}}),
    body(10, {"type": "message", "content": "text"}),
    body(12, {"expire_before": "soon"}),
    body(3, {"ordersn": "231115ABCDEF12"}, timestamp=None),
    body(3, {"ordersn": "231115ABCDEF12"}, timestamp=1700000000000),
    body(3, {"ordersn": "231115ABCDEF12"}, shop_id=True),
    b"[" * 100_000,
    b'{"code":3,"timestamp":1700000000,"data":' + b'{"a":' * 900 + b"1" + b"}" * 901,
]


@pytest.mark.parametrize("raw", MALFORMED)
def test_what_is_no_push_is_refused_by_name(raw: bytes) -> None:
    with pytest.raises(MalformedPush) as caught:
        read(raw)
    assert caught.value.name == "malformed_push"
    assert caught.value.detail


def test_a_refusal_shows_no_value() -> None:
    with pytest.raises(MalformedPush) as caught:
        read(body(3, {"ordersn": "aisyah" * 20}))
    assert "aisyah" not in str(caught.value)


def answers(**replies: Any) -> tuple[KeepsLostPushes, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"error": "", "message": "", **replies})

    made = shopee(reply)
    assert isinstance(made, KeepsLostPushes)
    return made, asked


def test_lost_pushes_are_read_like_others_and_confirmed_by_their_last_id() -> None:
    data = {"ordersn": "231115ABCDEF12", "status": "SHIPPED"}
    lost = {"code": 3, "shop_id": 22000001, "timestamp": AT_S, "data": json.dumps(data)}
    page = {"push_message_list": [lost], "has_next_page": True, "last_message_id": 7}
    made, asked = answers(response=page)
    found = made.lost_pushes(APP)
    assert (found.last_id, found.has_more) == ("7", True)
    assert read(found.raw_bodies[0]) == read(body(3, data))
    made.confirm_lost_pushes(APP, found.last_id)
    assert [request.url.path.rpartition("/")[2] for request in asked] == [
        "get_lost_push_message",
        "confirm_consumed_lost_push_message",
    ]
    assert json.loads(asked[1].content) == {"last_message_id": 7}
    assert all({"partner_id", "timestamp", "sign"} == set(one.url.params) for one in asked)


def test_nothing_lost_has_no_last_id() -> None:
    made, _ = answers(response={"push_message_list": None, "last_message_id": 0})
    found = made.lost_pushes(APP)
    assert (found.raw_bodies, found.last_id, found.has_more) == ((), "", False)
