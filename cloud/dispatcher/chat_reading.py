"""Counting the messages a buyer has not answered, people's in the Seller Centre included."""

from dataclasses import dataclass
from datetime import datetime

from cloud.marketplaces.chats import ChatMessage
from cloud.shops.gateway import Line

_MOST_PAGES = 2


@dataclass(frozen=True, slots=True)
class ChatReading:
    """What was read of a conversation."""

    conversation_id: str
    unanswered: int
    counted_before: int
    """Our own count when the reading began: what was sent since comes on top of it."""
    read_at: datetime


def read_unanswered(
    line: Line,
    *,
    order_number: str,
    buyer_id: str,
    known_id: str,
    counted_before: int,
    now: datetime,
) -> ChatReading | None:
    """Read the newest messages back to the buyer's last one.

    A buyer without a conversation has nothing to answer; None: it is not among those read, so
    nothing is known, or the marketplace counts nothing. Raises MarketplaceError.
    """
    if line.marketplace.capabilities(line.access.country).unanswered_limit is None:
        return None
    # Looking through the list is the last resort: some marketplaces take the right to read chats
    # from those who do it often.
    conversation_id = known_id or line.marketplace.open_conversation(
        line.access, order_number=order_number, buyer_id=buyer_id
    )
    if not conversation_id:
        search = line.marketplace.find_conversation(line.access, buyer_id=buyer_id)
        if search.conversation is None:
            return ChatReading("", 0, counted_before, now) if search.is_complete else None
        conversation_id = search.conversation.conversation_id
    count, cursor = 0, ""
    for _ in range(_MOST_PAGES):
        page = line.marketplace.messages(line.access, conversation_id, cursor=cursor)
        more, ended = unanswered_in(page.messages)
        count += more
        cursor = page.next_cursor
        if ended or not cursor:
            break
    return ChatReading(conversation_id, count, counted_before, now)


def unanswered_in(messages: tuple[ChatMessage, ...]) -> tuple[int, bool]:
    """The shop's messages newer than the buyer's last, and whether that one was reached. Pure.

    Messages the buyer never saw count: the marketplace counts them too.
    """
    count = 0
    for message in messages:
        if not message.is_by_shop:
            return count, True
        count += 1
    return count, False
