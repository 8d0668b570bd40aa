"""What the Lazada sandbox pushes to a real callback address, and how (marketplace-apis 2.6)."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.control_client import MarketControl
from tests.support.lazada_caller import APP_SECRET, LazadaCaller
from tests.support.push_receiver import PushReceiver, Told, receiving
from tests.support.waiting import eventually

APP, SHOP, BUYER = "100001", "200000001", "100000001"
ORDER, TWO_PARCELS = "330011223344556", "330011223344557"
SESSION = "200000001_2_100000001_1_103"
DAY_S = 86_400


@pytest.fixture
def receiver(lazada_control: MarketControl) -> Iterator[PushReceiver]:
    # A loaded machine must not turn deliveries into repetitions.
    lazada_control.limits(push_deadline_s=20.0)
    with receiving() as made:
        lazada_control.push_endpoint(APP, made.url)
        yield made


def bodies(told: list[Told]) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in told]


def kinds(control: MarketControl) -> list[str]:
    return [push["push_kind"] for push in control.pushes()]


def test_a_buyers_message_and_its_session_are_pushed(
    lazada_control: MarketControl, lazada: LazadaCaller, receiver: PushReceiver
) -> None:
    message_id = lazada_control.buyer_writes(SHOP, BUYER, "Wo ist es? 在哪里")
    session, message = bodies(receiver.first(2))
    assert (session["message_type"], message["message_type"]) == (19, 2)
    assert session["data"]["sync_type"] == "SESSION_UPDATE"
    assert (session["data"]["session_id"], session["data"]["unread_count"]) == (SESSION, 3)
    assert (message["seller_id"], message["site"]) == (SHOP, "lazada_my")
    data = message["data"]
    assert (data["message_id"], data["from_account_type"]) == (message_id, 1)
    assert json.loads(data["content"])["txt"] == "Wo ist es? 在哪里"
    assert data == lazada.messages(SESSION)["data"]["message_list"][0]


def test_a_push_is_signed_over_key_and_body(
    lazada_control: MarketControl, receiver: PushReceiver
) -> None:
    lazada_control.buyer_writes(SHOP, BUYER, "Hi")
    told = receiver.first(2)[1]
    message = APP.encode() + told.body
    expected = hmac.new(APP_SECRET.encode(), message, hashlib.sha256).hexdigest()
    assert told.authorization == expected
    assert told.content_type == "application/json"


def test_what_the_shop_sends_comes_back_as_a_push_unless_a_limit_says_no(
    lazada_control: MarketControl, lazada: LazadaCaller, receiver: PushReceiver
) -> None:
    sent = lazada.text(SESSION, "on its way")["data"]
    (push,) = bodies(receiver.first(1))
    assert (push["data"]["message_id"], push["data"]["from_account_type"]) == (
        sent["message_id"],
        2,
    )
    lazada_control.limits(push_own_messages=False)
    lazada.text(SESSION, "silently")
    assert kinds(lazada_control) == ["2"]


def test_a_recalled_message_comes_again_with_its_new_status(
    lazada: LazadaCaller, receiver: PushReceiver
) -> None:
    message_id = lazada.text(SESSION, "oops")["data"]["message_id"]
    lazada.post("/im/message/recall", session_id=SESSION, message_id=message_id)
    first, second = bodies(receiver.first(2))
    assert [one["data"]["status"] for one in (first, second)] == [0, 1]
    assert first["data"]["message_id"] == second["data"]["message_id"] == message_id


def test_a_message_that_failed_the_check_says_so_in_its_push(
    lazada: LazadaCaller, receiver: PushReceiver
) -> None:
    lazada.text(SESSION, "call me on WhatsApp")
    (push,) = bodies(receiver.first(1))
    assert push["data"]["process_msg"]


def test_an_order_is_pushed_line_by_line_when_its_status_changes(
    lazada_control: MarketControl, receiver: PushReceiver
) -> None:
    lazada_control.call("PATCH", f"/orders/{TWO_PARCELS}", {"status": "shipped"})
    lazada_control.call("PATCH", f"/orders/{TWO_PARCELS}", {"remarks": "no change of status"})
    pushes = bodies(receiver.first(2))
    assert {one["message_type"] for one in pushes} == {0}
    for one in pushes:
        assert (one["data"]["order_status"], one["data"]["trade_order_id"]) == (
            "shipped",
            TWO_PARCELS,
        )
    assert len({one["data"]["trade_order_line_id"] for one in pushes}) == 2
    assert kinds(lazada_control) == ["0", "0"]


@pytest.mark.parametrize(
    ("category", "expected"),
    [("seller_in_house", ["0"]), ("in_house_im", ["19", "2"]), ("both", ["0", "19", "2"])],
)
def test_an_app_hears_of_what_its_category_may_read(
    lazada_control: MarketControl, receiver: PushReceiver, category: str, expected: list[str]
) -> None:
    del receiver
    lazada_control.call("PATCH", f"/apps/{APP}", {"category": category})
    lazada_control.call("PATCH", f"/orders/{ORDER}", {"status": "shipped"})
    lazada_control.buyer_writes(SHOP, BUYER, "Hi")
    assert kinds(lazada_control) == expected


def test_a_sellers_status_is_pushed(lazada_control: MarketControl, receiver: PushReceiver) -> None:
    lazada_control.call("PATCH", f"/shops/{SHOP}", {"shop_name": "Another name"})
    lazada_control.call("PATCH", f"/shops/{SHOP}", {"status": "INACTIVE"})
    (push,) = bodies(receiver.first(1))
    assert (push["message_type"], push["data"]["status"]) == (13, "INACTIVE")
    assert kinds(lazada_control) == ["13"]


def test_the_end_of_an_authorization_is_told_each_day_of_the_last_two(
    lazada_control: MarketControl, receiver: PushReceiver
) -> None:
    lazada_control.advance(177.9 * DAY_S)
    lazada_control.advance(0.2 * DAY_S)
    (first,) = bodies(receiver.first(1))
    assert (first["message_type"], first["data"]["app_key"]) == (8, APP)
    assert first["data"]["seller_id"] == SHOP
    lazada_control.advance(DAY_S)
    receiver.first(2)
    assert kinds(lazada_control) == ["8", "8"]
    lazada_control.advance(DAY_S)
    assert kinds(lazada_control) == ["8", "8"]


def test_only_200_counts_and_the_rest_comes_again_every_half_hour(
    lazada_control: MarketControl, lazada: LazadaCaller, receiver: PushReceiver
) -> None:
    receiver.status = 204
    lazada.text(SESSION, "Hi")

    def attempts() -> int:
        return len(lazada_control.pushes()[0]["attempts"])

    for count in range(1, 14):
        assert eventually(lambda: attempts() >= count)  # noqa: B023  # looked at within the turn
        assert lazada_control.pushes()[0]["state"] == ("waiting" if count < 13 else "lost")
        lazada_control.advance(1790)
        lazada_control.advance(20)
    assert attempts() == 13
    assert {one.body for one in receiver.told} == {receiver.told[0].body}


def test_starting_anew_ends_the_pushes(
    lazada_control: MarketControl, receiver: PushReceiver
) -> None:
    del receiver
    lazada_control.reset()
    lazada_control.buyer_writes(SHOP, BUYER, "Hi")
    assert kinds(lazada_control) == []
