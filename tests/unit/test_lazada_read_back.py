"""Looking for a message whose outcome is unknown: when it counts as found, when as not there."""

import json
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
from cloud.marketplaces.lazada.read_back import MOST_PAGES
from tests.support.lazada_answers import (
    ACCESS,
    NOW,
    ORDER,
    SESSION,
    Recorded,
    documented,
    lazada,
    refusal,
    seconds_after,
)

TEXT = TextPart("Your order 330011223344556 is packed.")
IMAGE = ImagePart("https://my-live.slatic.net/p/photo1.jpg", 1280, 960)
CARD = OrderCardPart(ORDER)
CARD_ROW, IMAGE_ROW, TEXT_ROW = 0, 1, 2
NOW_MS = 1_700_000_000_000


def outgoing(part: MessagePart, conversation_id: str = SESSION) -> OutgoingMessage:
    return OutgoingMessage("100000099", ORDER, part, conversation_id)


def chat(row: int | None = None, *, has_more: bool = False, **changes: Any) -> dict[str, Any]:
    """The documented conversation, with one message of it changed."""
    reply: dict[str, Any] = documented("message_list")
    reply["data"]["has_more"] = has_more
    if "content" in changes:
        changes["content"] = json.dumps(changes["content"])
    if row is not None:
        reply["data"]["message_list"][row].update(changes)
    return reply


def read(part: MessagePart, *replies: Any, **options: Any) -> ReadBack:
    return lazada(Recorded(*replies)).read_back(ACCESS, outgoing(part), since=NOW, **options)


@pytest.mark.parametrize(
    ("part", "message_id", "is_hidden"),
    [(TEXT, "m-7", False), (IMAGE, "m-8", True), (CARD, "m-9", False)],
)
def test_each_kind_is_found_by_its_own_content(
    part: MessagePart, message_id: str, is_hidden: bool
) -> None:
    outcome = read(part, chat())
    assert isinstance(outcome, Found)
    assert (outcome.message.message_id, outcome.message.conversation_id) == (message_id, SESSION)
    assert outcome.is_hidden is is_hidden


@pytest.mark.parametrize(
    ("part", "row", "changes"),
    [
        (TEXT, TEXT_ROW, {"from_account_type": 1}),
        (TEXT, TEXT_ROW, {"auto_reply": True}),
        (TEXT, TEXT_ROW, {"type": 2}),
        (TEXT, TEXT_ROW, {"content": {"txt": "Your order 330011223344557 is packed."}}),
        (TEXT, TEXT_ROW, {"send_time": NOW_MS - 300_001}),
        (TEXT, TEXT_ROW, {"template_id": 3}),
        (IMAGE, IMAGE_ROW, {"content": {"imgUrl": "https://my-live.slatic.net/p/photo2.jpg"}}),
        (IMAGE, IMAGE_ROW, {"content": {"imgUrl": "https://[/photo2.jpg"}}),
        (IMAGE, IMAGE_ROW, {"content": {"imgUrl": ""}}),
        (IMAGE, IMAGE_ROW, {"content": {}}),
        (CARD, CARD_ROW, {"content": {"orderId": "330011223344557"}}),
        (CARD, CARD_ROW, {"template_id": 1}),
    ],
)
def test_another_message_is_never_taken_for_ours(
    part: MessagePart, row: int, changes: dict[str, Any]
) -> None:
    assert read(part, chat(row, **changes)) == NotInChat(is_complete=True)


@pytest.mark.parametrize("order_id", [ORDER, int(ORDER)])
def test_an_order_card_is_known_by_its_number_as_text_or_integer(order_id: object) -> None:
    assert isinstance(read(CARD, chat(CARD_ROW, content={"orderId": order_id})), Found)


def test_an_image_is_known_by_the_last_part_of_its_address() -> None:
    content = {"imgUrl": "https://sg-live.slatic.net/other/photo1.jpg"}
    assert isinstance(read(IMAGE, chat(IMAGE_ROW, content=content)), Found)


@pytest.mark.parametrize(("send_time", "since_s"), [(-300_000, 0.0), (-300_000, 0.0009)])
def test_a_message_within_the_clock_skew_counts(send_time: int, since_s: float) -> None:
    recorded = Recorded(chat(TEXT_ROW, send_time=NOW_MS + send_time))
    outcome = lazada(recorded).read_back(ACCESS, outgoing(TEXT), since=seconds_after(since_s))
    assert isinstance(outcome, Found)


def test_a_message_already_recorded_for_another_is_passed_over() -> None:
    assert read(CARD, chat(), known_ids={"m-9"}) == NotInChat(is_complete=True)


def test_reading_ends_once_a_page_is_older_than_the_send() -> None:
    reply = chat(TEXT_ROW, has_more=True, content={"txt": "another"})
    assert read(TEXT, reply) == NotInChat(is_complete=True)


def test_reading_goes_on_until_it_is_back_at_the_time_of_the_send() -> None:
    newest = chat(has_more=True)
    del newest["data"]["message_list"][2:]
    assert isinstance(read(TEXT, newest, chat()), Found)


def test_a_chat_is_not_paged_through_for_ever() -> None:
    """Lazada takes the right to read from apps that read much."""
    pages = []
    for number in range(MOST_PAGES):
        newest = chat(has_more=True)
        del newest["data"]["message_list"][2:]
        newest["data"]["last_message_id"] = str(number)
        pages.append(newest)
    assert read(TEXT, *pages, max_pages=40) == NotInChat(is_complete=False)


def test_without_a_conversation_id_the_order_tells_which_it_is() -> None:
    recorded = Recorded(documented("session_open"), chat())
    outcome = lazada(recorded).read_back(ACCESS, outgoing(TEXT, ""), since=NOW)
    assert isinstance(outcome, Found)
    assert recorded.paths == ["/im/session/open", "/im/message/list"]
    assert recorded.queries[1]["session_id"] == SESSION


def test_a_failed_reading_is_an_error_and_not_a_negative_answer() -> None:
    with pytest.raises(TransientError):
        read(TEXT, refusal("ServiceTimeout"))


def test_a_time_without_a_zone_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        lazada(Recorded()).read_back(ACCESS, outgoing(TEXT), since=NOW.replace(tzinfo=None))
