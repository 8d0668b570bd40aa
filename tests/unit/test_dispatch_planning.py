"""What a proof becomes in the chat, how much of it a buyer may get, and what was counted."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.conversations.parts import Part
from cloud.conversations.states import MessageKind
from cloud.dispatcher.budget import Budget
from cloud.dispatcher.chat_reading import unanswered_in
from cloud.dispatcher.planning import fill_in, joined, missing_of, parts_of, without_repeats
from cloud.marketplaces.chats import ChatMessage

TEXT = Part(MessageKind.TEXT, text="Packed.")
CARD = Part(MessageKind.ORDER_CARD)
A, B, C = (Part(MessageKind.IMAGE, photos=(one * 64,)) for one in "abc")
PHOTOS = ["a" * 64, "b" * 64, "c" * 64]


def shown(letters: str) -> Part:
    """A picture of several photos."""
    return Part(MessageKind.IMAGE, photos=tuple(one * 64 for one in letters))


def test_the_text_goes_first_and_the_photos_in_order() -> None:
    """S0-23."""
    assert parts_of("Packed.", "1", PHOTOS, text_limit=600) == [TEXT, A, B, C]


@pytest.mark.parametrize("preset", ["", "  \n "])
def test_without_a_preset_the_photos_go_alone(preset: str) -> None:
    """S0-22."""
    assert parts_of(preset, "1", PHOTOS, text_limit=600) == [A, B, C]


@pytest.mark.parametrize(
    ("limit", "text"), [(3, "Pac"), (7, "Packed."), (600, "Packed."), (None, "Packed.")]
)
def test_a_text_is_cut_at_the_marketplaces_limit(limit: int | None, text: str) -> None:
    assert parts_of("Packed.", "1", [], text_limit=limit)[0].text == text


@pytest.mark.parametrize(
    ("preset", "filled"),
    [
        ("Order [Order Number] packed", "Order 26-1 packed"),
        ("[order number] [ORDER NUMBER]", "26-1 26-1"),
        ("訂單 [訂單單號]", "訂單 26-1"),
        ("Pesanan [no. pesanan]\n\nTerima kasih", "Pesanan 26-1\n\nTerima kasih"),
        ("[order]", "[order]"),
    ],
)
def test_the_order_number_stands_where_its_placeholder_stood(preset: str, filled: str) -> None:
    assert fill_in(preset, "26-1") == filled


def test_an_order_number_is_never_a_pattern() -> None:
    assert fill_in("[order number]", r"\1\g<0>") == r"\1\g<0>"


def test_a_text_that_the_buyer_just_got_is_left_out() -> None:
    assert without_repeats([TEXT, A], {"Packed."}) == [A]
    assert without_repeats([TEXT, A], {"Something else"}) == [TEXT, A]


@pytest.mark.parametrize(
    ("parts", "sent", "expected"),
    [
        ([TEXT, A, B], [], [TEXT, A, B]),
        ([TEXT, A, B], [TEXT, A], [B]),
        ([TEXT, A, B], [A, B], [TEXT]),
        ([TEXT, A, B], [Part(MessageKind.TEXT, text="An earlier wording"), A], [B]),
        ([TEXT, A, B], [TEXT, A, B], []),
        ([A, B], [TEXT, A, B], []),
        ([A, B], [CARD], [A, B]),
        ([TEXT, A, B, C], [TEXT, shown("ab")], [C]),
        ([TEXT, A, B, C], [TEXT, shown("abc")], []),
        ([A, B, C], [shown("ac")], [B]),
    ],
)
def test_a_resend_is_what_is_missing_of_of_it(
    parts: list[Part], sent: list[Part], expected: list[Part]
) -> None:
    """S0-47."""
    assert missing_of(parts, sent) == expected


@pytest.mark.parametrize(
    ("parts", "room", "expected"),
    [
        ([TEXT, A, B, C], None, [TEXT, A, B, C]),
        ([TEXT, A, B, C], 4, [TEXT, A, B, C]),
        ([TEXT, A, B, C], 3, [TEXT, A, shown("bc")]),
        ([TEXT, A, B, C], 2, [TEXT, shown("abc")]),
        ([TEXT, A, B], 2, [TEXT, shown("ab")]),
        ([A, B, C], 2, [A, shown("bc")]),
        ([A, B, C], 1, [shown("abc")]),
        ([TEXT, A], 2, [TEXT, A]),
        ([TEXT], 0, [TEXT]),
    ],
)
def test_photos_are_joined_just_as_far_as_the_room_asks(
    parts: list[Part], room: int | None, expected: list[Part]
) -> None:
    """S0-24: the buyer gets all photos, in fewer messages."""
    assert joined(parts, room) == expected


@pytest.mark.parametrize("room", [0, 1])
def test_what_does_not_fit_even_joined_is_never_cut(room: int) -> None:
    """It waits as it is; a part of a proof would be less than the packer meant."""
    assert joined([TEXT, A, B, C], room) == [TEXT, A, B, C]


@given(count=st.integers(0, 3), has_text=st.booleans(), room=st.none() | st.integers(0, 6))
def test_joining_loses_no_photo_and_changes_no_order(
    count: int, has_text: bool, room: int | None
) -> None:
    plan = [*([TEXT] if has_text else []), *(A, B, C)[:count]]
    made = joined(plan, room)
    assert [one for part in made for one in part.photos] == PHOTOS[:count]
    assert made.count(TEXT) == has_text
    least = has_text + bool(count)
    assert room is None or len(made) <= room or room < least


@pytest.mark.parametrize(
    ("budget", "more", "fits"),
    [
        (Budget(limit=5, kept_free=1, unanswered=0, open=0), 4, True),
        (Budget(limit=5, kept_free=1, unanswered=0, open=0), 5, False),
        (Budget(limit=5, kept_free=0, unanswered=0, open=0), 5, True),
        (Budget(limit=5, kept_free=2, unanswered=0, open=0), 4, False),
        (Budget(limit=5, kept_free=1, unanswered=1, open=0), 3, True),
        (Budget(limit=5, kept_free=1, unanswered=1, open=0), 4, False),
        (Budget(limit=5, kept_free=1, unanswered=0, open=1), 4, False),
        (Budget(limit=5, kept_free=1, unanswered=5, open=0), 1, False),
        (Budget(limit=None, kept_free=1, unanswered=99, open=99), 99, True),
    ],
)
def test_the_budget(budget: Budget, more: int, fits: bool) -> None:
    assert (budget.room is None or more <= budget.room) is fits


def message(*, by_shop: bool, hidden: bool = False) -> ChatMessage:
    return ChatMessage(
        message_id="1",
        conversation_id="2",
        kind="text",
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        is_by_shop=by_shop,
        is_by_api=False,
        is_hidden=hidden,
        status="normal",
        text="",
        image_url="",
        order_number="",
    )


OURS, HIDDEN, BUYERS = (
    message(by_shop=True),
    message(by_shop=True, hidden=True),
    message(by_shop=False),
)


@pytest.mark.parametrize(
    ("newest_first", "expected"),
    [
        ((), (0, False)),
        ((OURS, OURS), (2, False)),
        ((OURS, HIDDEN, BUYERS, OURS), (2, True)),
        ((BUYERS, OURS, OURS), (0, True)),
    ],
)
def test_messages_are_counted_back_to_the_buyers_last(
    newest_first: tuple[ChatMessage, ...], expected: tuple[int, bool]
) -> None:
    assert unanswered_in(newest_first) == expected
