"""Lazada's chat: reading and writing it, from replies in their documented shapes."""

import io
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from PIL import ExifTags, Image

from cloud.marketplaces.chats import (
    ImagePart,
    MessagePart,
    OrderCardPart,
    OutgoingMessage,
    TextPart,
    UploadedImage,
)
from cloud.marketplaces.errors import (
    FailureClass,
    MalformedReply,
    OutcomeUnknown,
    PermanentError,
    TransientError,
)
from cloud.marketplaces.interface import CountsUnread
from tests.support.lazada_answers import (
    ACCESS,
    NOW,
    ORDER,
    SESSION,
    TEXT,
    Recorded,
    documented,
    lazada,
    refusal,
    seconds_after,
)

LAST = {"code": "0", "success": True, "data": {"has_more": False}}


def jpeg(width_px: int = 64, height_px: int = 48, orientation: int = 1) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.new("RGB", (width_px, height_px)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_conversations_have_their_buyer_and_times_of_milliseconds() -> None:
    page = lazada(Recorded(documented("session_list"))).conversations(ACCESS)
    first = page.conversations[0]
    assert (first.conversation_id, first.buyer_id) == (SESSION, "100000099")
    assert (first.unread_count, first.last_message_id) == (1, "m-9")
    assert first.last_message_at == datetime(2023, 11, 14, 21, 56, 40, 123000, tzinfo=UTC)


def test_the_list_begins_now_and_goes_on_where_it_was_told() -> None:
    recorded = Recorded(documented("session_list"), LAST)
    adapter = lazada(recorded)
    page = adapter.conversations(ACCESS)
    last = adapter.conversations(ACCESS, cursor=page.next_cursor)
    first, second = recorded.queries
    assert (first["start_time"], first["page_size"]) == ("1700000000000", "20")
    assert "last_session_id" not in first
    assert second["start_time"] == "1699990000000"
    assert second["last_session_id"] == "100000001_2_100000098_1_103"
    assert (last.conversations, last.next_cursor) == ((), "")


@pytest.mark.parametrize("value", [1_699_999_000, 1_699_999_000_000_000_000, "soon", 1.5, True, -5])
def test_a_conversation_time_in_another_unit_is_refused(value: Any) -> None:
    reply = documented("session_list")
    reply["data"]["session_list"][0]["last_message_time"] = value
    with pytest.raises(MalformedReply, match="last_message_time"):
        lazada(Recorded(reply)).conversations(ACCESS)


@pytest.mark.parametrize("value", [None, 0, ""])
def test_a_conversation_without_messages_has_no_time(value: Any) -> None:
    reply = documented("session_list")
    reply["data"]["session_list"][0]["last_message_time"] = value
    page = lazada(Recorded(reply)).conversations(ACCESS)
    assert page.conversations[0].last_message_at is None


@pytest.mark.parametrize("name", ["session_list", "message_list"])
@pytest.mark.parametrize("where", ["", None, "missing"])
def test_a_list_that_says_more_but_not_from_where_is_no_complete_list(
    name: str, where: str | None
) -> None:
    reply = documented(name)
    reply["data"]["next_start_time"] = where
    with pytest.raises(MalformedReply, match="not from where"):
        ask(name, Recorded(reply))


@pytest.mark.parametrize("name", ["session_list", "message_list"])
def test_a_list_that_stands_still_is_no_endless_list(name: str) -> None:
    reply = documented(name)
    last_id = reply["data"]["last_session_id" if name == "session_list" else "last_message_id"]
    cursor = f"{reply['data']['next_start_time']}:{last_id}"
    with pytest.raises(MalformedReply, match="not from where"):
        ask(name, Recorded(reply), cursor)


def ask(name: str, recorded: Recorded, cursor: str = "") -> object:
    adapter = lazada(recorded)
    if name == "session_list":
        return adapter.conversations(ACCESS, cursor=cursor)
    return adapter.messages(ACCESS, SESSION, cursor=cursor)


def test_a_cursor_of_another_marketplace_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        lazada(Recorded()).conversations(ACCESS, cursor="soon")


def test_a_buyers_conversation_is_found_on_a_later_page() -> None:
    second = documented("session_list")
    second["data"]["session_list"] = [
        {**second["data"]["session_list"][0], "buyer_id": 22, "session_id": "s-22"}
    ]
    second["data"]["has_more"] = False
    recorded = Recorded(documented("session_list"), second)
    search = lazada(recorded).find_conversation(ACCESS, buyer_id="22")
    assert search.conversation is not None
    assert (search.conversation.conversation_id, search.is_complete) == ("s-22", True)


def test_a_search_is_complete_at_the_end_of_the_list() -> None:
    search = lazada(Recorded(LAST)).find_conversation(ACCESS, buyer_id="22")
    assert (search.conversation, search.is_complete) == (None, True)


def test_a_search_ends_where_it_was_told_to() -> None:
    page = documented("session_list")
    search = lazada(Recorded(page)).find_conversation(
        ACCESS, buyer_id="22", since=seconds_after(-30)
    )
    assert search.is_complete
    search = lazada(Recorded(page)).find_conversation(ACCESS, buyer_id="22", max_pages=1)
    assert not search.is_complete


def test_a_conversation_is_opened_by_its_order() -> None:
    recorded = Recorded(documented("session_open"))
    adapter = lazada(recorded)
    opened = adapter.open_conversation(ACCESS, order_number=ORDER, buyer_id="100000099")
    assert opened == SESSION
    assert recorded.paths == ["/im/session/open"]
    assert recorded.queries[0]["order_id"] == ORDER


@pytest.mark.parametrize("where", ["code", "err_code", "error_code"])
def test_a_buyer_of_long_ago_may_not_be_written_to(where: str) -> None:
    """The error may stand in either envelope, and under either name."""
    reply = {"code": "0", "success": False, "err_message": "order out of day limit: 30"}
    with pytest.raises(PermanentError) as caught:
        lazada(Recorded({**reply, where: "-22"})).open_conversation(
            ACCESS, order_number=ORDER, buyer_id="1"
        )
    assert (caught.value.failure, caught.value.name) == (FailureClass.WINDOW_CLOSED, "-22")
    assert caught.value.detail == "order out of day limit: 30"


def test_messages_say_who_wrote_them_and_what() -> None:
    page = lazada(Recorded(documented("message_list"))).messages(ACCESS, SESSION)
    assert [(m.message_id, m.kind, m.is_by_shop, m.is_by_api) for m in page.messages] == [
        ("m-9", "10007", True, True),
        ("m-8", "3", True, True),
        ("m-7", "1", True, True),
        ("m-6", "10015", True, False),
        ("m-5", "1", False, False),
    ]
    assert page.messages[0].order_number == ORDER
    assert page.messages[1].image_url == "https://my-live.slatic.net/p/photo1.jpg"
    assert page.messages[2].text == "Your order 330011223344556 is packed."
    assert page.messages[4].created_at == datetime(2023, 11, 14, 21, 56, 40, 123000, tzinfo=UTC)
    assert {m.conversation_id for m in page.messages} == {SESSION}


def test_a_message_that_lazada_did_not_let_through_is_hidden() -> None:
    page = lazada(Recorded(documented("message_list"))).messages(ACCESS, SESSION)
    assert [m.message_id for m in page.messages if m.is_hidden] == ["m-8"]
    assert page.messages[1].status == "The content is not allowed."


@pytest.mark.parametrize("content", ["not JSON", "[]", "[" * 100_000, "null", None, 5, {"a": 1}])
def test_content_of_an_unknown_shape_does_no_harm(content: Any) -> None:
    reply = documented("message_list")
    reply["data"]["message_list"][2]["content"] = content
    page = lazada(Recorded(reply)).messages(ACCESS, SESSION)
    assert (page.messages[2].text, page.messages[2].order_number) == ("", "")


def test_a_picture_is_uploaded_with_its_bytes_and_comes_back_with_its_size() -> None:
    recorded = Recorded(documented("image_upload"))
    picture = jpeg(64, 48)
    uploaded = lazada(recorded).upload_image(ACCESS, picture)
    assert uploaded == UploadedImage("https://my-live.slatic.net/p/photo1.jpg", 64, 48)
    (request,) = recorded.requests
    assert recorded.paths == ["/image/upload"]
    assert picture in request.content
    assert b'name="image"; filename="photo.jpeg"' in request.content


@pytest.mark.parametrize(("orientation", "size"), [(1, (64, 48)), (6, (48, 64)), (3, (64, 48))])
def test_the_size_is_that_of_the_picture_as_it_is_shown(
    orientation: int, size: tuple[int, int]
) -> None:
    recorded = Recorded(documented("image_upload"))
    uploaded = lazada(recorded).upload_image(ACCESS, jpeg(64, 48, orientation))
    assert (uploaded.width_px, uploaded.height_px) == size


def test_what_is_no_picture_is_refused_before_it_is_uploaded() -> None:
    with pytest.raises(PermanentError) as caught:
        lazada(Recorded()).upload_image(ACCESS, b"\xff\xd8 no picture")
    assert caught.value.failure is FailureClass.REFUSED_CONTENT


@pytest.mark.parametrize("code", ["30", "302", "303"])
def test_a_picture_that_lazada_does_not_take_is_refused_content(code: str) -> None:
    with pytest.raises(PermanentError) as caught:
        lazada(Recorded(refusal(code, "Image is too large", "ISP"))).upload_image(ACCESS, jpeg())
    assert caught.value.failure is FailureClass.REFUSED_CONTENT


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        (TextPart("a & b"), {"template_id": "1", "txt": "a & b"}),
        (
            ImagePart("https://x.test/1.jpg", 1280, 960),
            {
                "template_id": "3",
                "img_url": "https://x.test/1.jpg",
                "width": "1280",
                "height": "960",
            },
        ),
        (OrderCardPart(ORDER), {"template_id": "10007", "order_id": ORDER}),
    ],
)
def test_each_kind_is_sent_with_its_own_fields(part: MessagePart, fields: dict[str, str]) -> None:
    recorded = Recorded(documented("message_send"))
    message = OutgoingMessage("100000099", ORDER, part, SESSION)
    sent = lazada(recorded).send(ACCESS, message, deadline_s=5)
    assert (sent.message_id, sent.conversation_id, sent.created_at) == ("m-10", SESSION, NOW)
    (form,) = recorded.forms
    common = {"app_key", "timestamp", "sign_method", "sign", "access_token"}
    assert {name: value for name, value in form.items() if name not in common} == {
        **fields,
        "session_id": SESSION,
    }
    assert recorded.requests[0].method == "POST"
    assert not recorded.requests[0].url.query


