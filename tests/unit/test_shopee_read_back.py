"""Looking for a message whose outcome is unknown: when it counts as found, when as not there."""

from typing import Any

import pytest

from cloud.marketplaces.chats import (
    Found,
    ImagePart,
    MessagePart,
    NotInChat,
    OrderCardPart,
    OutgoingMessage,
    ReadBack,
    TextPart,
)
from cloud.marketplaces.errors import TransientError
from tests.support.shopee_answers import (
    ACCESS,
    BIG_ID,
    NOW,
    ORDER,
    Recorded,
    documented,
    refusal,
    seconds_after,
    shopee,
)

TEXT = TextPart("Your order 231115ABCDEF12 is packed.")
IMAGE = ImagePart("https://cf.shopee.sg/file/sg-11134209-7rbk0-photo1")
CARD = OrderCardPart(ORDER)
TEXT_ROW, IMAGE_ROW, CARD_ROW = 2, 1, 0


def outgoing(part: MessagePart, conversation_id: str = "77000001") -> OutgoingMessage:
    return OutgoingMessage("900000001", ORDER, part, conversation_id)


def chat(row: int | None = None, **changes: Any) -> dict[str, Any]:
    """The documented conversation as its only page, with one message of it changed."""
    reply: dict[str, Any] = documented("get_message")
    reply["response"]["page_result"]["next_offset"] = ""
    if row is not None:
        reply["response"]["messages"][row].update(changes)
    return reply


def read(part: MessagePart, *replies: Any, **options: Any) -> ReadBack:
    return shopee(Recorded(*replies)).read_back(ACCESS, outgoing(part), since=NOW, **options)


@pytest.mark.parametrize(
    ("part", "add", "is_hidden"),
    [(TEXT, 4, False), (IMAGE, 6, True), (CARD, 8, False)],
)
def test_each_kind_is_found_by_its_own_content(
    part: MessagePart, add: int, is_hidden: bool
) -> None:
    outcome = read(part, chat())
    assert isinstance(outcome, Found)
    assert outcome.message.message_id == str(int(BIG_ID) + add)
    assert outcome.message.conversation_id == "77000001"
    assert outcome.is_hidden is is_hidden


@pytest.mark.parametrize(
    ("part", "row", "changes"),
    [
        (TEXT, TEXT_ROW, {"from_shop_id": 22000002}),
        (TEXT, TEXT_ROW, {"from_shop_id": 0}),
        (TEXT, TEXT_ROW, {"source": "new_webchat"}),
        (TEXT, TEXT_ROW, {"source": "chatbot"}),
        (TEXT, TEXT_ROW, {"content": {"text": "Your order 231115ABCDEF34 is packed."}}),
        (TEXT, TEXT_ROW, {"created_timestamp": 1_700_000_000 - 301}),
        (TEXT, TEXT_ROW, {"message_type": "image"}),
        (IMAGE, IMAGE_ROW, {"content": {"url": "sg-11134209-7rbk0-photo2"}}),
        (IMAGE, IMAGE_ROW, {"content": {"url": ""}}),
        (IMAGE, IMAGE_ROW, {"content": {}}),
        (CARD, CARD_ROW, {"content": {"order_sn": "231115ABCDEF34"}}),
        (CARD, CARD_ROW, {"message_type": "text"}),
    ],
)
def test_another_message_is_never_taken_for_ours(
    part: MessagePart, row: int, changes: dict[str, Any]
) -> None:
    assert read(part, chat(row, **changes)) == NotInChat(is_complete=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://cf.shopee.sg/file/sg-11134209-7rbk0-photo1",
        "https://down-sg.img.susercontent.com/file/sg-11134209-7rbk0-photo1",
        "sg-11134209-7rbk0-photo1",
        "https://cf.shopee.sg/file/sg-11134209-7rbk0-photo1?width=320",
    ],
)
def test_an_image_is_known_by_the_last_part_of_its_address(url: str) -> None:
    assert isinstance(read(IMAGE, chat(IMAGE_ROW, content={"url": url})), Found)


@pytest.mark.parametrize("url", ["https://other.test/", "https://other.test", "https://[/photo1"])
def test_an_address_without_a_last_part_matches_nothing(url: str) -> None:
    part = ImagePart("https://cf.shopee.sg/file/")
    outcome = read(part, chat(IMAGE_ROW, content={"url": url}))
    assert outcome == NotInChat(is_complete=True)


