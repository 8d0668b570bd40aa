"""Chats of the Lazada sandbox: sessions and messages (marketplace-apis 2.4)."""

import json
import time
from typing import Any

import pytest

from sandbox.control_client import MarketControl
from tests.support.lazada_caller import LazadaCaller

DAY_S = 86_400
SHOP, BUYER, SECOND_BUYER = "200000001", "100000001", "100000002"
ORDER, SECOND_ORDER, OLD_ORDER = "330011223344556", "330011223344557", "330011223344559"
SESSION, SECOND_SESSION = "200000001_2_100000001_1_103", "200000001_2_100000002_1_103"


def opened(lazada: LazadaCaller, order_id: str) -> Any:
    return lazada.get("/im/session/open", order_id=order_id)


def contents(answer: Any) -> list[Any]:
    return [json.loads(one["content"]) for one in answer["data"]["message_list"]]


def of_others(control: MarketControl, count: int) -> None:
    for number in range(count):
        buyer_id = str(300000000 + number)
        control.call("POST", "/buyers", {"user_id": buyer_id, "username": f"b{number}"})
        control.buyer_writes(SHOP, buyer_id, f"hello {number}")


def test_a_session_is_opened_by_an_order_and_stays_the_same(lazada: LazadaCaller) -> None:
    first = opened(lazada, SECOND_ORDER)
    assert first["data"] == {"session_id": SECOND_SESSION}
    assert (first["code"], first["err_code"], first["success"]) == ("0", "0", True)
    assert opened(lazada, SECOND_ORDER)["data"] == first["data"]
    assert opened(lazada, ORDER)["data"] == {"session_id": SESSION}


