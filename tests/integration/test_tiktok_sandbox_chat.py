"""Chats at the TikTok Shop sandbox: reading, writing, and who may be written to (3.4)."""

import json
from typing import Any

import pytest

from sandbox.control_client import MarketControl
from sandbox.tiktok import demo_seed
from tests.support.tiktok_caller import CHATS, TikTokCaller, code_of, data_of, jpeg

HOUR_S, DAY_S = 3600, 86_400
SHOP, ORDER = demo_seed.SHOP_ID, demo_seed.FURTHER_ORDER_IDS[0]
BUYER, CHATTING = demo_seed.buyer_id(3), demo_seed.buyer_id(0)


def messages(tiktok: TikTokCaller, chat: str, **query: str) -> list[dict[str, Any]]:
    rows = data_of(tiktok.get(f"{CHATS}/{chat}/messages", **query))["messages"]
    found: list[dict[str, Any]] = rows
    return found


def only_chat(tiktok: TikTokCaller) -> dict[str, Any]:
    (chat,) = data_of(tiktok.get(CHATS))["conversations"]
    found: dict[str, Any] = chat
    return found


class TestConversations:
    def test_opening_gives_the_one_that_is_there(self, tiktok: TikTokCaller) -> None:
        first = tiktok.open(BUYER)
        assert tiktok.open(BUYER) == first
        assert tiktok.open(CHATTING) == only_chat_of(tiktok, CHATTING)["id"]

    def test_a_conversation_says_who_takes_part(self, tiktok: TikTokCaller) -> None:
        chat = only_chat(tiktok)
        buyer, shop = chat["participants"]
        assert (buyer["role"], buyer["user_id"]) == ("BUYER", CHATTING)
        assert buyer["im_user_id"] != CHATTING, "two ids that are not to be mixed up"
        assert shop["role"] == "SHOP"
        assert (chat["can_send_message"], chat["unread_count"]) == (True, 2)
        assert chat["latest_message"]["sender"]["role"] == "BUYER"
        alone = data_of(tiktok.get(f"/customer_service/202601/conversations/{chat['id']}"))
        assert alone["conversation"] == chat

    def test_the_list_comes_by_pages_newest_first(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller
    ) -> None:
        for index in range(3, 6):
            tiktok_control.buyer_writes(SHOP, demo_seed.buyer_id(index), "hello")
        first = data_of(tiktok.get(CHATS, page_size="3"))
        rest = data_of(tiktok.get(CHATS, page_size="3", page_token=first["next_page_token"]))
        buyers = [
            chat["participants"][0]["user_id"]
            for chat in [*first["conversations"], *rest["conversations"]]
        ]
        assert buyers == [demo_seed.buyer_id(index) for index in (5, 4, 3, 0)]
        assert rest["next_page_token"] == ""
        assert code_of(tiktok.get(CHATS, page_size="21")) == 36009004

    def test_reading_takes_the_unread_ones_away(self, tiktok: TikTokCaller) -> None:
        chat = only_chat(tiktok)["id"]
        data_of(tiktok.post(f"{CHATS}/{chat}/messages/read"))
        assert only_chat(tiktok)["unread_count"] == 0

    def test_messages_say_who_wrote_what(self, tiktok: TikTokCaller) -> None:
        chat = only_chat(tiktok)["id"]
        rows = messages(tiktok, chat)
        assert [row["sender"]["role"] for row in rows] == ["BUYER", "CUSTOMER_SERVICE", "BUYER"]
        assert json.loads(rows[0]["content"]) == {"content": "Great, thank you!"}
        assert all(row["is_visible"] for row in rows)
        assert messages(tiktok, chat, sort_order="ASC") == rows[::-1]
        indexes = [int(row["index"]) for row in rows]
        assert indexes == sorted(indexes, reverse=True)

    def test_a_long_conversation_comes_ten_at_a_time(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller
    ) -> None:
        for number in range(25):
            tiktok_control.buyer_writes(SHOP, BUYER, f"message {number}")
        chat, token, texts = tiktok.open(BUYER), "", []
        for _ in range(3):
            answer = data_of(tiktok.get(f"{CHATS}/{chat}/messages", page_token=token))
            texts += [json.loads(row["content"])["content"] for row in answer["messages"]]
            token = answer["next_page_token"]
        assert (token, texts) == ("", [f"message {number}" for number in range(24, -1, -1)])
        assert code_of(tiktok.get(f"{CHATS}/{chat}/messages", page_size="11")) == 36009004

    def test_a_conversation_of_nobody_or_of_another_shop(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller
    ) -> None:
        assert code_of(tiktok.get(f"{CHATS}/1/messages")) == 45101003
        shop = {"shop_id": "11", "shop_name": "Sister", "seller_id": demo_seed.SELLER_ID}
        tiktok_control.call("POST", "/shops", {**shop, "cipher": "GCP_sister"})
        chat = only_chat(tiktok)["id"]
        tiktok.cipher = "GCP_sister"
        assert code_of(tiktok.text(chat, "hello")) == 45102007


