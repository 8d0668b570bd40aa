"""Counting the messages a buyer has not answered, people's in the Seller Centre included."""

from datetime import datetime

from cloud.marketplaces.chats import ChatMessage
from cloud.shops.gateway import Line

_MOST_PAGES = 2


class ChatReading:
    """What was read of a conversation."""

    __slots__ = ("conversation_id", "read_at", "unanswered")

    def __init__(self, conversation_id: str, unanswered: int, read_at: datetime) -> None:
        self.conversation_id = conversation_id
        self.unanswered = unanswered
        self.read_at = read_at


def read_unanswered(line: Line, *, buyer_id: str, known_id: str, now: datetime) -> ChatReading:
    """Read the newest messages back to the buyer's last one.

    A buyer without a conversation has nothing to answer. Raises MarketplaceError.
    """
    conversation_id = known_id or _find(line, buyer_id)
    if not conversation_id:
        return ChatReading("", 0, now)
    count, cursor = 0, ""
    for _ in range(_MOST_PAGES):
        page = line.marketplace.messages(line.access, conversation_id, cursor=cursor)
        more, ended = unanswered_in(page.messages)
        count += more
        cursor = page.next_cursor
        if ended or not cursor:
            break
    return ChatReading(conversation_id, count, now)


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


def _find(line: Line, buyer_id: str) -> str:
    search = line.marketplace.find_conversation(line.access, buyer_id=buyer_id)
    return search.conversation.conversation_id if search.conversation else ""
