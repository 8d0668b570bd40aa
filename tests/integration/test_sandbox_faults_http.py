"""Each fault as a client meets it, and what the buyer has afterwards."""

from typing import Any

import httpx
import pytest

from sandbox.testing import RunningSandbox
from tests.support.shopee_caller import ShopeeCaller, jpeg
from tests.support.waiting import eventually

BUYER = 900000001
SHOP = 22000001
SEND = "send_message"


def packed_count(running: RunningSandbox) -> int:
    messages = running.control.chat(SHOP, BUYER)["messages"]
    return sum(message["text"] == "Packed" for message in messages)


def newest(caller: ShopeeCaller) -> dict[str, Any]:
    chats = caller.get("sellerchat/get_conversation_list", direction="older", type="all").json()
    conversation_id = chats["response"]["conversations"][0]["conversation_id"]
    answer = caller.get("sellerchat/get_message", conversation_id=conversation_id).json()
    message: dict[str, Any] = answer["response"]["messages"][0]
    return message


@pytest.mark.parametrize(
    ("kind", "accepted", "outcome"),
    [("drop_before", 0, "dropped"), ("drop_after", 1, "dropped")],
)
def test_a_dropped_connection(
    shopee_sandbox: RunningSandbox,
    caller: ShopeeCaller,
    kind: str,
    accepted: int,
    outcome: str,
) -> None:
    shopee_sandbox.control.fault(kind, SEND)

    with pytest.raises(httpx.NetworkError):
        caller.text(BUYER, "Packed")

    assert packed_count(shopee_sandbox) == accepted
    entry = shopee_sandbox.control.requests()[-1]
    assert (entry["outcome"], entry["accepted"]) == (outcome, bool(accepted))
    assert entry["faults"] == [kind]


