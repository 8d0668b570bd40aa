"""What Shopee's sandbox pushes to a real callback address, when, how often and how signed."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.market.push.rules import PushRules, SuccessRule
from sandbox.shopee import demo_seed, outbox
from sandbox.testing import RunningSandbox
from tests.support.push_receiver import PushReceiver, Told, receiving
from tests.support.shopee_caller import PARTNER_KEY, ShopeeCaller
from tests.support.waiting import eventually

APP, SHOP, BUYER = demo_seed.PARTNER_ID, demo_seed.SHOP_ID, 900000001
ORDER = demo_seed.NORMAL_ORDER_SN
HOUR_S = 3600


@pytest.fixture
def receiver(shopee_sandbox: RunningSandbox) -> Iterator[PushReceiver]:
    with receiving() as made:
        shopee_sandbox.control.push_endpoint(APP, made.url)
        yield made


def bodies(told: list[Told]) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in told]


def state(running: RunningSandbox) -> list[str]:
    return [push["state"] for push in running.control.pushes()]


def attempts_made(running: RunningSandbox) -> int:
    return len(running.control.pushes()[0]["attempts"])


def wait_for_attempts(running: RunningSandbox, count: int) -> None:
    assert eventually(lambda: attempts_made(running) >= count)


def signed(url: str, body: bytes, key: str = PARTNER_KEY) -> str:
    return hmac.new(key.encode(), url.encode() + b"|" + body, hashlib.sha256).hexdigest()


def test_a_buyers_message_is_pushed_whole(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    message_id = shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Wo ist es? 在哪里")

    [told] = receiver.first(1)
    push = json.loads(told.body)
    assert (push["code"], push["shop_id"], push["data"]["type"]) == (10, SHOP, "message")
    content = push["data"]["content"]
    assert content["message_id"] == message_id
    assert (content["from_id"], content["to_id"], content["from_shop_id"]) == (BUYER, SHOP, 0)
    assert content["content"] == {"text": "Wo ist es? 在哪里"}
    assert told.authorization == signed(receiver.url, told.body)
    assert told.content_type == "application/json"
    assert eventually(lambda: state(shopee_sandbox) == ["delivered"])


def test_a_message_that_changes_later_is_not_pushed_again(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    message_id = shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Hi")
    shopee_sandbox.control.call("PATCH", f"/messages/{message_id}", {"hidden": True})

    assert len(shopee_sandbox.control.pushes()) == 1


def test_a_push_key_of_its_own_signs(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    change = {"push_key": "shpk_push_key"}
    shopee_sandbox.control.call("PATCH", f"/apps/{APP}", change)
    shopee_sandbox.control.buyer_writes(SHOP, BUYER, "One")
    receiver.first(1)
    shopee_sandbox.control.limits(push_signed_with="partner_key")
    shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Two")

    first, second = receiver.first(2)

    assert first.authorization == signed(receiver.url, first.body, "shpk_push_key")
    assert second.authorization == signed(receiver.url, second.body)


def test_orders_and_tracking_numbers_are_pushed(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    control = shopee_sandbox.control
    package = control.call("GET", f"/orders/{ORDER}")["packages"][0]["package_number"]
    control.call("PATCH", f"/orders/{ORDER}", {"order_status": "SHIPPED"})
    for number in ("", "SPXMY77"):
        path = f"/orders/{ORDER}/packages/{package}"
        control.call("PATCH", path, {"tracking_number": number})

    status, tracking = bodies(receiver.first(2))

    assert (status["code"], tracking["code"]) == (3, 4)
    assert status["data"]["ordersn"] == tracking["data"]["ordersn"] == ORDER
    assert status["data"]["status"] == "SHIPPED"
    assert tracking["data"]["tracking_no"] == "SPXMY77"
    assert tracking["data"]["package_number"] == package


def test_a_new_order_is_pushed_with_its_tracking_number(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    packages = [{"package_number": "OFG9", "tracking_number": "SPXMY9"}]
    shopee_sandbox.control.add_order("261018PUSHED01", SHOP, BUYER, packages=packages)

    pushes = bodies(receiver.first(2))

    assert [push["code"] for push in pushes] == [3, 4]
    assert pushes[0]["data"]["status"] == "READY_TO_SHIP"


def test_authorizations_are_pushed_when_given_and_taken_back(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    shopee_sandbox.control.mint_tokens(SHOP, APP)
    path = f"/shops/{SHOP}/tokens/revoke"
    shopee_sandbox.control.call("POST", path, {"partner_id": APP})
    shopee_sandbox.control.call("POST", path, {"partner_id": APP})
    shopee_sandbox.control.mint_tokens(SHOP, APP)

    pushes = bodies(receiver.first(3))

    assert [push["code"] for push in pushes] == [1, 2, 1]
    assert {push["shop_id"] for push in pushes} == {SHOP}
    assert len(shopee_sandbox.control.pushes()) == 3


def test_an_authorization_that_ends_soon_is_told_once(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    shopee_sandbox.control.advance(357 * 86_400)
    shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Not yet")
    receiver.first(1)
    shopee_sandbox.control.advance(86_400 + 60)
    receiver.first(2)
    shopee_sandbox.control.advance(86_400)
    shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Told before")

    pushes = bodies(receiver.first(3))

    assert [push["code"] for push in pushes] == [10, 12, 10]
    assert pushes[1]["data"]["shop_expire_soon"] == [SHOP]


def test_what_the_shop_writes_is_pushed_to_whitelisted_apps_only(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver, caller: ShopeeCaller
) -> None:
    caller.text(BUYER, "By the app")
    shopee_sandbox.control.seller_writes(SHOP, BUYER, "By a person")
    shopee_sandbox.control.limits(push_shop_messages=True)
    caller.text(BUYER, "Whitelisted")

    [push] = bodies(receiver.first(1))

    assert push["data"]["content"]["content"] == {"text": "Whitelisted"}
    assert push["data"]["content"]["from_shop_id"] == SHOP
    assert len(shopee_sandbox.control.pushes()) == 1


def test_an_app_without_chat_gets_no_chat_pushes(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    shopee_sandbox.control.call("PATCH", f"/apps/{APP}", {"category": "erp"})
    shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Hi")

    assert shopee_sandbox.control.pushes() == []


def test_only_what_was_asked_for_is_pushed(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    control = shopee_sandbox.control
    control.push_endpoint(APP, receiver.url, kinds=["3"])
    control.buyer_writes(SHOP, BUYER, "Hi")
    control.push_endpoint(APP, receiver.url, blocked_shop_ids=[SHOP])
    control.buyer_writes(SHOP, BUYER, "Hi")

    assert control.pushes() == []


def test_code_and_shop_may_come_as_strings(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    shopee_sandbox.control.limits(push_ids_as_strings=True)
    shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Hi")

    [push] = bodies(receiver.first(1))

    assert (push["code"], push["shop_id"]) == ("10", str(SHOP))


def test_a_push_made_by_hand_and_repeated(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    made = shopee_sandbox.control.push(APP, "3", SHOP, ordersn=ORDER, status="SHIPPED")
    receiver.first(1)
    shopee_sandbox.control.call("POST", f"/pushes/{made[0]}/again")

    first, again = receiver.first(2)

    assert (first.body, first.authorization) == (again.body, again.authorization)
    assert json.loads(first.body)["data"] == {"ordersn": ORDER, "status": "SHIPPED"}


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        (500, b"", "status 500"),
        (302, b"", "status 302"),
        (200, b"ok", "the answer has a body"),
        (204, b"", "ok"),
    ],
)
def test_which_answers_count(
    shopee_sandbox: RunningSandbox,
    receiver: PushReceiver,
    status: int,
    answer: bytes,
    outcome: str,
) -> None:
    receiver.status, receiver.answer = status, answer
    shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Hi")

    end = "delivered" if outcome == "ok" else "lost"
    assert eventually(lambda: state(shopee_sandbox) == [end])
    [attempt] = shopee_sandbox.control.pushes()[0]["attempts"]
    assert attempt["outcome"] == outcome


def test_who_answers_too_late_has_not_answered(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    shopee_sandbox.control.limits(webchat_push_deadline_s=0.1)
    receiver.may_answer.clear()
    shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Hi")

    assert eventually(lambda: state(shopee_sandbox) == ["lost"])
    [attempt] = shopee_sandbox.control.pushes()[0]["attempts"]
    assert attempt["outcome"] == "no answer within 0.1 s"


def test_repetitions_follow_the_marketplaces_clock(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of a platform that repeats, at Shopee's events."""
    monkeypatch.setattr(outbox, "RULES", PushRules((120, 1800)))
    receiver.status = 503
    shopee_sandbox.control.buyer_writes(SHOP, BUYER, "Hi")
    for attempts, wait_s in ((1, 120), (2, 1800)):
        wait_for_attempts(shopee_sandbox, attempts)
        shopee_sandbox.control.advance(wait_s - 60)
        assert attempts_made(shopee_sandbox) == attempts
        shopee_sandbox.control.advance(60)
        receiver.first(attempts + 1)

    assert eventually(lambda: state(shopee_sandbox) == ["lost"])
    assert len(receiver.told) == 3
    assert len({told.body for told in receiver.told}) == 1


