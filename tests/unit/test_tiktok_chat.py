"""TikTok Shop's chat: reading and writing it, from replies in their documented shapes."""

import json
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
    MarketplaceError,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    PermanentError,
    TransientError,
)
from cloud.marketplaces.interface import CountsUnread
from cloud.marketplaces.tiktok.chat import send_body
from tests.support.tiktok_answers import (
    ACCESS,
    BUYER,
    CONVERSATION,
    NOW,
    ORDER,
    TEXT,
    Recorded,
    documented,
    refusal,
    seconds_after,
    success,
    tiktok,
)

CHATS = "/customer_service/202309/conversations"


def conversations(*buyers: str, after: str = "") -> dict[str, Any]:
    rows = [
        {"id": f"9{buyer}", "participants": [{"role": "BUYER", "user_id": buyer}]}
        for buyer in buyers
    ]
    return success({"conversations": rows, "next_page_token": after})


def test_a_conversation_names_its_buyer_as_orders_do() -> None:
    recorded = Recorded(documented("conversations"))
    page = tiktok(recorded).conversations(ACCESS, cursor="cGFnZTE=")
    first, second = page.conversations
    assert (first.conversation_id, first.buyer_id, first.buyer_name) == (
        CONVERSATION,
        BUYER,
        "tan.wei",
    )
    assert (first.unread_count, first.last_message_id) == (2, "7302000000000000008")
    assert first.last_message_at == seconds_after(4)
    assert (second.last_message_id, second.last_message_at) == ("", None)
    assert page.next_cursor == "cGFnZTI="
    assert (recorded.queries[0]["page_size"], recorded.queries[0]["page_token"]) == (
        "20",
        "cGFnZTE=",
    )


def test_a_conversation_without_a_buyer_hides_no_other() -> None:
    reply = documented("conversations")
    reply["data"]["conversations"][1]["participants"] = None
    page = tiktok(Recorded(reply)).conversations(ACCESS)
    assert [one.buyer_id for one in page.conversations] == [BUYER, ""]


def test_a_buyers_conversation_is_found_on_a_later_page() -> None:
    recorded = Recorded(conversations("11", after="p2"), conversations("22"))
    search = tiktok(recorded).find_conversation(ACCESS, buyer_id="22")
    assert search.conversation is not None
    assert (search.conversation.conversation_id, search.is_complete) == ("922", True)


def test_a_search_is_complete_only_at_the_end_of_the_list() -> None:
    """Its order is not stated, so that no page tells what the later ones hold."""
    search = tiktok(Recorded(conversations("11"))).find_conversation(ACCESS, buyer_id="22")
    assert (search.conversation, search.is_complete) == (None, True)
    recorded = Recorded(conversations("11", after="p2"), conversations("12", after="p3"))
    search = tiktok(recorded).find_conversation(ACCESS, buyer_id="22", since=NOW, max_pages=2)
    assert (search.conversation, search.is_complete) == (None, False)


@pytest.mark.parametrize("method", ["conversations", "messages"])
def test_a_page_token_that_does_not_go_on_is_not_taken_for_the_end(method: str) -> None:
    adapter = tiktok(Recorded(success({method: [], "next_page_token": "same"})))
    more = {"messages": [CONVERSATION], "conversations": []}[method]
    with pytest.raises(MalformedReply, match="does not go on"):
        getattr(adapter, method)(ACCESS, *more, cursor="same")


def test_opening_gives_the_buyers_conversation() -> None:
    recorded = Recorded(documented("conversation_created"))
    opened = tiktok(recorded).open_conversation(ACCESS, order_number=ORDER, buyer_id=BUYER)
    assert opened == CONVERSATION
    (request,) = recorded.requests
    assert (request.method, request.url.path) == ("POST", CHATS)
    assert request.content == b'{"buyer_user_id":"7494000000000000001"}'


@pytest.mark.parametrize("code", [45109001, 45109003])
def test_a_buyer_who_may_not_be_written_to_is_told_when_opening(code: int) -> None:
    with pytest.raises(PermanentError) as caught:
        tiktok(Recorded(refusal(code))).open_conversation(
            ACCESS, order_number=ORDER, buyer_id=BUYER
        )
    assert caught.value.failure is FailureClass.WINDOW_CLOSED


