"""Calls that open and read chats (marketplace-apis 2.4)."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sandbox.lazada import chat_views, errors, polling
from sandbox.lazada.chat_views import NS_PER_MS
from sandbox.lazada.endpoint import Call, Endpoint
from sandbox.lazada.entities import Conversation, Message
from sandbox.lazada.errors import ImRefusal

MOST_PER_PAGE = 20
DAY_S = 86_400
T = TypeVar("T")
# When something happened in milliseconds, and its id: the order of all lists.
Position = tuple[int, str]


def open_session(call: Call) -> dict[str, Any]:
    """/im/session/open: the session with the buyer of an order that is not too old."""
    number = call.parameters.text("order_id")
    order = call.world.orders.get(number)
    if order is None or order.shop_id != call.own_shop.shop_id:
        raise ImRefusal(errors.INVALID_ORDER_ID, "The order is not one of this seller.")
    window_s = call.world.limits.order_window_s
    if call.now - order.created_at > window_s:
        raise ImRefusal(errors.ORDER_TOO_OLD, f"order out of day limit: {window_s // DAY_S}")
    known = call.world.conversations.between(order.shop_id, order.buyer_id)
    chat = known or call.world.conversations.put(
        call.world.new_conversation(order.shop_id, order.buyer_id)
    )
    return {"session_id": chat.conversation_id}


def session_list(call: Call) -> dict[str, Any]:
    """GET /im/session/list: newest first, from `start_time` back through a month."""
    limits = call.world.limits
    earliest_ns = (call.now - limits.history_s) * 1e9
    rows = [
        ((readable[-1].created_ns // NS_PER_MS, chat.conversation_id), (chat, readable[-1]))
        for chat in call.world.conversations
        if chat.shop_id == call.own_shop.shop_id
        and (readable := readable_messages(call, chat))
        and readable[-1].created_ns >= earliest_ns
    ]
    newest = sorted(rows, key=lambda row: row[0], reverse=True)[: limits.history_sessions]
    page, more, last = _page(call, newest, "last_session_id", what="sessions")
    return {
        "has_more": more,
        "next_start_time": last[0],
        "last_session_id": last[1],
        "session_list": [
            chat_views.session(call.world, call.own_shop, chat, latest) for chat, latest in page
        ],
    }


def one_session(call: Call) -> dict[str, Any]:
    """GET /im/session/get."""
    chat = own_session(call)
    readable = readable_messages(call, chat)
    latest = readable[-1] if readable else None
    return chat_views.session(call.world, call.own_shop, chat, latest)


def message_list(call: Call) -> dict[str, Any]:
    """GET /im/message/list: newest first, from `start_time` back."""
    chat = own_session(call)
    rows = [
        ((one.created_ns // NS_PER_MS, one.message_id), one)
        for one in reversed(readable_messages(call, chat))
    ]
    page, more, last = _page(call, rows, "last_message_id", what=chat.conversation_id)
    return {
        "has_more": more,
        "next_start_time": last[0],
        "last_message_id": last[1],
        "message_list": [
            chat_views.message(call.world, call.own_shop, one, call.picture_url) for one in page
        ],
    }


def read_session(call: Call) -> dict[str, Any]:
    """POST /im/session/read: all up to the named message counts as read."""
    chat, last_read = own_session(call), call.parameters.text("last_read_message_id")
    every = call.world.messages.of(chat.conversation_id)
    read = next((one for one in every if one.message_id == last_read), None)
    if read is None:
        raise ImRefusal(errors.NO_SUCH_MESSAGE, "The message is not of this session.")
    unread = sum(one.by == "buyer" and one.created_ns > read.created_ns for one in every)
    call.world.conversations.put(
        chat.model_copy(update={"unread_count": unread, "last_read_message_id": last_read})
    )
    return {}


def own_session(call: Call) -> Conversation:
    """The named session, which must be one of this seller."""
    chat = call.world.conversations.get(call.parameters.text("session_id"))
    if chat is None or chat.shop_id != call.own_shop.shop_id:
        raise ImRefusal(errors.NO_SUCH_SESSION, "There is no such session.")
    return chat


def readable_messages(call: Call, chat: Conversation) -> list[Message]:
    """The messages the shop's reads show now, oldest first."""
    every = call.world.messages.of(chat.conversation_id)
    return [one for one in every if one.readable(call.now)]


def _page(
    call: Call, newest_first: Sequence[tuple[Position, T]], last_id: str, *, what: str
) -> tuple[list[T], bool, Position]:
    """The rows from the asked place on, whether there are more, and the last one's place."""
    start_ms = call.parameters.whole("start_time")
    size = call.parameters.page_size(None, MOST_PER_PAGE)
    last = call.parameters.optional_text(last_id)
    if last:
        rows = [row for row in newest_first if row[0] < (start_ms, last)]
    else:
        polling.count_reading(call, what)
        # "Now" of a client whose clock was not moved with the marketplace's.
        moved_ms = round((call.now - call.world.clock.request_now()) * 1000)
        rows = [row for row in newest_first if row[0][0] <= start_ms + moved_ms]
    page = rows[:size]
    end = page[-1][0] if page else (start_ms, last)
    return [row[1] for row in page], len(rows) > size, end


ENDPOINTS = (
    Endpoint(("GET", "POST"), "/im/session/open", open_session, "im"),
    Endpoint(("GET",), "/im/session/list", session_list, "im", is_list=True),
    Endpoint(("GET",), "/im/session/get", one_session, "im"),
    Endpoint(("GET",), "/im/message/list", message_list, "im", is_list=True),
    Endpoint(("POST",), "/im/session/read", read_session, "im"),
)
