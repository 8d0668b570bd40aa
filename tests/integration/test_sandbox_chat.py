"""Sending and reading chats at the sandbox (marketplace-apis 1.4)."""

import hashlib
from typing import Any

import pytest

from sandbox.shopee import demo_seed
from sandbox.testing import RunningSandbox
from tests.support.shopee_caller import ShopeeCaller, jpeg

CHATTING = 900000001
STRANGER = 900000004
STRANGERS_ORDER = demo_seed.FURTHER_ORDER_SNS[0]
SHOP = 22000001


def chats(caller: ShopeeCaller, direction: str = "older", **more: Any) -> dict[str, Any]:
    answer = caller.get(
        "sellerchat/get_conversation_list", direction=direction, type="all", **more
    ).json()
    assert answer["error"] == "", answer
    response: dict[str, Any] = answer["response"]
    return response


def read(caller: ShopeeCaller, conversation_id: object, **more: Any) -> dict[str, Any]:
    answer = caller.get("sellerchat/get_message", conversation_id=conversation_id, **more).json()
    assert answer["error"] == "", answer
    response: dict[str, Any] = answer["response"]
    return response


def test_a_packed_order_reaches_a_new_chat(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    photos = [jpeg(shade) for shade in (10, 60, 110)]
    sent = [caller.text(STRANGER, "Your order is packed.", STRANGERS_ORDER).json()]
    for photo in photos:
        content = {"image_url": caller.uploaded(photo)}
        sent.append(caller.send(STRANGER, "image", content, STRANGERS_ORDER).json())

    assert [answer["error"] for answer in sent] == ["", "", "", ""]
    seen = shopee_sandbox.control.chat(SHOP, STRANGER)["messages"]
    assert [message["message_id"] for message in seen] == [
        answer["response"]["message_id"] for answer in sent
    ]
    assert seen[0]["text"] == "Your order is packed."
    assert seen[0]["about_order_sn"] == STRANGERS_ORDER
    assert [message["image"]["sha256"] for message in seen[1:]] == [
        hashlib.sha256(photo).hexdigest() for photo in photos
    ]


def test_an_uploaded_picture_is_served_byte_for_byte(caller: ShopeeCaller) -> None:
    photo = jpeg(77, side_px=500)

    response = caller.upload(photo).json()["response"]

    assert caller.http.get(response["url"]).content == photo
    thumbnail = caller.http.get(response["thumbnail"])
    assert thumbnail.headers["content-type"] == "image/jpeg"
    assert len(thumbnail.content) < len(photo)


@pytest.mark.parametrize(
    "body", [b"no picture", jpeg()[:-100], b""], ids=["text", "cut off", "empty"]
)
def test_a_bad_upload_is_refused(caller: ShopeeCaller, body: bytes) -> None:
    assert caller.upload(body).json()["error"] == "param_error"


def test_a_picture_of_another_shop_cannot_be_sent(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    url = caller.uploaded(jpeg())
    shopee_sandbox.control.call("POST", "/shops", {"shop_id": 22000002, "shop_name": "Other"})
    shopee_sandbox.control.buyer_writes(22000002, CHATTING, "Hi")
    caller.shop_id = 22000002
    caller.access_token, _ = shopee_sandbox.control.mint_tokens(22000002, 1000001)

    answer = caller.send(CHATTING, "image", {"image_url": url}).json()

    assert (answer["error"], "image_url" in answer["message"]) == ("param_error", True)


def test_an_upload_above_the_limit_is_refused(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    photo = jpeg()
    shopee_sandbox.control.limits(image_limit_bytes=len(photo))
    assert caller.upload(photo).json()["error"] == ""

    shopee_sandbox.control.limits(image_limit_bytes=len(photo) - 1)

    assert caller.upload(photo).json()["error"] == "param_error"


def test_an_upload_without_a_file_is_refused(caller: ShopeeCaller) -> None:
    assert caller.post("sellerchat/upload_image", {}).json()["error"] == "param_error"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"to_id": None}, "param_error"),
        ({"to_id": "x"}, "param_error"),
        ({"content": "text"}, "param_error"),
        ({"content": {}}, "param_error"),
        ({"message_type": "poem"}, "param_error"),
        ({"to_id": 1, "message_type": "poem"}, "user_is_forbidden"),
        ({"to_id": 1, "content": []}, "param_error"),
        ({"source_content": {"order_sn": STRANGERS_ORDER}}, "param_error"),
        ({"source_content": {"order_sn": "261018NOTHERE1"}}, "param_error"),
        ({"message_type": "image", "content": {"image_url": "http://x/y"}}, "param_error"),
        ({"message_type": "order", "content": {"order_sn": STRANGERS_ORDER}}, "param_error"),
        ({"message_type": "item", "content": {"item_id": 1}}, "param_error"),
    ],
)
def test_send_parameters_are_checked_in_the_observed_order(
    caller: ShopeeCaller, change: dict[str, Any], error: str
) -> None:
    body = {"to_id": CHATTING, "message_type": "text", "content": {"text": "Hello"}, **change}

    assert caller.post("sellerchat/send_message", body).json()["error"] == error