def test_messages_say_who_wrote_them_and_whether_they_are_shown() -> None:
    recorded = Recorded(documented("messages"))
    page = tiktok(recorded).messages(ACCESS, CONVERSATION, cursor="bWFpbg==")
    seen = [(m.kind, m.status, m.is_by_shop, m.is_by_api, m.is_hidden) for m in page.messages]
    assert seen == [
        ("ORDER_CARD", "CUSTOMER_SERVICE", True, False, False),
        ("IMAGE", "CUSTOMER_SERVICE", True, False, True),
        ("TEXT", "CUSTOMER_SERVICE", True, False, False),
        ("TEXT", "ROBOT", True, False, False),
        ("EMOTICONS", "BUYER", False, False, False),
    ]
    card, image, text, _, unknown = page.messages
    assert card.order_number == ORDER
    assert image.image_url == "https://p16.example/tos/abc.jpeg?x-expires=1"
    assert (text.text, text.created_at) == ("Your order is packed.", seconds_after(3))
    assert (unknown.text, unknown.image_url) == ("", "")
    assert {m.conversation_id for m in page.messages} == {CONVERSATION}
    assert page.next_cursor == "bmV4dA=="
    query = recorded.queries[0]
    asked = (query["page_size"], query["sort_order"], query["sort_field"], query["page_token"])
    assert asked == ("10", "DESC", "index", "bWFpbg==")


def test_messages_come_in_the_order_of_their_index_and_each_once() -> None:
    reply = documented("messages")
    rows = reply["data"]["messages"]
    reply["data"]["messages"] = [rows[3], rows[0], rows[4], rows[2], rows[1], rows[0]]
    page = tiktok(Recorded(reply)).messages(ACCESS, CONVERSATION)
    assert [message.message_id[-1] for message in page.messages] == ["8", "7", "6", "5", "4"]


def test_an_index_is_compared_as_a_number() -> None:
    reply = documented("messages")
    for index, row in zip(["9", 10, "100", 8, "11"], reply["data"]["messages"], strict=True):
        row["index"] = index
    page = tiktok(Recorded(reply)).messages(ACCESS, CONVERSATION)
    assert [message.message_id[-1] for message in page.messages] == ["6", "4", "7", "8", "5"]


@pytest.mark.parametrize(
    "content", [None, "", "plain", "[]", "{", 5, "[" * 100_000, '{"content": 5}', {"content": None}]
)
def test_a_message_of_a_kind_we_do_not_know_does_not_hide_the_others(content: Any) -> None:
    reply = documented("messages")
    reply["data"]["messages"][4].update(type="NOVELTY", content=content)
    page = tiktok(Recorded(reply)).messages(ACCESS, CONVERSATION)
    assert len(page.messages) == 5
    assert page.messages[4].text == ""


@pytest.mark.parametrize("conversation_id", ["", "../orders", "a/b", "1 2", "1?x"])
def test_an_id_that_no_path_could_name_is_no_conversation(conversation_id: str) -> None:
    with pytest.raises(NotFound):
        tiktok(Recorded()).messages(ACCESS, conversation_id)


@pytest.mark.parametrize(
    ("part", "kind", "content"),
    [
        (TextPart("hello 你好 🙂"), "TEXT", {"content": "hello 你好 🙂"}),
        (
            ImagePart("https://p16.example/abc.jpeg", 1280, 960),
            "IMAGE",
            {"url": "https://p16.example/abc.jpeg", "width": 1280, "height": 960},
        ),
        (OrderCardPart(ORDER), "ORDER_CARD", {"order_id": ORDER}),
    ],
)
def test_the_content_of_a_message_is_json_in_a_string(
    part: MessagePart, kind: str, content: dict[str, Any]
) -> None:
    body = send_body(part)
    assert (body["type"], set(body)) == (kind, {"type", "content"})
    assert isinstance(body["content"], str)
    assert json.loads(body["content"]) == content


@pytest.mark.parametrize(("width", "height"), [(None, None), (1280, None), (None, 960)])
def test_a_picture_without_its_size_is_not_sent(width: int | None, height: int | None) -> None:
    message = OutgoingMessage(BUYER, ORDER, ImagePart("https://a/b", width, height), CONVERSATION)
    recorded = Recorded()
    with pytest.raises(PermanentError, match="picture_without_size"):
        tiktok(recorded).send(ACCESS, message, deadline_s=5)
    assert recorded.requests == []


def test_a_sent_message_has_the_marketplaces_id() -> None:
    recorded = Recorded(documented("message_sent"))
    sent = tiktok(recorded).send(ACCESS, TEXT, deadline_s=5)
    assert (sent.message_id, sent.conversation_id) == ("7302000000000000009", CONVERSATION)
    assert sent.created_at == NOW
    assert recorded.paths == [f"{CHATS}/{CONVERSATION}/messages"]


def test_a_message_without_a_conversation_opens_the_buyers_first() -> None:
    recorded = Recorded(documented("conversation_created"), documented("message_sent"))
    message = OutgoingMessage(BUYER, ORDER, TEXT.part)
    sent = tiktok(recorded).send(ACCESS, message, deadline_s=5)
    assert sent.conversation_id == CONVERSATION
    assert recorded.paths == [CHATS, f"{CHATS}/{CONVERSATION}/messages"]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal(36009003, "Internal error"), TransientError),
        (refusal(45101001), TransientError),
        (refusal(45109003), PermanentError),
        (success({}), MalformedReply),
    ],
)
def test_a_conversation_that_cannot_be_opened_means_that_nothing_was_sent(
    reply: dict[str, Any], kind: type[MarketplaceError]
) -> None:
    recorded = Recorded(reply)
    with pytest.raises(MarketplaceError) as caught:
        tiktok(recorded).send(ACCESS, OutgoingMessage(BUYER, ORDER, TEXT.part), deadline_s=5)
    assert type(caught.value) is kind
    assert len(recorded.requests) == 1