def test_a_message_within_the_clock_skew_counts() -> None:
    row = chat(TEXT_ROW, created_timestamp=1_700_000_000 - 300)
    assert isinstance(read(TEXT, row), Found)


def test_whole_seconds_of_the_marketplace_do_not_make_a_message_too_old() -> None:
    recorded = Recorded(chat(TEXT_ROW, created_timestamp=1_700_000_000 - 300))
    outcome = shopee(recorded).read_back(ACCESS, outgoing(TEXT), since=seconds_after(0.9))
    assert isinstance(outcome, Found)


def test_a_message_already_recorded_for_another_is_passed_over() -> None:
    known = {str(int(BIG_ID) + 8)}
    assert read(CARD, chat(), known_ids=known) == NotInChat(is_complete=True)


def test_reading_goes_on_until_it_is_back_at_the_time_of_the_send() -> None:
    newest = documented("get_message")
    del newest["response"]["messages"][2:]
    assert isinstance(read(TEXT, newest, chat()), Found)


def test_a_reading_is_complete_once_a_page_is_older_than_the_send() -> None:
    reply = documented("get_message")
    reply["response"]["messages"][TEXT_ROW]["content"] = {"text": "another"}
    assert read(TEXT, reply) == NotInChat(is_complete=True)


def test_a_reading_that_runs_out_of_pages_is_not_complete() -> None:
    newest = documented("get_message")
    del newest["response"]["messages"][2:]
    assert read(TEXT, newest, max_pages=1) == NotInChat(is_complete=False)


def test_a_page_out_of_order_does_not_end_the_reading() -> None:
    newest = documented("get_message")
    rows = newest["response"]["messages"]
    rows[:] = [rows[4], rows[0], {**rows[3], "created_timestamp": 1_600_000_000}, rows[3]]
    assert isinstance(read(TEXT, newest, chat()), Found)


def test_without_a_conversation_id_the_conversation_is_looked_for_by_the_buyer() -> None:
    recorded = Recorded(documented("get_conversation_list"), chat())
    outcome = shopee(recorded).read_back(ACCESS, outgoing(TEXT, ""), since=NOW)
    assert isinstance(outcome, Found)
    assert recorded.queries[1]["conversation_id"] == BIG_ID


def test_no_conversation_at_all_is_a_complete_answer() -> None:
    reply = documented("get_conversation_list")
    reply["response"] = {"page_result": {"more": False}, "conversations": []}
    outcome = shopee(Recorded(reply)).read_back(ACCESS, outgoing(TEXT, ""), since=NOW)
    assert outcome == NotInChat(is_complete=True)


def test_a_conversation_not_among_those_read_is_no_complete_answer() -> None:
    message = OutgoingMessage("999", ORDER, TEXT)
    reply = documented("get_conversation_list")
    for row in reply["response"]["conversations"]:
        row["last_message_timestamp"] = 1_700_000_100_000_000_000
    outcome = shopee(Recorded(reply)).read_back(ACCESS, message, since=NOW, max_pages=1)
    assert outcome == NotInChat(is_complete=False)


def test_a_busy_shop_is_read_back_through_hundreds_of_newer_conversations() -> None:
    """Ten pages within the clock skew; only the last one is older than the request."""
    message = OutgoingMessage("999", ORDER, TEXT)
    outcome = shopee(Recorded(*conversation_pages(10))).read_back(ACCESS, message, since=NOW)
    assert outcome == NotInChat(is_complete=True)


def conversation_pages(count: int) -> list[dict[str, Any]]:
    """Newest first, all of other buyers; the last one is long past."""
    pages = []
    for number in range(count):
        reply = documented("get_conversation_list")
        page = reply["response"]
        page["page_result"]["more"] = True
        page["page_result"]["next_cursor"]["next_message_time_nano"] = str(10**18 - number)
        age_s = 10**6 if number == count - 1 else number
        for row in page["conversations"]:
            row["last_message_timestamp"] = (1_700_000_100 - age_s) * 10**9
        pages.append(reply)
    return pages


def test_a_failed_reading_is_an_error_and_not_a_negative_answer() -> None:
    with pytest.raises(TransientError):
        read(TEXT, refusal("error_server"))


def test_a_time_without_a_zone_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        shopee(Recorded()).read_back(ACCESS, outgoing(TEXT), since=NOW.replace(tzinfo=None))
