"""Which requests counting unanswered messages costs, at marketplaces of different kinds."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from cloud.dispatcher.chat_reading import ChatReading, read_unanswered
from cloud.marketplaces.access import AppCredentials, ShopAccess
from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.chats import ChatMessage, Conversation, ConversationSearch, MessagePage
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.lazada.capabilities import capabilities as with_limit
from cloud.marketplaces.tiktok.capabilities import capabilities as without_limit
from cloud.shops.gateway import Line

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
ACCESS = ShopAccess(AppCredentials("1", "secret"), "22", "MY", "token")


class Asked:
    """Notes what it is asked; one message of the shop waits for an answer in conversation c1."""

    def __init__(self, *, opens: str = "", found: str = "", has_limit: bool = True) -> None:
        self.calls: list[str] = []
        self._opens, self._found, self._has_limit = opens, found, has_limit

    def capabilities(self, country: str) -> Capabilities:
        return with_limit(country) if self._has_limit else without_limit(country)

    def open_conversation(self, _: ShopAccess, *, order_number: str, buyer_id: str) -> str:
        self.calls.append(f"open {order_number} of {buyer_id}" if self._opens else "")
        return self._opens

    def find_conversation(self, _: ShopAccess, *, buyer_id: str) -> ConversationSearch:
        self.calls.append(f"find {buyer_id}")
        if not self._found:
            return ConversationSearch(None, is_complete=True)
        return ConversationSearch(Conversation(self._found, buyer_id, "", 0, "", None), True)

    def messages(self, _: ShopAccess, conversation_id: str, **__: Any) -> MessagePage:
        self.calls.append(f"read {conversation_id}")
        row = ChatMessage(
            message_id="m",
            conversation_id=conversation_id,
            kind="",
            created_at=NOW,
            is_by_shop=True,
            is_by_api=True,
            is_hidden=False,
            status="",
            text="",
            image_url="",
            order_number="",
        )
        return MessagePage((row,), "")


def read(asked: Asked, known_id: str = "") -> ChatReading | None:
    return read_unanswered(
        Line(cast("Marketplace", asked), ACCESS, 1),
        order_number="o1",
        buyer_id="b1",
        known_id=known_id,
        counted_before=0,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("asked", "known_id", "calls"),
    [
        (Asked(opens="c1"), "c1", ["read c1"]),
        (Asked(opens="c1"), "", ["open o1 of b1", "read c1"]),
        (Asked(found="c1"), "", ["", "find b1", "read c1"]),
        (Asked(), "", ["", "find b1"]),
    ],
)
def test_a_conversation_is_looked_for_only_where_it_cannot_be_opened(
    asked: Asked, known_id: str, calls: list[str]
) -> None:
    reading = read(asked, known_id)
    assert asked.calls == calls
    assert reading is not None
    assert reading.unanswered == int("read c1" in calls)


def test_where_nothing_is_counted_nothing_is_read() -> None:
    asked = Asked(opens="c1", has_limit=False)
    assert read(asked) is None
    assert asked.calls == []