def test_opening_and_sending_share_one_deadline() -> None:
    message = OutgoingMessage(BUYER, ORDER, TEXT.part)
    both = Recorded(documented("conversation_created"), documented("message_sent"))
    tiktok(both).send(ACCESS, message, deadline_s=5)
    opening_s, sending_s = [one.extensions["timeout"]["read"] for one in both.requests]
    assert sending_s < opening_s == 5
    recorded = Recorded()
    with pytest.raises(NotConnected, match="deadline_passed"):
        tiktok(recorded).send(ACCESS, message, deadline_s=0)
    assert recorded.requests == []


@pytest.mark.parametrize(
    "data", [None, {}, [], "sent", {"message_id": ""}, {"message_id": None}, {"message_id": 1.5}]
)
def test_a_success_without_a_message_id_is_not_called_sent(data: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        tiktok(Recorded(success(data))).send(ACCESS, TEXT, deadline_s=5)


@pytest.mark.parametrize(
    ("code", "status"), [(36009003, 200), (36009007, 500), (45101001, 200), (77, 503)]
)
def test_a_fault_on_a_send_leaves_it_unknown(code: int, status: int) -> None:
    with pytest.raises(OutcomeUnknown):
        tiktok(Recorded(refusal(code), status=status)).send(ACCESS, TEXT, deadline_s=5)


def test_an_upload_is_one_file_field_and_gives_an_address_and_a_size() -> None:
    recorded = Recorded(documented("image_upload"))
    uploaded = tiktok(recorded).upload_image(ACCESS, b"\xff\xd8\xff jpeg")
    assert uploaded.url == "https://p16.example/tos/abc.jpeg"
    assert (uploaded.width_px, uploaded.height_px) == (1280, 960)
    (request,) = recorded.requests
    body = request.content
    assert b'name="data"; filename="photo.jpeg"' in body
    assert b"Content-Type: image/jpeg" in body
    assert b"\xff\xd8\xff jpeg" in body


@pytest.mark.parametrize("change", [{"width": "1280"}, {"width": 1280.0}, {"width": 0}, {}])
def test_a_size_may_come_as_text_but_has_to_come(change: dict[str, Any]) -> None:
    reply = documented("image_upload")
    del reply["data"]["width"]
    reply["data"] |= change
    adapter = tiktok(Recorded(reply))
    if change.get("width") == "1280":
        assert adapter.upload_image(ACCESS, b"jpeg").width_px == 1280
    else:
        with pytest.raises(MalformedReply, match="width"):
            adapter.upload_image(ACCESS, b"jpeg")


def test_a_picture_that_is_too_large_is_refused_content() -> None:
    with pytest.raises(PermanentError) as caught:
        tiktok(Recorded(refusal(36009021), status=413)).upload_image(ACCESS, b"jpeg")
    assert caught.value.failure is FailureClass.REFUSED_CONTENT


def test_a_picture_that_is_not_taken_without_a_documented_code_is_refused_content() -> None:
    with pytest.raises(PermanentError) as caught:
        tiktok(Recorded(refusal(45111001))).upload_image(ACCESS, b"jpeg")
    assert (caught.value.failure, caught.value.name) == (FailureClass.REFUSED_CONTENT, "45111001")


def test_an_upload_that_broke_off_may_be_repeated() -> None:
    def drop(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    with pytest.raises(TransientError, match="no_answer"):
        tiktok(drop).upload_image(ACCESS, b"jpeg")


def test_marking_as_read_names_the_conversation_and_has_no_body() -> None:
    recorded = Recorded(success({}))
    tiktok(recorded).mark_read(ACCESS, CONVERSATION, last_message_id="7302000000000000008")
    (request,) = recorded.requests
    assert recorded.paths == [f"{CHATS}/{CONVERSATION}/messages/read"]
    assert (request.method, request.content) == ("POST", b"")


def test_marking_what_is_no_conversation_is_not_found() -> None:
    with pytest.raises(NotFound):
        tiktok(Recorded()).mark_read(ACCESS, "../orders", last_message_id="5")


def test_marking_as_read_may_be_repeated_after_a_fault() -> None:
    """A fault is no unknown outcome: marking twice is as good as once."""
    with pytest.raises(TransientError):
        tiktok(Recorded(refusal(36009003))).mark_read(ACCESS, CONVERSATION, last_message_id="5")


def test_only_a_marketplace_that_counts_the_unread_says_so() -> None:
    """TikTok Shop has no total: the counts of its conversations are all there is."""
    assert not isinstance(tiktok(Recorded()), CountsUnread)