@pytest.mark.parametrize(
    ("message_type", "content"),
    [
        ("order", {"order_sn": demo_seed.NORMAL_ORDER_SN}),
        ("item", {"item_id": "50001"}),
        ("sticker", {"sticker_id": "1", "sticker_package_id": "2"}),
    ],
)
def test_other_types_of_message(
    caller: ShopeeCaller, message_type: str, content: dict[str, Any]
) -> None:
    answer = caller.send(CHATTING, message_type, content).json()

    assert answer["error"] == ""
    assert answer["response"]["to_id"] == CHATTING


def test_a_first_message_needs_an_order_and_a_card_will_do(caller: ShopeeCaller) -> None:
    assert caller.text(STRANGER, "Hi").json()["error"] == "first_chat_without_order_info"
    card = caller.send(STRANGER, "order", {"order_sn": STRANGERS_ORDER}).json()
    assert card["response"]["content"] == {"order_sn": STRANGERS_ORDER, "shop_id": SHOP}
    assert caller.text(STRANGER, "Hi").json()["error"] == ""


def test_the_contact_window_closes_and_a_return_opens_it(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.advance(31 * 86_400)
    assert caller.text(CHATTING, "Hi").json()["error"] == "user_is_forbidden"

    shopee_sandbox.control.change_contact(SHOP, CHATTING, return_open=True)

    assert caller.text(CHATTING, "Hi").json()["error"] == ""


def test_five_unanswered_messages_are_the_end_until_the_buyer_writes(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    shopee_sandbox.control.seller_writes(SHOP, CHATTING, "By hand")
    errors = [caller.text(CHATTING, f"Message {n}").json()["error"] for n in range(5)]
    shopee_sandbox.control.buyer_writes(SHOP, CHATTING, "Thanks")
    errors.append(caller.text(CHATTING, "Message 6").json()["error"])

    assert errors == ["", "", "", "", "reach_5_message_limit", ""]


def test_the_same_message_is_refused_for_24_hours(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    url = caller.uploaded(jpeg())
    first = [caller.text(CHATTING, "Packed"), caller.send(CHATTING, "image", {"image_url": url})]
    again = [caller.text(CHATTING, "Packed"), caller.send(CHATTING, "image", {"image_url": url})]
    new_upload = caller.send(CHATTING, "image", {"image_url": caller.uploaded(jpeg())})
    shopee_sandbox.control.advance(86_401)
    next_day = caller.text(CHATTING, "Packed")

    assert [answer.json()["error"] for answer in first] == ["", ""]
    assert [answer.json()["error"] for answer in again] == ["error_business"] * 2
    assert new_upload.json()["error"] == ""
    assert next_day.json()["error"] == ""


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"blocked_by_buyer": True}, "error_blocked"),
        ({"blocked_by_shop": True}, "error_sender_block_receiver"),
    ],
)
def test_blocked_both_ways(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, change: dict[str, bool], error: str
) -> None:
    shopee_sandbox.control.change_contact(SHOP, CHATTING, **change)

    answer = caller.text(CHATTING, "Hi")

    assert (answer.status_code, answer.json()["error"]) == (200, error)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"subaccount": "assigned"}, "assigned_to_subaccount"),
        ({"subaccount": "bound"}, "shop_bound_subaccount"),
        ({"safety_block": True}, "block_by_internal_safety_strategies"),
    ],
)
def test_the_state_of_the_shop(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, change: dict[str, Any], error: str
) -> None:
    shopee_sandbox.control.call("PATCH", f"/shops/{SHOP}", change)

    assert caller.text(CHATTING, "Hi").json()["error"] == error


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"sends_per_minute": 1}, "exceed_send_limitaion"),
        ({"daily_sends": {"MY": 1}}, "error_limit"),
    ],
)
def test_volume(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, limits: dict[str, Any], error: str
) -> None:
    # The shop's own message of the seed is an hour old and may be of yesterday.
    shopee_sandbox.control.limits(**limits)

    errors = [caller.text(CHATTING, f"Message {n}").json()["error"] for n in range(2)]

    assert errors[-1] == error


def test_long_and_censored_texts(caller: ShopeeCaller) -> None:
    assert caller.text(CHATTING, "好" * 600).json()["error"] == ""
    assert caller.text(CHATTING, "好" * 601).json()["error"] == "message_too_long"
    assert caller.text(CHATTING, "Add me on WhatsApp").json()["error"] == "message_is_censored"