def only_chat_of(tiktok: TikTokCaller, buyer_id: str) -> dict[str, Any]:
    for chat in data_of(tiktok.get(CHATS))["conversations"]:
        if chat["participants"][0]["user_id"] == buyer_id:
            found: dict[str, Any] = chat
            return found
    raise AssertionError(buyer_id)


class TestSending:
    def test_the_buyer_sees_what_was_sent(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller
    ) -> None:
        chat, picture = tiktok.open(BUYER), jpeg()
        uploaded = tiktok.uploaded(picture)
        sent = [
            data_of(tiktok.text(chat, "Packed."))["message_id"],
            data_of(tiktok.send(chat, "IMAGE", uploaded))["message_id"],
            data_of(tiktok.send(chat, "ORDER_CARD", {"order_id": ORDER}))["message_id"],
        ]
        seen = tiktok_control.chat(SHOP, BUYER)["messages"]
        assert [row["message_id"] for row in seen] == sent
        assert (seen[0]["text"], seen[2]["order_sn"]) == ("Packed.", ORDER)
        assert seen[1]["image"]["size_bytes"] == len(picture)
        assert tiktok.http.get(uploaded["url"]).content == picture
        shown = [(row["type"], json.loads(row["content"])) for row in messages(tiktok, chat)]
        size = {"width": "64", "height": "32"}
        assert shown == [
            ("ORDER_CARD", {"order_id": ORDER}),
            ("IMAGE", {"url": uploaded["url"], **size}),
            ("TEXT", {"content": "Packed."}),
        ]

    def test_the_log_names_the_message_that_was_accepted(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller
    ) -> None:
        sent = data_of(tiktok.text(tiktok.open(BUYER), "Packed."))["message_id"]
        last = tiktok_control.requests()[-1]
        assert (last["message_id"], last["message_type"]) == (sent, "text")
        assert (last["accepted"], last["outcome"]) == (True, "ok")

    def test_the_newer_version_takes_the_same(self, tiktok: TikTokCaller) -> None:
        chat = tiktok.open(BUYER)
        path = f"/customer_service/202606/conversations/{chat}/messages"
        body = {"type": "TEXT", "content": json.dumps({"content": "Packed."})}
        assert data_of(tiktok.post(path, body))["message_id"]

    @pytest.mark.parametrize(
        ("kind", "content", "code"),
        [
            ("TEXT", {"content": ""}, 45101001),
            ("TEXT", {"content": "x" * 2001}, 45101001),
            ("TEXT", {"text": "hello"}, 45101001),
            ("TEXT", {"content": "see https://shop.example"}, 45101006),
            ("TEXT", {"content": "see www.shop.example"}, 45101006),
            ("TEXT", {"content": "ask me on WhatsApp"}, 45101006),
            ("TEXT", ["hello"], 45101001),
            ("IMAGE", {"url": "http://elsewhere.example/1.jpg"}, 45101001),
            ("ORDER_CARD", {"order_id": demo_seed.NORMAL_ORDER_ID}, 45101002),
            ("ORDER_CARD", {"order_id": "1"}, 45101002),
            ("PRODUCT_CARD", {"product_id": "1"}, 45101002),
            ("RETURN_REFUND_CARD", {"order_id": ORDER, "sku_id": "1"}, 45101002),
            ("COUPON_CARD", {"coupon_id": "1"}, 45101002),
            ("VIDEO", {"url": "x"}, 45111001),
            ("", {"content": "hello"}, 45101001),
        ],
    )
    def test_a_message_that_is_none_is_refused(
        self, tiktok: TikTokCaller, kind: str, content: Any, code: int
    ) -> None:
        assert code_of(tiktok.send(tiktok.open(BUYER), kind, content)) == code

    @pytest.mark.parametrize("content", ["not JSON", {"content": "hello"}, None])
    def test_content_is_json_in_a_string(self, tiktok: TikTokCaller, content: Any) -> None:
        path = f"{CHATS}/{tiktok.open(BUYER)}/messages"
        assert code_of(tiktok.post(path, {"type": "TEXT", "content": content})) == 45101001

    @pytest.mark.parametrize("change", [{"width": 63}, {"height": None}, {"url": "{url}?x"}])
    def test_a_picture_is_sent_as_its_upload_said(
        self, tiktok: TikTokCaller, change: dict[str, Any]
    ) -> None:
        uploaded = tiktok.uploaded(jpeg())
        if "url" in change:
            change = {"url": change["url"].format(**uploaded)}
        content = {**uploaded, **change}
        assert code_of(tiktok.send(tiktok.open(BUYER), "IMAGE", content)) == 45101001

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
    def test_pictures_of_four_kinds_are_taken(self, tiktok: TikTokCaller, form: str) -> None:
        uploaded = tiktok.uploaded(jpeg(form=form))
        assert (uploaded["width"], uploaded["height"]) == (64, 32)

    def test_other_files_are_not(self, tiktok_control: MarketControl, tiktok: TikTokCaller) -> None:
        assert code_of(tiktok.upload(b"")) == 36009004
        for body in (b"no picture", jpeg(form="BMP"), jpeg()[:-200]):
            assert code_of(tiktok.upload(body)) == 45111001
        tiktok_control.limits(image_limit_bytes=100)
        assert code_of(tiktok.upload(jpeg())) == 36009021

    def test_a_message_may_be_accepted_and_not_be_seen(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller
    ) -> None:
        chat = tiktok.open(BUYER)
        tiktok_control.fault("status_after", "messages", message_type="text")
        sent = data_of(tiktok.text(chat, "Packed."))["message_id"]
        (row,) = messages(tiktok, chat)
        assert (row["id"], row["is_visible"]) == (sent, False)
        assert tiktok_control.chat(SHOP, BUYER)["messages"] == []