def test_too_many_failures_end_the_delivery_until_the_address_is_set_again(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = SuccessRule(window_s=6 * HOUR_S, more_than=2, warn_below=0.7, stop_below=0.3)
    monkeypatch.setattr(outbox, "RULES", PushRules(success=rule))
    control = shopee_sandbox.control
    receiver.status = 500
    for number in range(3):
        control.buyer_writes(SHOP, BUYER, f"Message {number}")
    receiver.first(3)

    endpoint = f"/push-endpoints/{APP}"
    assert eventually(lambda: control.call("GET", endpoint)["stopped_at"] is not None)
    receiver.status = 200
    control.buyer_writes(SHOP, BUYER, "Nobody is told")
    assert state(shopee_sandbox)[-1] == "lost"
    control.push_endpoint(APP, receiver.url)
    control.buyer_writes(SHOP, BUYER, "Told again")

    last = bodies(receiver.first(4))[-1]
    assert last["data"]["content"]["content"] == {"text": "Told again"}


def test_a_duplicate_a_late_and_a_disordered_push(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    control = shopee_sandbox.control
    control.fault("push_twice", "10")
    control.fault("push_late", "3", delay_s=600)
    control.push(APP, "10", SHOP, n=1)
    control.push(APP, "3", SHOP, n=2)
    control.push(APP, "10", SHOP, n=3)
    control.fault("push_after_next", "10")
    control.push(APP, "10", SHOP, n=4)
    control.push(APP, "10", SHOP, n=5)
    receiver.first(5)
    control.advance(601)

    numbers = [push["data"]["n"] for push in bodies(receiver.first(6))]

    assert numbers == [1, 1, 3, 5, 4, 2]


def test_starting_anew_forgets_what_waits(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    control = shopee_sandbox.control
    control.fault("push_late", delay_s=60)
    control.push(APP, "3", SHOP, n=1)
    control.reset()
    control.push_endpoint(APP, receiver.url)
    control.advance(120)
    control.push(APP, "3", SHOP, n=2)

    [push] = bodies(receiver.first(1))

    assert push["data"]["n"] == 2
    assert eventually(lambda: state(shopee_sandbox) == ["delivered"])
    assert len(receiver.told) == 1


def test_a_badly_signed_and_a_lost_push(
    shopee_sandbox: RunningSandbox, receiver: PushReceiver
) -> None:
    control = shopee_sandbox.control
    control.fault("push_lost")
    control.push(APP, "3", SHOP, n=1)
    control.fault("push_bad_signature", shop_id=SHOP)
    control.push(APP, "3", SHOP, n=2)
    control.push(APP, "3", SHOP, n=3)

    bad, good = receiver.first(2)

    assert [json.loads(told.body)["data"]["n"] for told in (bad, good)] == [2, 3]
    assert bad.authorization != signed(receiver.url, bad.body)
    assert len(bad.authorization) == 64
    assert good.authorization == signed(receiver.url, good.body)
    assert eventually(lambda: state(shopee_sandbox) == ["lost", "delivered", "delivered"])


@pytest.mark.parametrize(
    ("app", "kinds", "status"), [(APP, ["77"], 422), (77, ["3"], 404)], ids=["kind", "app"]
)
def test_what_is_unknown_is_refused(
    shopee_sandbox: RunningSandbox, app: int, kinds: list[str], status: int
) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        shopee_sandbox.control.push_endpoint(app, "http://127.0.0.1:9/", kinds=kinds)

    assert refused.value.response.status_code == status