def test_an_order_that_is_too_old_opens_nothing(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    answer = opened(lazada, OLD_ORDER)
    assert (answer["code"], answer["err_code"], answer["success"]) == ("0", "-22", False)
    assert answer["err_message"] == "order out of day limit: 30"
    assert "data" not in answer
    lazada_control.limits(order_window_s=7 * DAY_S)
    lazada_control.advance(8 * DAY_S)
    assert opened(lazada, ORDER)["err_message"] == "order out of day limit: 7"


def test_an_order_of_nobody_opens_nothing(lazada: LazadaCaller) -> None:
    assert opened(lazada, "1")["success"] is False


def test_the_guides_other_names_of_errors_are_a_limit(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.limits(im_error_names="error")
    answer = opened(lazada, OLD_ORDER)
    assert (answer["error_code"], answer["success"]) == ("-22", False)
    assert "err_code" not in answer


def test_sessions_come_newest_first_through_all_pages(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    of_others(lazada_control, 45)
    seen, answer = [], lazada.sessions()["data"]
    while True:
        seen += [one["buyer_id"] for one in answer["session_list"]]
        if not answer["has_more"]:
            break
        answer = lazada.sessions(
            start_time=answer["next_start_time"], last_session_id=answer["last_session_id"]
        )["data"]
    assert seen == [*(300000000 + number for number in reversed(range(45))), int(BUYER)]


def test_a_session_says_how_it_stands(lazada_control: MarketControl, lazada: LazadaCaller) -> None:
    lazada_control.buyer_writes(SHOP, BUYER, "where is it?")
    (session,) = lazada.sessions()["data"]["session_list"]
    assert (session["session_id"], session["title"]) == (SESSION, "aisyah.rahman")
    assert (session["summary"], session["unread_count"]) == ("where is it?", 3)
    assert abs(session["last_message_time"] / 1000 - time.time()) < 60
    again = lazada.get("/im/session/get", session_id=SESSION)["data"]
    assert again == session
    read = {"session_id": SESSION, "last_read_message_id": session["last_message_id"]}
    assert lazada.post("/im/session/read", **read)["success"] is True
    assert lazada.get("/im/session/get", session_id=SESSION)["data"]["unread_count"] == 0


def test_an_opened_session_without_messages_is_not_listed(lazada: LazadaCaller) -> None:
    opened(lazada, SECOND_ORDER)
    listed = lazada.sessions()["data"]["session_list"]
    assert [one["session_id"] for one in listed] == [SESSION]
    assert lazada.messages(SECOND_SESSION)["data"]["message_list"] == []


def test_history_goes_back_a_month(lazada_control: MarketControl, lazada: LazadaCaller) -> None:
    lazada_control.advance(28 * DAY_S)
    assert len(lazada.sessions()["data"]["session_list"]) == 1
    lazada_control.advance(3 * DAY_S)
    assert lazada.sessions()["data"]["session_list"] == []


def test_messages_come_newest_first_through_all_pages(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    for number in range(45):
        lazada_control.buyer_writes(SHOP, SECOND_BUYER, f"message {number}")
    texts, answer = [], lazada.messages(SECOND_SESSION)
    while True:
        texts += [one["txt"] for one in contents(answer)]
        data = answer["data"]
        if not data["has_more"]:
            break
        answer = lazada.messages(
            SECOND_SESSION,
            start_time=data["next_start_time"],
            last_message_id=data["last_message_id"],
        )
    assert texts == [f"message {number}" for number in reversed(range(45))]


def test_messages_of_the_same_moment_are_each_on_one_page(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    """Pages go by milliseconds, and many messages can be of the same one."""
    together = [{"by": "buyer", "text": str(number), "age_hours": 1} for number in range(45)]
    lazada_control.reset(
        {
            "apps": [{"app_key": "100001", "app_secret": lazada.app_secret}],
            "shops": [
                {
                    "shop_id": SHOP,
                    "shop_name": "Shop",
                    "region": "MY",
                    "tokens": [
                        {
                            "app_key": "100001",
                            "access_token": lazada.access_token,
                            "refresh_token": "50001refresh",
                        }
                    ],
                }
            ],
            "buyers": [{"user_id": BUYER, "username": "b"}],
            "chats": [{"shop_id": SHOP, "buyer_id": BUYER, "messages": together}],
        }
    )
    texts, answer = [], lazada.messages(SESSION, page_size=7)
    while True:
        texts += [one["txt"] for one in contents(answer)]
        data = answer["data"]
        if not data["has_more"]:
            break
        answer = lazada.messages(
            SESSION,
            page_size=7,
            start_time=data["next_start_time"],
            last_message_id=data["last_message_id"],
        )
    assert texts == [str(number) for number in reversed(range(45))]


def test_a_client_whose_clock_was_not_moved_sees_what_is_new(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.advance(2 * DAY_S)
    lazada_control.buyer_writes(SHOP, BUYER, "two days on")
    assert contents(lazada.messages(SESSION))[0]["txt"] == "two days on"
    (session,) = lazada.sessions()["data"]["session_list"]
    assert session["summary"] == "two days on"


def test_messages_say_who_wrote_them_and_when(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    sent = lazada.text(SESSION, "on its way")["data"]
    assert sent["template_id"] == 1
    newest, *_, oldest = lazada.messages(SESSION)["data"]["message_list"]
    assert newest["message_id"] == sent["message_id"]
    assert (newest["from_account_id"], newest["from_account_type"]) == (SHOP, 2)
    assert (oldest["from_account_id"], oldest["from_account_type"]) == (BUYER, 1)
    assert abs(newest["send_time"] - sent["current_time"]) < 5000
    assert (newest["status"], newest["process_msg"], newest["type"]) == (0, "", 1)
    assert isinstance(newest["content"], str)
    assert json.loads(newest["content"]) == {"txt": "on its way", "translateTxt": ""}
    assert lazada_control.chat(SHOP, BUYER)["messages"][-1]["text"] == "on its way"


@pytest.mark.parametrize("size", [0, 21, "x"])
def test_pages_have_at_most_20(lazada: LazadaCaller, size: object) -> None:
    assert lazada.messages(SESSION, page_size=size)["code"] == "InvalidParameter"
    assert lazada.sessions(page_size=size)["code"] == "InvalidParameter"


@pytest.mark.parametrize("missing", ["start_time", "page_size", "session_id"])
def test_a_list_wants_to_know_from_where(lazada: LazadaCaller, missing: str) -> None:
    values: dict[str, Any] = {"session_id": SESSION, "start_time": 1, "page_size": 20}
    del values[missing]
    assert lazada.get("/im/message/list", **values)["code"] == "MissingParameter"


@pytest.mark.parametrize("session_id", ["1", "200000009_2_100000001_1_103"])
def test_a_session_of_nobody_is_refused(lazada: LazadaCaller, session_id: str) -> None:
    assert lazada.messages(session_id)["success"] is False
    assert lazada.text(session_id, "hello")["success"] is False


def test_who_polls_a_list_loses_the_permission_for_lists(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    """Going on to further pages and reading other sessions is no polling."""
    lazada_control.limits(list_reads_per_hour=3)
    for _ in range(3):
        assert lazada.sessions()["code"] == "0"
        assert lazada.messages(SESSION)["code"] == "0"
    for _ in range(5):
        assert lazada.sessions(start_time=1, last_session_id="x")["code"] == "0"
    path = f"/shops/{SHOP}/list-permission/100001"
    assert lazada_control.call("GET", path) == {"withdrawn": False}
    assert lazada.messages(SESSION)["code"] == "0"
    assert lazada_control.call("GET", path) == {"withdrawn": True}
    assert lazada.messages(SESSION)["code"] == "InsufficientPermission"
    assert lazada.sessions()["code"] == "InsufficientPermission"
    assert lazada.text(SESSION, "still")["success"] is True
    lazada_control.call("DELETE", path)
    assert lazada.sessions()["code"] == "0"


def test_readings_are_forgotten_after_an_hour(
    lazada_control: MarketControl, lazada: LazadaCaller
) -> None:
    lazada_control.limits(list_reads_per_hour=3)
    for _ in range(6):
        assert lazada.sessions()["code"] == "0"
        lazada_control.advance(1801)


def test_a_buyer_writes_on_the_phone_page_and_the_shop_reads_it(lazada: LazadaCaller) -> None:
    page = f"{lazada.base_url}/buyer/{SHOP}/{SECOND_BUYER}"
    assert lazada.http.get(page).status_code == 200
    answer = lazada.http.post(f"{page}/messages", data={"text": "hello from the phone"})
    assert answer.status_code == 303
    (content,) = contents(lazada.messages(SECOND_SESSION))
    assert content["txt"] == "hello from the phone"