@pytest.mark.parametrize("size", [(None, None), (1280, None), (None, 960)])
def test_a_picture_without_its_size_is_not_sent(size: tuple[int | None, int | None]) -> None:
    message = OutgoingMessage("1", ORDER, ImagePart("https://x.test/1.jpg", *size), SESSION)
    with pytest.raises(PermanentError, match="picture_without_size"):
        lazada(Recorded()).send(ACCESS, message, deadline_s=5)


def test_sending_without_a_conversation_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="open it before"):
        lazada(Recorded()).send(ACCESS, OutgoingMessage("1", ORDER, TextPart("x")), deadline_s=5)


@pytest.mark.parametrize("data", [{}, None, {"message_id": ""}, {"message_id": None}, []])
def test_a_success_without_an_id_is_no_success(data: Any) -> None:
    reply = {"code": "0", "success": True, "data": data}
    with pytest.raises(OutcomeUnknown):
        lazada(Recorded(reply)).send(ACCESS, TEXT, deadline_s=5)


@pytest.mark.parametrize(
    ("reply", "kind", "failure"),
    [
        ({"success": False, "err_code": "0"}, PermanentError, FailureClass.OTHER),
        ({"success": "false"}, PermanentError, FailureClass.OTHER),
        ({"err_code": 500, "success": False}, OutcomeUnknown, FailureClass.OUTAGE),
        (
            {"error_code": "1", "error_msg": "5 messages limit"},
            PermanentError,
            FailureClass.MESSAGE_LIMIT,
        ),
    ],
)
def test_a_failure_inside_a_successful_envelope_is_a_failure(
    reply: dict[str, Any], kind: type[Exception], failure: FailureClass
) -> None:
    reply = {"code": "0", "data": {"message_id": "m-1"}, **reply}
    with pytest.raises(kind) as caught:
        lazada(Recorded(reply)).send(ACCESS, TEXT, deadline_s=5)
    assert getattr(caught.value, "failure", None) is failure


