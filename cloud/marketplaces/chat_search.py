"""Looking for a conversation or a message page by page, newest first. Not found is an answer."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from cloud.marketplaces.chats import (
    ChatMessage,
    ConversationPage,
    ConversationSearch,
    Found,
    MessagePage,
    NotInChat,
    ReadBack,
    SentMessage,
)


def search_conversations(
    page_at: Callable[[str], ConversationPage],
    *,
    buyer_id: str,
    since: datetime | None,
    max_pages: int,
) -> ConversationSearch:
    """The conversation with a buyer, from the pages that `page_at` gives for a cursor."""
    cursor = ""
    for _ in range(max_pages):
        page = page_at(cursor)
        for conversation in page.conversations:
            if conversation.buyer_id == buyer_id:
                return ConversationSearch(conversation, is_complete=True)
        times = [conversation.last_message_at for conversation in page.conversations]
        if not page.next_cursor or (since is not None and reaches_back(times, since)):
            return ConversationSearch(None, is_complete=True)
        cursor = page.next_cursor
    return ConversationSearch(None, is_complete=False)


def search_messages(
    page_at: Callable[[str], MessagePage],
    is_same: Callable[[ChatMessage], bool],
    *,
    earliest: datetime,
    known_ids: Collection[str],
    max_pages: int,
) -> ReadBack:
    """The first message that is the same and not among `known_ids`, read back to `earliest`."""
    for page in _pages(page_at, max_pages):
        for seen in page.messages:
            if seen.message_id not in known_ids and is_same(seen):
                return _found(seen)
        times = [seen.created_at for seen in page.messages]
        if not page.next_cursor or reaches_back(times, earliest):
            return NotInChat(is_complete=True)
    return NotInChat(is_complete=False)


def path_of(address: str) -> str:
    """The path of a picture's address, or a bare name as it is.

    Hosts, and signatures in queries, differ between an upload and the chat. Not by urllib, which
    refuses some of what a marketplace may send.
    """
    bare = address.partition("?")[0].partition("#")[0]
    _, is_absolute, rest = bare.partition("://")
    return rest.partition("/")[2] if is_absolute else bare


def reaches_back(times: Sequence[datetime | None], since: datetime) -> bool:
    """Whether a page goes back beyond `since`; never claimed of one not sorted newest first."""
    known = [time for time in times if time is not None]
    is_sorted = known == sorted(known, reverse=True)
    return bool(known) and len(known) == len(times) and is_sorted and known[-1] < since


def _pages(page_at: Callable[[str], MessagePage], max_pages: int) -> Iterator[MessagePage]:
    cursor = ""
    for _ in range(max_pages):
        page = page_at(cursor)
        yield page
        if not page.next_cursor:
            return
        cursor = page.next_cursor


def _found(seen: ChatMessage) -> Found:
    sent = SentMessage(seen.message_id, seen.conversation_id, seen.created_at)
    return Found(sent, is_hidden=seen.is_hidden)
