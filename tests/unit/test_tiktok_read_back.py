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
from tests.support.tiktok_answers import (
    ACCESS,
    BUYER,
    CONVERSATION,
    NOW,
    ORDER,
    Recorded,
    documented,
    refusal,
    seconds_after,
    tiktok,
)

TEXT = TextPart("Your order is packed.")
IMAGE = ImagePart("https://p16.example/tos/abc.jpeg", 1280, 960)
CARD = OrderCardPart(ORDER)
TEXT_ROW, IMAGE_ROW, CARD_ROW = 2, 1, 0


def outgoing(part: MessagePart, conversation_id: str = CONVERSATION) -> OutgoingMessage:
    return OutgoingMessage(BUYER, ORDER, part, conversation_id)


def chat(row: int | None = None, **changes: Any) -> dict[str, Any]:
    """The documented conversation as its only page, with one message of it changed."""
    reply: dict[str, Any] = documented("messages")
    reply["data"]["next_page_token"] = ""
    if row is not None:
        reply["data"]["messages"][row].update(changes)
    return reply


def busy(first_index: int, after: str) -> dict[str, Any]:
    """A page of ten messages of the buyer, all newer than the send."""
    reply: dict[str, Any] = documented("messages")
    row = reply["data"]["messages"][4]
    reply["data"]["messages"] = [
        {**row, "id": str(first_index + n), "index": first_index + n, "create_time": 1_700_000_009}
        for n in range(10)
    ]
    reply["data"]["next_page_token"] = after
    return reply


def read(part: MessagePart, *replies: Any, **options: Any) -> ReadBack:
    return tiktok(Recorded(*replies)).read_back(ACCESS, outgoing(part), since=NOW, **options)


@pytest.mark.parametrize(
    ("part", "ending", "is_hidden"), [(TEXT, "6", False), (IMAGE, "7", True), (CARD, "8", False)]
)
def test_each_kind_is_found_by_its_own_content(
    part: MessagePart, ending: str, is_hidden: bool
) -> None:
    outcome = read(part, chat())
    assert isinstance(outcome, Found)
    assert outcome.message.message_id == f"730200000000000000{ending}"
    assert outcome.message.conversation_id == CONVERSATION
    assert outcome.is_hidden is is_hidden


def by(role: str) -> dict[str, Any]:
    return {"sender": {"im_user_id": "7100000000000000001", "role": role}}


def test_an_agent_and_the_shop_itself_are_writers_of_ours() -> None:
    for role in ("CUSTOMER_SERVICE", "SHOP"):
        assert isinstance(read(TEXT, chat(TEXT_ROW, **by(role))), Found)


@pytest.mark.parametrize(
    ("part", "row", "changes"),
    [
        (TEXT, TEXT_ROW, by("BUYER")),
        (TEXT, TEXT_ROW, by("ROBOT")),
        (TEXT, TEXT_ROW, by("SYSTEM")),
        (TEXT, TEXT_ROW, {"content": '{"content": "Another order is packed."}'}),
        (TEXT, TEXT_ROW, {"content": "Your order is packed."}),
        (TEXT, TEXT_ROW, {"create_time": 1_700_000_000 - 301}),
        (TEXT, TEXT_ROW, {"type": "IMAGE"}),
        (IMAGE, IMAGE_ROW, {"content": '{"url": "https://p16.example/tos/abd.jpeg"}'}),
        (IMAGE, IMAGE_ROW, {"content": '{"url": ""}'}),
        (IMAGE, IMAGE_ROW, {"content": "{}"}),
        (IMAGE, IMAGE_ROW, {"type": "VIDEO"}),
        (CARD, CARD_ROW, {"content": '{"order_id": "576461413038785753"}'}),
        (CARD, CARD_ROW, {"type": "LOGISTICS_CARD"}),
    ],
)
def test_another_message_is_never_taken_for_ours(
    part: MessagePart, row: int, changes: dict[str, Any]
) -> None:
    assert read(part, chat(row, **changes)) == NotInChat(is_complete=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://p16.example/tos/abc.jpeg",
        "https://p19.another.example/tos/abc.jpeg?x-expires=1700000000&x-signature=abc",
        "https://p16.example/tos/abc.jpeg#top",
    ],
)
def test_an_image_is_known_by_the_path_of_its_address(url: str) -> None:
    assert isinstance(read(IMAGE, chat(IMAGE_ROW, content={"url": url})), Found)


@pytest.mark.parametrize("url", ["https://p16.example/", "https://p16.example", "https://[/tos"])
def test_an_address_without_a_path_matches_nothing(url: str) -> None:
    outcome = read(ImagePart("https://p16.example/", 4, 3), chat(IMAGE_ROW, content={"url": url}))
    assert outcome == NotInChat(is_complete=True)


@pytest.mark.parametrize("fraction", [0.0, 0.9])
def test_a_message_within_the_clock_skew_counts(fraction: float) -> None:
    reply = chat(TEXT_ROW, create_time=1_700_000_000 - 300)
    outcome = tiktok(Recorded(reply)).read_back(
        ACCESS, outgoing(TEXT), since=seconds_after(fraction)
    )
    assert isinstance(outcome, Found)


def test_a_message_already_recorded_for_another_is_passed_over() -> None:
    known = {"7302000000000000008"}
    assert read(CARD, chat(), known_ids=known) == NotInChat(is_complete=True)


def test_reading_goes_on_to_a_second_page_and_no_further() -> None:
    assert isinstance(read(TEXT, busy(10**18, "p2"), chat()), Found)
    recorded = Recorded(busy(10**18, "p2"), busy(10**17, "p3"), chat())
    outcome = tiktok(recorded).read_back(ACCESS, outgoing(TEXT), since=NOW)
    assert outcome == NotInChat(is_complete=False)
    assert len(recorded.requests) == 2


def test_a_reading_is_complete_once_a_page_is_older_than_the_send() -> None:
    reply = chat(TEXT_ROW, content='{"content": "another"}')
    reply["data"]["next_page_token"] = "p2"
    assert read(TEXT, reply) == NotInChat(is_complete=True)


def test_a_page_whose_times_do_not_follow_the_index_does_not_end_the_reading() -> None:
    first = chat(TEXT_ROW, content='{"content": "another"}')
    first["data"]["next_page_token"] = "p2"
    first["data"]["messages"][0]["create_time"] = 1_690_000_000
    assert isinstance(read(TEXT, first, chat()), Found)


def test_without_a_conversation_id_opening_gives_it() -> None:
    recorded = Recorded(documented("conversation_created"), chat())
    outcome = tiktok(recorded).read_back(ACCESS, outgoing(TEXT, ""), since=NOW)
    assert isinstance(outcome, Found)
    assert recorded.paths[1] == f"/customer_service/202309/conversations/{CONVERSATION}/messages"


def test_a_failed_reading_is_an_error_and_not_a_negative_answer() -> None:
    with pytest.raises(TransientError):
        read(TEXT, refusal(36009003))


def test_a_time_without_a_zone_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        tiktok(Recorded()).read_back(ACCESS, outgoing(TEXT), since=NOW.replace(tzinfo=None))