def test_each_call_is_one_request() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=refusal("ServiceTimeout", error_type="SYSTEM"))

    with pytest.raises(OutcomeUnknown):
        lazada(answer).send(ACCESS, TEXT, deadline_s=5)
    assert asked == ["/rest/im/message/send"]


def test_a_conversation_is_marked_as_read_up_to_a_message() -> None:
    recorded = Recorded({"code": "0", "err_code": "0", "success": True, "data": None})
    lazada(recorded).mark_read(ACCESS, SESSION, last_message_id="m-9")
    (form,) = recorded.forms
    assert recorded.paths == ["/im/session/read"]
    assert (form["session_id"], form["last_read_message_id"]) == (SESSION, "m-9")


def test_marking_as_read_may_be_repeated_after_a_fault() -> None:
    """A fault is no unknown outcome: marking twice is as good as once."""
    with pytest.raises(TransientError):
        lazada(Recorded(refusal("ServiceTimeout"))).mark_read(ACCESS, SESSION, last_message_id="m")


def test_only_a_marketplace_that_counts_the_unread_says_so() -> None:
    """Lazada has no total: the counts of its conversations are all there is."""
    assert not isinstance(lazada(Recorded()), CountsUnread)


def test_a_count_of_unread_messages_may_come_as_text() -> None:
    reply = documented("session_list")
    reply["data"]["session_list"][0]["unread_count"] = "2"
    assert lazada(Recorded(reply)).conversations(ACCESS).conversations[0].unread_count == 2
