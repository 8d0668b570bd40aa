"""Shopee's chat: reading and writing it, from replies in their documented shapes."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from cloud.marketplaces.chats import (
    ImagePart,
    MessagePart,
    OrderCardPart,
    OutgoingMessage,
    TextPart,
)
from cloud.marketplaces.errors import (
    FailureClass,
    MalformedReply,
    NotFound,
    OrderCardNeeded,
    OutcomeUnknown,
    PermanentError,
    TransientError,
)
from cloud.marketplaces.interface import CountsUnread
from cloud.marketplaces.shopee.chat import send_body
from tests.support.shopee_answers import (
    ACCESS,
    BIG_ID,
    NOW,
    ORDER,
    TEXT,
    Recorded,
    documented,
    refusal,
    seconds_after,
    shopee,
)

S10 = "f863530695ae1c46213065c7b1b668116f3523b0cee3ca33388aefc5c33ae9cc"
S12 = "c844f1797fc2ad64ddeeadf10ec6ee1b6a4de01b89ed0c4c2259cd2ac2e743f6"


def conversations(*rows: dict[str, Any], after: str = "") -> dict[str, Any]:
    page: dict[str, Any] = {"page_size": 25, "more": bool(after)}
    if after:
        page["next_cursor"] = {"next_message_time_nano": after, "conversation_id": "1"}
    return {"error": "", "response": {"page_result": page, "conversations": list(rows)}}


def conversation(number: int, buyer: int, seconds: float) -> dict[str, Any]:
    nanoseconds = int(seconds_after(seconds).timestamp()) * 1_000_000_000
    return {"conversation_id": number, "to_id": buyer, "last_message_timestamp": nanoseconds}


def test_conversations_keep_big_ids_and_have_times_of_nanoseconds() -> None:
    recorded = Recorded(documented("get_conversation_list"))
    page = shopee(recorded).conversations(ACCESS)
    first = page.conversations[0]
    assert (first.conversation_id, first.buyer_id) == (BIG_ID, "900000001")
    assert first.last_message_id == str(int(BIG_ID) + 2)
    assert first.last_message_at == datetime(2023, 11, 14, 21, 56, 40, 123456, tzinfo=UTC)
    assert page.next_cursor == "1699990000000000001"


def test_conversations_are_asked_for_newest_first_and_25_at_a_time() -> None:
    recorded = Recorded(documented("get_conversation_list"))
    shopee(recorded).conversations(ACCESS, cursor="1699990000000000001")
    query = recorded.queries[0]
    assert (query["direction"], query["type"], query["page_size"]) == ("older", "all", "25")
    assert query["next_timestamp_nano"] == "1699990000000000001"


@pytest.mark.parametrize("value", [1_699_999_000, 1_699_999_000_000, "soon", 1.5, True])
def test_a_conversation_time_in_another_unit_is_refused(value: Any) -> None:
    row = {**conversation(1, 2, 0), "last_message_timestamp": value}
    with pytest.raises(MalformedReply, match="last_message_timestamp"):
        shopee(Recorded(conversations(row))).conversations(ACCESS)


def test_a_conversation_without_messages_has_no_time() -> None:
    row = {**conversation(1, 2, 0), "last_message_timestamp": 0}
    page = shopee(Recorded(conversations(row))).conversations(ACCESS)
    assert page.conversations[0].last_message_at is None


def test_a_list_that_says_more_but_not_from_where_is_no_complete_list() -> None:
    reply = conversations(after="5")
    del reply["response"]["page_result"]["next_cursor"]
    with pytest.raises(MalformedReply, match="not from where"):
        shopee(Recorded(reply)).conversations(ACCESS)


def test_a_buyers_conversation_is_found_on_a_later_page() -> None:
    recorded = Recorded(
        conversations(conversation(1, 11, 0), after="5"), conversations(conversation(2, 22, -5))
    )
    search = shopee(recorded).find_conversation(ACCESS, buyer_id="22")
    assert search.conversation is not None
    assert (search.conversation.conversation_id, search.is_complete) == ("2", True)


def test_a_search_is_complete_at_the_end_of_the_list() -> None:
    search = shopee(Recorded(conversations())).find_conversation(ACCESS, buyer_id="22")
    assert (search.conversation, search.is_complete) == (None, True)


def test_a_search_that_runs_out_of_pages_is_not_complete() -> None:
    page = conversations(conversation(1, 11, 0), after="5")
    search = shopee(Recorded(page, page)).find_conversation(ACCESS, buyer_id="22", max_pages=2)
    assert (search.conversation, search.is_complete) == (None, False)


def test_a_search_stops_where_the_conversations_are_older_than_asked() -> None:
    recorded = Recorded(
        conversations(conversation(1, 11, 0), conversation(2, 12, -60), after="5"), conversations()
    )
    search = shopee(recorded).find_conversation(ACCESS, buyer_id="22", since=seconds_after(-30))
    assert (search.conversation, search.is_complete) == (None, True)
    assert len(recorded.requests) == 1


def test_a_list_out_of_order_proves_nothing_about_what_is_older() -> None:
    recorded = Recorded(
        conversations(conversation(1, 11, -90), conversation(2, 12, -60), after="5"),
        conversations(conversation(3, 22, -1)),
    )
    search = shopee(recorded).find_conversation(ACCESS, buyer_id="22", since=seconds_after(-30))
    assert search.conversation is not None


def test_shopee_opens_a_conversation_with_the_first_message() -> None:
    assert shopee(Recorded()).open_conversation(ACCESS, order_number=ORDER, buyer_id="22") == ""


def test_messages_say_who_wrote_them_by_what_and_whether_the_buyer_sees_them() -> None:
    recorded = Recorded(documented("get_message"))
    page = shopee(recorded).messages(ACCESS, "77000001", cursor="9")
    seen = [(m.kind, m.is_by_shop, m.is_by_api, m.is_hidden) for m in page.messages]
    assert seen == [
        ("order", True, True, False),
        ("image", True, True, True),
        ("text", True, True, False),
        ("text", True, False, False),
        ("sticker", False, False, False),
    ]
    assert page.messages[0].message_id == str(int(BIG_ID) + 8)
    assert page.messages[0].order_number == ORDER
    assert page.messages[1].image_url == "sg-11134209-7rbk0-photo1"
    assert page.messages[1].message_id == str(int(BIG_ID) + 6)
    assert page.messages[2].text == "Your order 231115ABCDEF12 is packed."
    assert page.messages[2].created_at == seconds_after(3)
    assert {m.conversation_id for m in page.messages} == {"77000001"}
    assert page.next_cursor == BIG_ID
    assert (recorded.queries[0]["conversation_id"], recorded.queries[0]["offset"]) == (
        "77000001",
        "9",
    )


@pytest.mark.parametrize("content", [None, "text", [], {"text": 5}, {"text": None}, {}])
def test_a_message_of_a_kind_we_do_not_know_does_not_hide_the_others(content: Any) -> None:
    reply = documented("get_message")
    reply["response"]["messages"][4].update(message_type="novelty", content=content)
    page = shopee(Recorded(reply)).messages(ACCESS, "77000001")
    assert len(page.messages) == 5
    assert page.messages[4].text == ""


@pytest.mark.parametrize("offset", ["", None, 0, "0"])
def test_messages_end_without_a_next_offset(offset: Any) -> None:
    reply = documented("get_message")
    reply["response"]["page_result"]["next_offset"] = offset
    assert shopee(Recorded(reply)).messages(ACCESS, "77000001").next_cursor == ""


def test_messages_end_with_an_empty_page() -> None:
    reply = documented("get_message")
    reply["response"]["messages"] = []
    assert shopee(Recorded(reply)).messages(ACCESS, "77000001").next_cursor == ""


def test_an_offset_that_does_not_go_on_is_not_taken_for_the_end() -> None:
    with pytest.raises(MalformedReply, match="does not go on"):
        shopee(Recorded(documented("get_message"))).messages(ACCESS, "77000001", cursor=BIG_ID)


@pytest.mark.parametrize(
    ("part", "message_type", "content"),
    [
        (TextPart("hello 你好 🙂"), "text", {"text": "hello 你好 🙂"}),
        (ImagePart("https://cdn.test/1"), "image", {"image_url": "https://cdn.test/1"}),
        (OrderCardPart(ORDER), "order", {"order_sn": ORDER}),
    ],
)
def test_every_kind_of_message_names_its_order(
    part: MessagePart, message_type: str, content: dict[str, str]
) -> None:
    assert send_body(OutgoingMessage(BIG_ID, ORDER, part)) == {
        "to_id": int(BIG_ID),
        "message_type": message_type,
        "content": content,
        "source_content": {"order_sn": ORDER},
        "business_type": 0,
    }


def test_a_message_about_no_order_names_none() -> None:
    assert "source_content" not in send_body(OutgoingMessage("1", "", TextPart("hello")))


@pytest.mark.parametrize("buyer_id", ["", "tan.wei", "-1", "²"])
def test_a_buyer_id_that_is_not_shopees_is_refused_before_it_is_asked(buyer_id: str) -> None:
    with pytest.raises(PermanentError) as caught:
        shopee(Recorded()).send(ACCESS, OutgoingMessage(buyer_id, ORDER, TEXT.part), deadline_s=5)
    assert caught.value.failure is FailureClass.BUYER_UNREACHABLE


def test_a_sent_message_has_the_marketplaces_ids_and_time() -> None:
    recorded = Recorded(documented("send_message"))
    sent = shopee(recorded).send(ACCESS, TEXT, deadline_s=5)
    assert sent.message_id == str(int(BIG_ID) + 10)
    assert (sent.conversation_id, sent.created_at) == ("77000001", seconds_after(2))
    (request,) = recorded.requests
    assert json.loads(request.content)["source_content"] == {"order_sn": ORDER}
    assert request.url.params["sign"] == S10


def test_a_message_id_alone_is_enough_to_be_sent() -> None:
    reply = {"error": "", "response": {"message_id": "5"}}
    sent = shopee(Recorded(reply)).send(ACCESS, TEXT, deadline_s=5)
    assert (sent.message_id, sent.conversation_id, sent.created_at) == ("5", "", NOW)


@pytest.mark.parametrize(
    "response",
    [
        None,
        {},
        [],
        "sent",
        {"message_id": ""},
        {"message_id": None},
        {"message_id": 1.5},
        {"message_id": "5" * 81},  # longer than the database keeps
        {"message_id": "5", "conversation_id": "7" * 81},
    ],
)
def test_a_success_without_a_message_id_is_not_called_sent(response: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        shopee(Recorded({"error": "", "response": response})).send(ACCESS, TEXT, deadline_s=5)


def test_the_platform_asks_for_the_order_card_by_its_own_error() -> None:
    with pytest.raises(OrderCardNeeded):
        shopee(Recorded(refusal("first_chat_without_order_info"))).send(ACCESS, TEXT, deadline_s=5)


def test_an_upload_is_one_file_field_and_gives_an_address() -> None:
    recorded = Recorded(documented("upload_image"))
    uploaded = shopee(recorded).upload_image(ACCESS, b"\xff\xd8\xff jpeg")
    assert uploaded.url == "https://cf.shopee.sg/file/sg-11134209-7rbk0-photo1"
    (request,) = recorded.requests
    body = request.content
    assert b'name="file"; filename="photo.jpeg"' in body
    assert b"Content-Type: image/jpeg" in body
    assert b"\xff\xd8\xff jpeg" in body
    assert request.url.params["sign"] == S12


def test_an_upload_without_an_address_may_be_repeated() -> None:
    with pytest.raises(MalformedReply, match="url"):
        shopee(Recorded({"error": "", "response": {}})).upload_image(ACCESS, b"jpeg")


def test_an_upload_that_broke_off_may_be_repeated() -> None:
    def drop(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    with pytest.raises(Exception, match="no_answer") as caught:
        shopee(drop).upload_image(ACCESS, b"jpeg")
    assert getattr(caught.value, "retry_helps", None) is True


def test_a_conversation_is_marked_as_read_up_to_a_message() -> None:
    recorded = Recorded({"request_id": "1", "error": "", "message": ""})
    shopee(recorded).mark_read(ACCESS, BIG_ID, last_message_id="2305843009213693955")
    assert recorded.paths == ["read_conversation"]
    assert json.loads(recorded.requests[0].content) == {
        "conversation_id": int(BIG_ID),
        "last_read_message_id": "2305843009213693955",
    }


@pytest.mark.parametrize("conversation_id", ["", "c-1", "١٢"])
def test_marking_what_is_no_conversation_is_not_found(conversation_id: str) -> None:
    with pytest.raises(NotFound):
        shopee(Recorded()).mark_read(ACCESS, conversation_id, last_message_id="5")


def test_marking_as_read_may_be_repeated_after_a_fault() -> None:
    """A fault is no unknown outcome: marking twice is as good as once."""
    with pytest.raises(TransientError):
        shopee(Recorded(refusal("error_server"))).mark_read(ACCESS, "1", last_message_id="5")


@pytest.mark.parametrize("count", [3, "3"])
def test_unread_conversations_are_counted_by_shopee(count: Any) -> None:
    reply = {"error": "", "response": {"total_unread_count": count}}
    adapter = shopee(Recorded(reply))
    assert isinstance(adapter, CountsUnread)
    assert adapter.unread_conversations(ACCESS) == 3


@pytest.mark.parametrize("response", [{}, None, {"total_unread_count": -1}])
def test_a_count_that_is_none_is_malformed(response: Any) -> None:
    with pytest.raises(MalformedReply):
        shopee(Recorded({"error": "", "response": response})).unread_conversations(ACCESS)
