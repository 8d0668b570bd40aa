"""Calls that read chats (marketplace-apis 1.4), with the paging as it was measured there."""

from dataclasses import dataclass
from typing import Any

from sandbox.market.refusal import Refusal
from sandbox.shopee import chat_views, errors
from sandbox.shopee.endpoint import Call, Endpoint
from sandbox.shopee.entities import Conversation, Message

DEFAULT_PAGE = 25
LARGEST_PAGE = 60


@dataclass(frozen=True)
class _Row:
    chat: Conversation
    latest: Message

    @property
    def at_ns(self) -> int:
        return self.latest.created_ns


def conversation_list(call: Call) -> dict[str, Any]:
    """GET get_conversation_list.

    `older` goes from new to old, before the time if one is given. `latest` goes from old to new,
    after the time if one is given and else **from the oldest**. Too big a page comes back empty.
    """
    parameters = call.parameters
    direction = parameters.choice("direction", ("latest", "older"))
    kind = parameters.choice("type", ("all", "pinned", "unread"))
    size = parameters.page_size(DEFAULT_PAGE, LARGEST_PAGE)
    at_ns = parameters.optional_whole("next_timestamp_nano") or None
    rows = _wanted(_rows(call), kind)
    emptied = call.world.limits.emptied_page_size
    if emptied is not None and size >= emptied:
        rows = []
    rows.sort(key=lambda row: row.at_ns, reverse=direction == "older")
    if at_ns is not None:
        rows = [row for row in rows if (row.at_ns > at_ns) == (direction == "latest")]
        rows = [row for row in rows if row.at_ns != at_ns]
    page, more = rows[:size], len(rows) > size
    return {
        "page_result": {
            "page_size": len(page),
            "more": more,
            "next_cursor": {
                "next_message_time_nano": str(page[-1].at_ns) if page else "0",
                "conversation_id": str(page[-1].chat.conversation_id) if page else "",
            },
        },
        "conversations": [chat_views.conversation(call, row.chat, row.latest) for row in page],
    }


def one_conversation(call: Call) -> dict[str, Any]:
    """GET get_one_conversation."""
    chat = _own_chat(call)
    readable = _readable(call, chat)
    if not readable:
        raise Refusal(errors.ERROR_NOT_FOUND, "The conversation is not found.")
    return chat_views.conversation(call, chat, readable[-1])


def messages(call: Call) -> dict[str, Any]:
    """GET get_message: newest first; `offset` is the `next_offset` of the page before."""
    chat = _own_chat(call)
    size = call.parameters.page_size(DEFAULT_PAGE, LARGEST_PAGE)
    offset = call.parameters.optional_whole("offset") or None
    newest_first = [
        one for one in reversed(_readable(call, chat)) if offset is None or one.message_id < offset
    ]
    page = newest_first[:size]
    more = len(newest_first) > size
    return {
        "messages": [chat_views.message(call, one) for one in page],
        "page_result": {
            "next_offset": str(page[-1].message_id) if more else "",
            "page_size": len(page),
        },
    }


def unread_count(call: Call) -> dict[str, Any]:
    """GET get_unread_conversation_count: conversations, not messages."""
    return {"total_unread_count": len(_wanted(_rows(call), "unread"))}


def read_conversation(call: Call) -> dict[str, Any]:
    """POST read_conversation: all up to the named message counts as read."""
    chat = _own_chat(call)
    last_read = call.parameters.whole("last_read_message_id")
    known = call.world.messages.of(chat.conversation_id)
    if last_read not in {one.message_id for one in known}:
        raise call.parameters.bad("last_read_message_id", "is not of this conversation")
    unread = sum(one.by == "buyer" and one.message_id > last_read for one in known)
    call.world.conversations.put(
        chat.model_copy(update={"unread_count": unread, "last_read_message_id": str(last_read)})
    )
    return {}


def _own_chat(call: Call) -> Conversation:
    chat = call.world.conversations.get(call.parameters.whole("conversation_id"))
    if chat is None or chat.shop_id != call.own_shop.shop_id:
        raise Refusal(errors.ERROR_NOT_FOUND, "The conversation is not found.")
    return chat


def _readable(call: Call, chat: Conversation) -> list[Message]:
    """The messages the shop's reads show now, oldest first."""
    every = call.world.messages.of(chat.conversation_id)
    return [one for one in every if one.readable(call.now)]


def _rows(call: Call) -> list[_Row]:
    return [
        _Row(chat, readable[-1])
        for chat in call.world.conversations
        if chat.shop_id == call.own_shop.shop_id and (readable := _readable(call, chat))
    ]


def _wanted(rows: list[_Row], kind: str) -> list[_Row]:
    if kind == "pinned":
        return [row for row in rows if row.chat.pinned]
    if kind == "unread":
        return [row for row in rows if row.chat.unread_count]
    return rows


ENDPOINTS = (
    Endpoint("GET", "/api/v2/sellerchat/get_conversation_list", conversation_list, chat=True),
    Endpoint("GET", "/api/v2/sellerchat/get_one_conversation", one_conversation, chat=True),
    Endpoint("GET", "/api/v2/sellerchat/get_message", messages, chat=True),
    Endpoint("GET", "/api/v2/sellerchat/get_unread_conversation_count", unread_count, chat=True),
    Endpoint("POST", "/api/v2/sellerchat/read_conversation", read_conversation, chat=True),
)
