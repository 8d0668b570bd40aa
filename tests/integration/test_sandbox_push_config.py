"""The calls by which an app configures its pushes and fetches the lost ones."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.shopee import demo_seed
from sandbox.testing import RunningSandbox
from tests.support.push_receiver import PushReceiver, receiving
from tests.support.shopee_caller import ShopeeCaller
from tests.support.waiting import eventually

APP, SHOP, BUYER = demo_seed.PARTNER_ID, demo_seed.SHOP_ID, 900000001
SET, GET = "push/set_app_push_config", "push/get_app_push_config"
LOST, CONFIRM = "push/get_lost_push_message", "push/confirm_consumed_lost_push_message"


@pytest.fixture
def receiver(shopee_sandbox: RunningSandbox) -> Iterator[PushReceiver]:
    with receiving() as made:
        yield made


def configure(caller: ShopeeCaller, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = caller.post(SET, body, public=True).json()
    return answer


def config(caller: ShopeeCaller) -> dict[str, Any]:
    answer: dict[str, Any] = caller.get(GET, public=True).json()["response"]
    return answer


def lost(caller: ShopeeCaller) -> dict[str, Any]:
    answer: dict[str, Any] = caller.get(LOST, public=True).json()["response"]
    return answer


def test_a_callback_address_is_verified_and_kept(
    caller: ShopeeCaller, receiver: PushReceiver
) -> None:
    answer = configure(
        caller,
        callback_url=receiver.url,
        set_push_config_on=[3, 10],
        blocked_shop_id_list=[22000009],
    )

    assert answer["error"] == ""
    [verification] = receiver.first(1)
    assert json.loads(verification.body)["code"] == 0
    assert config(caller) == {
        "callback_url": receiver.url,
        "live_push_status": "Normal",
        "suspended_time": 0,
        "blocked_shop_id": [22000009],
        "push_config_on_list": [3, 10],
        "push_config_off_list": [1, 2, 4, 12],
    }


def test_codes_go_on_and_off_and_the_rest_stays(
    caller: ShopeeCaller, receiver: PushReceiver
) -> None:
    configure(caller, callback_url=receiver.url, set_push_config_on=[3, 10])
    configure(caller, set_push_config_on=[4], set_push_config_off=[3])

    now = config(caller)

    assert (now["callback_url"], now["push_config_on_list"]) == (receiver.url, [4, 10])
    assert len(receiver.told) == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "callback_url is required."),
        ({"callback_url": "ftp://example.test"}, "callback_url must be an http"),
        ({"callback_url": "{url}", "set_push_config_on": [77]}, "set_push_config_on must be of"),
        ({"callback_url": "{url}", "blocked_shop_id_list": list(range(501))}, "at most 500"),
        ({"callback_url": "http://127.0.0.1:1/"}, "callback_url failed verification"),
    ],
)
def test_a_wrong_configuration_changes_nothing(
    caller: ShopeeCaller, receiver: PushReceiver, body: dict[str, Any], error: str
) -> None:
    sent = {name: receiver.url if value == "{url}" else value for name, value in body.items()}

    answer = configure(caller, **sent)

    assert answer["error"] == "error_param"
    assert error in answer["message"]
    assert config(caller)["callback_url"] == ""


def test_an_address_that_does_not_answer_in_time_is_refused(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, receiver: PushReceiver
) -> None:
    shopee_sandbox.control.limits(push_deadline_s=0.1)
    receiver.may_answer.clear()

    assert "no answer within 0.1 s" in configure(caller, callback_url=receiver.url)["message"]


def test_chat_pushes_are_for_chat_apps(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, receiver: PushReceiver
) -> None:
    shopee_sandbox.control.call("PATCH", f"/apps/{APP}", {"category": "erp"})

    answer = configure(caller, callback_url=receiver.url, set_push_config_on=[10])

    assert answer["error"] == "error_permission"


def test_lost_pushes_are_fetched_and_confirmed(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, receiver: PushReceiver
) -> None:
    control = shopee_sandbox.control
    control.push_endpoint(APP, receiver.url)
    receiver.status = 500
    for text in ("One", "Two"):
        control.buyer_writes(SHOP, BUYER, text)
    assert eventually(lambda: len(lost(caller)["push_message_list"]) == 2)

    page = lost(caller)
    texts = [one["data"]["content"]["content"]["text"] for one in page["push_message_list"]]
    assert (texts, page["has_next_page"]) == (["One", "Two"], False)
    assert lost(caller) == page
    body = {"last_message_id": page["last_message_id"]}
    assert caller.post(CONFIRM, body, public=True).json()["error"] == ""

    assert lost(caller)["push_message_list"] == []
    assert caller.post(CONFIRM, body, public=True).json()["error"] == "error_param"


def test_lost_pushes_come_in_pages_and_are_kept_three_days(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, receiver: PushReceiver
) -> None:
    control = shopee_sandbox.control
    control.push_endpoint(APP, receiver.url)
    control.fault("push_lost", count=None)
    for number in range(101):
        control.push(APP, "3", SHOP, n=number)

    first = lost(caller)
    confirmed = {"last_message_id": first["last_message_id"]}
    caller.post(CONFIRM, confirmed, public=True)
    second = lost(caller)
    control.advance(3 * 86_400 + 1)

    assert (len(first["push_message_list"]), first["has_next_page"]) == (100, True)
    assert [one["data"]["n"] for one in second["push_message_list"]] == [100]
    assert lost(caller)["push_message_list"] == []


def test_a_stopped_delivery_is_shown(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, receiver: PushReceiver
) -> None:
    control = shopee_sandbox.control
    control.push_endpoint(APP, receiver.url)
    receiver.status = 500
    for number in range(601):
        control.push(APP, "3", SHOP, n=number)

    assert eventually(lambda: config(caller)["live_push_status"] == "Suspended")
    assert config(caller)["suspended_time"] > 0
    receiver.status = 200
    configure(caller, callback_url=receiver.url)
    assert config(caller)["live_push_status"] == "Normal"