@pytest.mark.parametrize(
    ("fault", "answered", "accepted"),
    [
        ({"kind": "error_before"}, (500, "error_server"), 0),
        (
            {"kind": "error_before", "http_status": 503, "error": "system_busy"},
            (503, "system_busy"),
            0,
        ),
        ({"kind": "error_after"}, (500, "error_server"), 1),
        ({"kind": "rate_limit"}, (429, "error_rate_limit"), 0),
        ({"kind": "error_body", "error": "error_network"}, (200, "error_network"), 0),
        ({"kind": "token_expired"}, (403, "invalid_acceess_token"), 0),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
def test_an_error_answer(
    shopee_sandbox: RunningSandbox,
    caller: ShopeeCaller,
    fault: dict[str, Any],
    answered: tuple[int, str],
    accepted: int,
) -> None:
    shopee_sandbox.control.fault(path=SEND, **fault)

    answer = caller.text(BUYER, "Packed")

    assert (answer.status_code, answer.json()["error"]) == answered
    assert packed_count(shopee_sandbox) == accepted
    again = caller.text(BUYER, "Packed").json()["error"]
    assert again == ("error_business" if accepted else "")


@pytest.mark.parametrize("retry_after_s", [None, 7])
def test_a_rate_limit_may_say_how_long(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, retry_after_s: int | None
) -> None:
    shopee_sandbox.control.fault("rate_limit", SEND, retry_after_s=retry_after_s)

    answer = caller.text(BUYER, "Packed")

    wanted = None if retry_after_s is None else str(retry_after_s)
    assert answer.headers.get("retry-after") == wanted


def test_an_answer_that_is_no_json(shopee_sandbox: RunningSandbox, caller: ShopeeCaller) -> None:
    shopee_sandbox.control.fault("not_json", SEND)

    answer = caller.text(BUYER, "Packed")

    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert packed_count(shopee_sandbox) == 0


@pytest.mark.parametrize("kind", ["delay", "delay_after"])
def test_a_delayed_call_is_accepted_though_the_client_gave_up(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, kind: str
) -> None:
    shopee_sandbox.control.fault(kind, SEND, delay_ms=300)
    with httpx.Client(timeout=0.1) as impatient:
        hasty = ShopeeCaller(caller.base_url, http=impatient)
        with pytest.raises(httpx.ReadTimeout):
            hasty.text(BUYER, "Packed")

    assert eventually(lambda: packed_count(shopee_sandbox) == 1)


@pytest.mark.parametrize("status", ["blocked", "censored_blacklist"])
def test_a_message_accepted_and_not_shown(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, status: str
) -> None:
    shopee_sandbox.control.fault("status_after", SEND, status=status)

    sent = caller.text(BUYER, "Packed").json()

    assert sent["error"] == ""
    assert newest(caller)["status"] == status
    chat = shopee_sandbox.control.chat(SHOP, BUYER)
    assert packed_count(shopee_sandbox) == 0
    assert [one["message_id"] for one in chat["not_shown"]] == [sent["response"]["message_id"]]


def test_a_status_can_change_later(shopee_sandbox: RunningSandbox, caller: ShopeeCaller) -> None:
    message_id = caller.text(BUYER, "Packed").json()["response"]["message_id"]
    assert newest(caller)["status"] == "normal"

    change = {"status": "censored_blacklist"}
    shopee_sandbox.control.call("PATCH", f"/messages/{message_id}", change)

    assert newest(caller)["status"] == "censored_blacklist"
    assert packed_count(shopee_sandbox) == 0


def test_a_message_that_reads_show_late(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.fault("show_late", SEND, visible_after_s=30)
    caller.text(BUYER, "Packed")

    assert newest(caller)["content"]["text"] == "Great, thank you!"
    assert packed_count(shopee_sandbox) == 1
    shopee_sandbox.control.advance(31)
    assert newest(caller)["content"]["text"] == "Packed"


def test_a_message_that_reads_never_show_until_control_says_so(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.fault("show_late", SEND)
    message_id = caller.text(BUYER, "Packed").json()["response"]["message_id"]
    shopee_sandbox.control.advance(3600)
    assert newest(caller)["content"]["text"] == "Great, thank you!"

    shopee_sandbox.control.call("PATCH", f"/messages/{message_id}", {"hidden": False})

    assert newest(caller)["message_id"] == message_id


def test_a_fault_can_wait_for_the_second_picture(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.fault("error_after", SEND, message_type="image", skip=1)
    errors = [caller.text(BUYER, "Packed").json()["error"]]
    for shade in (10, 60, 110):
        content = {"image_url": caller.uploaded(jpeg(shade))}
        errors.append(caller.send(BUYER, "image", content).json()["error"])

    assert errors == ["", "", "error_server", ""]
    assert shopee_sandbox.control.counts()["from_shop"] == {"text": 2, "image": 3}


def test_a_refused_call_does_not_use_up_a_fault(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.fault("drop_after", SEND)
    shopee_sandbox.control.fault("error_before", "get_shop_info")

    caller.text(BUYER, "x" * 601)
    wrong = ShopeeCaller(caller.base_url, partner_key="wrong", http=caller.http)
    wrong.get("shop/get_shop_info")

    active = shopee_sandbox.control.call("GET", "/faults")
    assert [one["met"] for one in active] == [0, 0]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/faults", {"kind": "delay"}, "delay_ms"),
        ("/faults", {"kind": "nothing"}, "kind"),
        ("/orders", {"order_sn": "1"}, "order_sn"),
        ("/clock", {}, "advance_s, request_time or reset"),
        ("/reset", {"seed": {"apps": []}}, "apps"),
        ("/chats/22000001/900000001/messages", {"by": "nobody", "text": "x"}, "by"),
    ],
)
def test_a_wrong_control_body_names_the_field(
    shopee_sandbox: RunningSandbox, path: str, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        shopee_sandbox.control.call("POST", path, body)

    assert refused.value.response.status_code == 422
    assert field in refused.value.response.text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/chats/1/900000001", None, 404),
        ("GET", "/chats/22000001/1", None, 404),
        ("PATCH", "/orders/261018NOTHERE1", {"order_status": "SHIPPED"}, 404),
        ("DELETE", "/faults/99", None, 404),
        ("POST", "/buyers", {"user_id": 900000001, "username": "again"}, 409),
        ("POST", "/shops", {"shop_id": 22000001, "shop_name": "again"}, 409),
    ],
)
def test_control_of_what_is_not_there_or_there_already(
    shopee_sandbox: RunningSandbox, method: str, path: str, body: Any, status: int
) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        shopee_sandbox.control.call(method, path, body)

    assert refused.value.response.status_code == status
