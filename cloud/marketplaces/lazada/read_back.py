"""Finding out whether a message of unknown outcome is in the chat (marketplace-apis 2.8)."""

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
from cloud.marketplaces.lazada.chat import ORDER_CARD, PICTURE, TEXT, LazadaChat

MOST_PAGES = 5
"""Pages of 20 messages of one buyer. Asking is to be kept rare, and within the time that is read
nobody writes a hundred messages."""


class LazadaReadBack(LazadaChat):
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
        """Read the conversation back to `since`; without its id, the order tells which it is."""
        if since.tzinfo is None:
            raise ValueError("since needs a time zone")
        # Whole milliseconds, rounded down.
        earliest = since.replace(microsecond=since.microsecond // 1000 * 1000) - clock_skew
        conversation_id = message.conversation_id or self.open_conversation(
            access, order_number=message.order_number, buyer_id=message.buyer_id
        )
        return search_messages(
            lambda cursor: self.messages(access, conversation_id, cursor=cursor),
            lambda seen: is_same(seen, message.part, earliest),
            earliest=earliest,
            known_ids=known_ids,
            max_pages=min(max_pages, MOST_PAGES),
        )


def is_same(seen: ChatMessage, part: MessagePart, earliest: datetime) -> bool:
    """Whether a message of the chat is the one we may have sent."""
    if not (seen.is_by_shop and seen.is_by_api and seen.created_at >= earliest):
        return False
    if isinstance(part, TextPart):
        return seen.kind == TEXT and seen.text.strip() == part.text.strip()
    if isinstance(part, ImagePart):
        return seen.kind == PICTURE and _same_image(seen.image_url, part.url)
    return seen.kind == ORDER_CARD and seen.order_number == part.order_number


def _same_image(one: str, other: str) -> bool:
    # The chat may give another host for the address that the upload returned; the name stays.
    last = path_of(one).rpartition("/")[2]
    return bool(last) and last == path_of(other).rpartition("/")[2]