def test_taiwan_reads_but_does_not_send(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    control = shopee_sandbox.control
    control.call("POST", "/shops", {"shop_id": 22000886, "shop_name": "TW", "region": "TW"})
    control.buyer_writes(22000886, CHATTING, "Hi")
    caller.shop_id = 22000886
    caller.access_token, _ = control.mint_tokens(22000886, 1000001)

    assert caller.text(CHATTING, "Hi").json()["error"] == "error_permission"
    assert len(chats(caller)["conversations"]) == 1


def test_a_refused_message_leaves_no_trace(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    before = shopee_sandbox.control.counts()

    caller.text(CHATTING, "x" * 601)
    caller.text(STRANGER, "Hi")

    assert shopee_sandbox.control.counts() == before


def test_conversation_list_directions_and_paging(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    for buyer in range(900000002, 900000006):
        shopee_sandbox.control.buyer_writes(SHOP, buyer, "Hi")
    new_to_old = list(range(900000005, 900000000, -1))

    def ids(page: dict[str, Any]) -> list[int]:
        return [chat["to_id"] for chat in page["conversations"]]

    assert ids(chats(caller, "older")) == new_to_old
    assert ids(chats(caller, "latest")) == new_to_old[::-1]
    first = chats(caller, "older", page_size=2)
    cursor = first["page_result"]["next_cursor"]["next_message_time_nano"]
    assert first["page_result"]["more"] is True
    assert ids(first) == new_to_old[:2]
    assert ids(chats(caller, "older", next_timestamp_nano=cursor)) == new_to_old[2:]
    assert ids(chats(caller, "latest", next_timestamp_nano=cursor)) == new_to_old[:1]
    assert ids(chats(caller, "older", page_size=60)) == []
    too_big = caller.get(
        "sellerchat/get_conversation_list", direction="older", type="all", page_size=61
    )
    assert too_big.json()["error"] == "param_error"


def test_messages_come_newest_first_and_by_pages(caller: ShopeeCaller) -> None:
    chat = chats(caller)["conversations"][0]
    first = read(caller, chat["conversation_id"], page_size=2)
    offset = first["page_result"]["next_offset"]
    second = read(caller, chat["conversation_id"], page_size=2, offset=offset)

    texts = [message["content"]["text"] for message in first["messages"] + second["messages"]]
    assert texts == [
        "Great, thank you!",
        "Yes, we are packing it.",
        "Hi, is my parcel going out today?",
    ]
    assert second["page_result"]["next_offset"] == ""
    assert first["messages"][0]["message_id"] == chat["latest_message_id"]


def test_a_sent_picture_is_read_back_by_the_last_part_of_its_address(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller
) -> None:
    url = caller.uploaded(jpeg())
    sent = caller.send(CHATTING, "image", {"image_url": url}).json()["response"]

    message = read(caller, sent["conversation_id"])["messages"][0]
    shopee_sandbox.control.limits(bare_picture_ids=True)
    bare = read(caller, sent["conversation_id"])["messages"][0]["content"]["url"]

    assert (message["from_shop_id"], message["source"]) == (SHOP, "openapi")
    assert message["content"]["url"] == url
    assert bare == url.rsplit("/", 1)[-1]


def test_units_and_forms_of_ids_and_times(caller: ShopeeCaller) -> None:
    chat = chats(caller)["conversations"][0]
    message = read(caller, chat["conversation_id"])["messages"][0]

    assert isinstance(chat["conversation_id"], str)
    assert isinstance(message["conversation_id"], int)
    assert message["conversation_id"] > 2**53
    assert int(message["message_id"]) > 2**53
    assert chat["last_message_timestamp"] // 10**9 == message["created_timestamp"]


def test_reading_a_conversation(shopee_sandbox: RunningSandbox, caller: ShopeeCaller) -> None:
    def unread() -> int:
        answer = caller.get("sellerchat/get_unread_conversation_count").json()
        return int(answer["response"]["total_unread_count"])

    chat = chats(caller)["conversations"][0]
    body = {
        "conversation_id": chat["conversation_id"],
        "last_read_message_id": chat["latest_message_id"],
    }
    assert (chat["unread_count"], unread()) == (2, 1)

    assert caller.post("sellerchat/read_conversation", body).json()["error"] == ""

    assert unread() == 0
    seen = shopee_sandbox.control.chat(SHOP, CHATTING)
    assert seen["last_read_by_shop"] == chat["latest_message_id"]
    wrong = body | {"last_read_message_id": "5"}
    assert caller.post("sellerchat/read_conversation", wrong).json()["error"] == "param_error"


def test_one_conversation(caller: ShopeeCaller) -> None:
    chat = chats(caller)["conversations"][0]

    found = caller.get(
        "sellerchat/get_one_conversation", conversation_id=chat["conversation_id"]
    ).json()
    missing = caller.get("sellerchat/get_one_conversation", conversation_id="5").json()

    assert found["response"] == chat
    assert missing["error"] == "error_not_found"
