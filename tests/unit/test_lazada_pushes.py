"""What Lazada's push messages say (marketplace-apis 2.6)."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from cloud.marketplaces.errors import MalformedPush
from cloud.marketplaces.pushes import (
    AuthorizationExpiring,
    ChatMessageCame,
    OrdersChanged,
    Push,
    PushEvent,
    SomethingElse,
)
from tests.support.lazada_answers import lazada

AT_S = 1700000000
ORDER = "330011223344556"
SESSION = "100000001_2_100000099_1_103"
MESSAGE = {
    "message_id": "gABCD",
    "session_id": SESSION,
    "template_id": 1,
    "content": '{"txt":"hello"}',
    "from_account_type": 1,
    "from_account_id": 100000099,
    "to_account_type": 2,
    "to_account_id": "100000001",
    "send_time": 1700000000123,
    "status": 0,
}


def body(kind: object, data: object, **changes: object) -> bytes:
    envelope = {
        "seller_id": "100000001",
        "message_type": kind,
        "data": data,
        "timestamp": AT_S,
        "site": "lazada_my",
        **changes,
    }
    return json.dumps(envelope).encode()


def read(raw: bytes) -> Push:
    return lazada(lambda _: httpx.Response(500)).read_push(raw)


EXPIRY = datetime.fromtimestamp(AT_S, UTC)
EVENTS: list[tuple[object, object, PushEvent]] = [
    (0, {"order_status": "pending", "trade_order_id": ORDER}, OrdersChanged((ORDER,))),
    ("0", {"order_status": "canceled", "trade_order_id": int(ORDER)}, OrdersChanged((ORDER,))),
    (2, MESSAGE, ChatMessageCame(SESSION, "gABCD", "100000099", is_by_buyer=True)),
    (
        2,
        MESSAGE
        | {"from_account_type": 2, "from_account_id": 100000001, "to_account_id": 100000099},
        ChatMessageCame(SESSION, "gABCD", "100000099", is_by_buyer=False),
    ),
    (8, {"app_key": "1", "auth_expiry_time": AT_S}, AuthorizationExpiring(EXPIRY)),
    (8, {"app_key": "1", "auth_expiry_time": AT_S * 1000}, AuthorizationExpiring(EXPIRY)),
    (8, {}, AuthorizationExpiring(None)),
    (13, {"status": "INACTIVE"}, SomethingElse("13")),
    (19, {"sync_type": "SESSION_UPDATE", "session_id": SESSION}, SomethingElse("19")),
    (99, None, SomethingElse("99")),
]


@pytest.mark.parametrize(("kind", "data", "event"), EVENTS)
def test_each_kind_says_what_happened(kind: object, data: object, event: PushEvent) -> None:
    push = read(body(kind, data))
    assert push.event == event
    assert (push.told_at, push.shop_ids, push.country) == (EXPIRY, ("100000001",), "MY")


@pytest.mark.parametrize("site", ["", "daraz_pk", "lazada_", "lazada_mys", None])
def test_an_unknown_site_is_no_country(site: str | None) -> None:
    assert read(body(0, {"trade_order_id": ORDER}, site=site)).country == ""


def test_the_same_content_is_the_same_push() -> None:
    key = read(body(2, MESSAGE)).key
    assert read(body("2", dict(reversed(MESSAGE.items())))).key == key
    assert read(body(2, MESSAGE | {"status": 1})).key != key
    assert read(body(2, MESSAGE, site="lazada_sg")).key != key


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        body(None, {}),
        body(0, {}),
        body(0, {"trade_order_id": 0}),
        body(0, {"trade_order_id": ORDER}, timestamp="today"),
        body(2, {"message_id": "g"}),
        body(8, {"auth_expiry_time": 17}),
    ],
)
def test_what_is_no_push_is_refused_by_name(raw: bytes) -> None:
    with pytest.raises(MalformedPush):
        read(raw)
