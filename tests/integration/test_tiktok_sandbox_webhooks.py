"""What TikTok Shop's sandbox pushes to a real callback address (marketplace-apis 3.6)."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.control_client import MarketControl
from sandbox.tiktok import demo_seed
from tests.support.push_receiver import PushReceiver, Told, receiving
from tests.support.tiktok_caller import TikTokCaller, code_of, data_of
from tests.support.waiting import eventually

APP, SHOP = demo_seed.APP_KEY, demo_seed.SHOP_ID
BUYER, ORDER = demo_seed.buyer_id(3), demo_seed.FURTHER_ORDER_IDS[0]
DAY_S = 86_400
WEBHOOKS = "/event/202309/webhooks"


@pytest.fixture
def receiver(tiktok_control: MarketControl) -> Iterator[PushReceiver]:
    with receiving() as made:
        tiktok_control.push_endpoint(APP, made.url)
        yield made


def bodies(told: list[Told]) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in told]


def test_an_order_that_is_cancelled_has_another_word_here(
    tiktok_control: MarketControl, receiver: PushReceiver
) -> None:
    tiktok_control.call("PATCH", f"/orders/{ORDER}", {"status": "CANCELLED"})
    (told,) = receiver.first(1)
    body = json.loads(told.body)
    assert set(body) == {"type", "tts_notification_id", "shop_id", "timestamp", "data"}
    assert (body["type"], body["shop_id"]) == (1, SHOP)
    assert (body["data"]["order_id"], body["data"]["order_status"]) == (ORDER, "CANCEL")
    signed = hmac.new(demo_seed.APP_SECRET.encode(), APP.encode() + told.body, hashlib.sha256)
    assert told.authorization == signed.hexdigest()


def test_a_conversation_and_its_messages_are_told(
    tiktok_control: MarketControl, receiver: PushReceiver, tiktok: TikTokCaller
) -> None:
    chat = tiktok.open(BUYER)
    sent = data_of(tiktok.text(chat, "Packed."))["message_id"]
    written = tiktok_control.buyer_writes(SHOP, BUYER, "Thank you!")
    first, second, third = bodies(receiver.first(3))
    assert (first["type"], first["data"]["conversation_id"]) == (13, chat)
    messages = [(one["type"], one["data"]["message_id"]) for one in (second, third)]
    assert messages == [(14, sent), (14, written)]
    roles = [one["data"]["sender"]["role"] for one in (second, third)]
    assert roles == ["CUSTOMER_SERVICE", "BUYER"]
    assert json.loads(third["data"]["content"]) == {"content": "Thank you!"}
    ids = [one["tts_notification_id"] for one in (first, second, third)]
    assert len(set(ids)) == 3


def test_what_was_not_taken_comes_again_as_it_was(
    tiktok_control: MarketControl, receiver: PushReceiver
) -> None:
    receiver.status = 500
    tiktok_control.buyer_writes(SHOP, BUYER, "hello")
    for number, pause_s in enumerate((120, 1800, 3 * 3600, 12 * 3600), start=1):
        wait_for_attempts(tiktok_control, number)
        tiktok_control.advance(pause_s + 1)
    wait_for_attempts(tiktok_control, 5)
    assert {one["state"] for one in tiktok_control.pushes()} == {"lost"}
    told = receiver.told
    assert len(told) == 10, "the conversation, and its message"
    assert len({one.body for one in told}) == 2


def wait_for_attempts(control: MarketControl, number: int) -> None:
    """Until every push was tried so often, and that is written down."""
    assert eventually(
        lambda: [len(one["attempts"]) for one in control.pushes()] == [number, number]
    )


def test_an_app_says_itself_where_it_wants_which(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    with receiving() as receiver:
        tiktok_control.limits(webhooks_anywhere=True)
        asked = {"event_type": "ORDER_STATUS_CHANGE", "address": receiver.url}
        data_of(tiktok.call("PUT", WEBHOOKS, asked))
        assert data_of(tiktok.get(WEBHOOKS))["webhooks"] == [asked]
        tiktok_control.buyer_writes(SHOP, BUYER, "hello")
        tiktok_control.call("PATCH", f"/orders/{ORDER}", {"status": "IN_TRANSIT"})
        assert [one["type"] for one in bodies(receiver.first(1))] == [1]
        data_of(tiktok.call("DELETE", WEBHOOKS, {"event_type": "ORDER_STATUS_CHANGE"}))
        assert data_of(tiktok.get(WEBHOOKS))["webhooks"] == []
        assert len(tiktok_control.pushes()) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example/tiktok",
        "https://127.0.0.1/tiktok",
        "https://[::1]/tiktok",
        "https://hooks.example:8443/tiktok",
        "https://user@hooks.example/",
        "hooks.example",
        f"https://hooks.example/{'x' * 255}",
    ],
)
def test_an_address_for_webhooks_is_a_public_one(tiktok: TikTokCaller, address: str) -> None:
    asked = {"event_type": "NEW_MESSAGE", "address": address}
    assert code_of(tiktok.call("PUT", WEBHOOKS, asked)) == 36009004
    good = {**asked, "address": "https://hooks.example/tiktok"}
    data_of(tiktok.call("PUT", WEBHOOKS, good))


def test_a_return_and_the_end_of_an_authorization_are_told(
    tiktok_control: MarketControl, receiver: PushReceiver
) -> None:
    tiktok_control.change_contact(SHOP, BUYER, return_open=True)
    path = f"/sellers/{demo_seed.SELLER_ID}/tokens/revoke"
    tiktok_control.call("POST", path, {"app_key": APP})
    assert [one["type"] for one in bodies(receiver.first(2))] == [12, 6]


def test_an_authorization_that_ends_soon_is_warned_of_each_day(
    tiktok_control: MarketControl, receiver: PushReceiver
) -> None:
    tiktok_control.limits(refresh_token_life_s=31 * DAY_S)
    path = f"/sellers/{demo_seed.SELLER_ID}/tokens"
    tiktok_control.call("POST", path, {"app_key": APP})
    receiver.first(1)  # the earlier authorization is taken back
    for day in (1, 2, 3):
        tiktok_control.advance(DAY_S)
        receiver.first(1 + day)
    told = bodies(receiver.told)
    assert [one["type"] for one in told[1:]] == [7, 7, 7]
    assert {one["data"]["expiration_time"] > one["timestamp"] for one in told[1:]} == {True}


def test_an_app_without_the_scope_hears_of_no_chats(
    tiktok_control: MarketControl, receiver: PushReceiver
) -> None:
    path = f"/sellers/{demo_seed.SELLER_ID}/tokens"
    tiktok_control.call("PATCH", f"/apps/{APP}", {"scopes": ["seller.order.info"]})
    tiktok_control.call("POST", path, {"app_key": APP})
    tiktok_control.buyer_writes(SHOP, BUYER, "hello")
    tiktok_control.call("PATCH", f"/orders/{ORDER}", {"status": "IN_TRANSIT"})
    assert [one["type"] for one in bodies(receiver.first(2))] == [6, 1]