class TestWhoMayBeWrittenTo:
    @pytest.mark.parametrize(("days", "code"), [(59, 0), (61, 45109003)])
    def test_a_conversation_begins_up_to_60_days_after_an_order(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller, days: int, code: int
    ) -> None:
        tiktok_control.advance(days * DAY_S)
        assert tiktok.post(CHATS, {"buyer_user_id": BUYER}).json()["code"] == code

    @pytest.mark.parametrize(("days", "code"), [(29, 0), (31, 45109003)])
    def test_or_up_to_30_days_after_a_chat(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller, days: int, code: int
    ) -> None:
        stranger = {"user_id": "7494000000000000777", "username": "stranger"}
        tiktok_control.call("POST", "/buyers", stranger)
        tiktok_control.buyer_writes(SHOP, "7494000000000000777", "hello")
        tiktok_control.advance(days * DAY_S)
        asked = {"buyer_user_id": "7494000000000000777"}
        assert tiktok.post(CHATS, asked).json()["code"] == code

    def test_or_with_a_return(self, tiktok_control: MarketControl, tiktok: TikTokCaller) -> None:
        tiktok_control.advance(90 * DAY_S)
        assert code_of(tiktok.post(CHATS, {"buyer_user_id": BUYER})) == 45109003
        tiktok_control.change_contact(SHOP, BUYER, return_open=True)
        assert tiktok.open(BUYER)

    def test_nobody_who_is_unknown(self, tiktok: TikTokCaller) -> None:
        assert code_of(tiktok.post(CHATS, {"buyer_user_id": "1"})) == 45109003
        assert code_of(tiktok.post(CHATS, {})) == 36009004

    def test_a_conversation_closes_by_itself_and_opens_again(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller
    ) -> None:
        chat = tiktok.open(BUYER)
        tiktok_control.advance(5 * HOUR_S)
        data_of(tiktok.text(chat, "one"))
        tiktok_control.advance(2 * HOUR_S)
        assert code_of(tiktok.text(chat, "two")) == 45109001
        assert only_chat_of(tiktok, BUYER)["can_send_message"] is False
        assert tiktok.open(BUYER) == chat
        data_of(tiktok.text(chat, "three"))

    def test_a_question_waits_seven_days_for_its_answer(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller
    ) -> None:
        tiktok_control.buyer_writes(SHOP, BUYER, "where is it?")
        chat = only_chat_of(tiktok, BUYER)["id"]
        tiktok_control.advance(7 * DAY_S - HOUR_S)
        data_of(tiktok.text(chat, "on its way"))
        assert code_of(tiktok.text(chat, "and more")) == 45109001, "it has its answer"

    def test_a_buyer_who_blocks_the_shop_closes_the_conversation(
        self, tiktok_control: MarketControl, tiktok: TikTokCaller
    ) -> None:
        chat = tiktok.open(BUYER)
        tiktok_control.change_contact(SHOP, BUYER, blocked_by_buyer=True)
        assert only_chat_of(tiktok, BUYER)["can_send_message"] is False
        assert code_of(tiktok.text(chat, "hello")) == 45109001
        assert code_of(tiktok.post(CHATS, {"buyer_user_id": BUYER})) == 45109003


def test_the_buyers_page_shows_the_chat_and_takes_an_answer(
    tiktok_control: MarketControl, tiktok: TikTokCaller
) -> None:
    chat = tiktok.open(BUYER)
    data_of(tiktok.text(chat, "Packed."))
    data_of(tiktok.send(chat, "ORDER_CARD", {"order_id": ORDER}))
    address = f"{tiktok.base_url}/buyer/{SHOP}/{BUYER}"
    page = tiktok.http.get(address).text
    assert "Packed." in page
    assert f"Order {ORDER}" in page
    tiktok.http.post(f"{address}/messages", data={"text": "Thank you!"})
    assert tiktok_control.chat(SHOP, BUYER)["messages"][-1]["text"] == "Thank you!"
    assert json.loads(messages(tiktok, chat)[0]["content"]) == {"content": "Thank you!"}
