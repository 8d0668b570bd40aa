"""Finding out whether a message of unknown outcome is in the chat (marketplace-apis 1.8)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chat_search import path_of, search_messages
from cloud.marketplaces.chats import (
    ChatMessage,
    ImagePart,
    MessagePart,
    NotInChat,
    OutgoingMessage,
    ReadBack,
    TextPart,
)
from cloud.marketplaces.interface import CLOCK_SKEW
from cloud.marketplaces.shopee.chat import ShopeeChat

MOST_PAGES = 40
"""Pages of 25. A buyer who was never written to is looked for among all chats since the request and
the five minutes of clock skew before it. A large shop has hundreds in that time, and a search that
ends earlier leaves the message to a person for ever."""


class ShopeeReadBack(ShopeeChat):
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
        """Read the conversation back to `since`; without its id, look for it by the buyer first."""
        if since.tzinfo is None:
            raise ValueError("since needs a time zone")
        # Shopee's times are whole seconds, rounded down.
        earliest = since.replace(microsecond=0) - clock_skew
        if not message.conversation_id:
            search = self.find_conversation(
                access, buyer_id=message.buyer_id, since=earliest, max_pages=max_pages
            )
            if search.conversation is None:
                return NotInChat(search.is_complete)
            found_id = search.conversation.conversation_id
            message = replace(message, conversation_id=found_id)
        return search_messages(
            lambda cursor: self.messages(access, message.conversation_id, cursor=cursor),
            lambda seen: is_same(seen, message.part, earliest),
            earliest=earliest,
            known_ids=known_ids,
            max_pages=max_pages,
        )


def is_same(seen: ChatMessage, part: MessagePart, earliest: datetime) -> bool:
    """Whether a message of the chat is the one we may have sent."""
    if not (seen.is_by_shop and seen.is_by_api and seen.created_at >= earliest):
        return False
    if isinstance(part, TextPart):
        return seen.kind == "text" and seen.text.strip() == part.text.strip()
    if isinstance(part, ImagePart):
        return seen.kind == "image" and _same_image(seen.image_url, part.url)
    return seen.kind == "order" and seen.order_number == part.order_number


def _same_image(one: str, other: str) -> bool:
    # The chat may give a bare CDN id or another host for the address that the upload returned.
    last = path_of(one).rpartition("/")[2]
    return bool(last) and last == path_of(other).rpartition("/")[2]
