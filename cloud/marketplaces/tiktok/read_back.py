"""Finding out whether a message of unknown outcome is in the chat (marketplace-apis 3.8)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chat_search import path_of, search_messages
from cloud.marketplaces.chats import (
    ChatMessage,
    ImagePart,
    MessagePart,
    OutgoingMessage,
    ReadBack,
    TextPart,
)
from cloud.marketplaces.interface import CLOCK_SKEW
from cloud.marketplaces.tiktok.chat import TikTokChat

MOST_PAGES = 2
"""Of ten messages each. More would cost too much of the day's requests."""

_WRITERS = frozenset({"CUSTOMER_SERVICE", "SHOP"})


class TikTokReadBack(TikTokChat):
    """The chat, and looking a message up in it. See `Marketplace` for the contract."""

    def read_back(
        self,
        access: ShopAccess,
        message: OutgoingMessage,
        *,
        since: datetime,
        known_ids: Collection[str] = (),
        clock_skew: timedelta = CLOCK_SKEW,
        max_pages: int = MOST_PAGES,
    ) -> ReadBack:
        """Read the conversation back to `since`.

        Without its id, opening it gives the id: that is repeatable, and exact where the list of
        conversations would have to be read through.
        """
        if since.tzinfo is None:
            raise ValueError("since needs a time zone")
        # TikTok Shop's times are whole seconds, rounded down.
        earliest = since.replace(microsecond=0) - clock_skew
        conversation_id = message.conversation_id or self.open_conversation(
            access, order_number=message.order_number, buyer_id=message.buyer_id
        )
        return search_messages(
            lambda cursor: self.messages(access, conversation_id, cursor=cursor),
            lambda seen: is_same(seen, message.part, earliest),
            earliest=earliest,
            known_ids=known_ids,
            max_pages=max_pages,
        )


def is_same(seen: ChatMessage, part: MessagePart, earliest: datetime) -> bool:
    """Whether a message of the chat is the one we may have sent."""
    if seen.status not in _WRITERS or seen.created_at < earliest:
        return False
    if isinstance(part, TextPart):
        return seen.kind == "TEXT" and seen.text.strip() == part.text.strip()
    if isinstance(part, ImagePart):
        return seen.kind == "IMAGE" and _same_image(seen.image_url, part.url)
    return seen.kind == "ORDER_CARD" and seen.order_number == part.order_number


def _same_image(one: str, other: str) -> bool:
    path = path_of(one)
    return bool(path) and path == path_of(other)
