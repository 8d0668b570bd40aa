"""Calls that open and read conversations (marketplace-apis 3.4)."""

from typing import Any

from sandbox.market.refusal import Refusal
from sandbox.tiktok import chat_views, errors, rules
from sandbox.tiktok.chat_facts import gather
from sandbox.tiktok.endpoint import Call, Endpoint
from sandbox.tiktok.entities import CHAT_SCOPE, Conversation
from sandbox.tiktok.paging import page_of

MOST_CONVERSATIONS = 20
MOST_MESSAGES = 10


def open_conversation(call: Call) -> dict[str, Any]:
    """POST conversations: the one that is there, opened again where it had closed, or a new one."""
    buyer_id, shop_id = call.body.text("buyer_user_id"), call.own_shop.shop_id
    rules.check_start(gather(call.world, shop_id, buyer_id), call.world.limits)
    known = call.world.conversations.between(shop_id, buyer_id)
    if known is None:
        made = call.world.conversations.put(call.world.new_conversation(shop_id, buyer_id))
        return {"conversation_id": made.conversation_id}
    call.world.conversations.put(known.model_copy(update={"opened_at": call.now}))
    return {"conversation_id": known.conversation_id}


def conversations(call: Call) -> dict[str, Any]:
    """GET conversations: those with the newest messages first."""
    size = call.query.page_size(MOST_CONVERSATIONS, MOST_CONVERSATIONS)
    mine = [chat for chat in call.world.conversations if chat.shop_id == call.own_shop.shop_id]
    mine.sort(key=lambda chat: _newest_ns(call, chat), reverse=True)
    page, following = page_of(mine, call.query, size)
    return {
        "conversations": [
            chat_views.conversation(call.world, call.base_url, chat) for chat in page
        ],
        "next_page_token": following,
    }


def one_conversation(call: Call) -> dict[str, Any]:
    """GET a conversation by its id."""
    chat = own_chat(call)
    return {"conversation": chat_views.conversation(call.world, call.base_url, chat)}


def messages(call: Call) -> dict[str, Any]:
    """GET the messages of a conversation."""
    chat = own_chat(call)
    size = call.query.page_size(MOST_MESSAGES, MOST_MESSAGES)
    order = call.query.optional_text("sort_order") or "DESC"
    if order not in {"ASC", "DESC"}:
        raise call.query.bad("sort_order", "must be ASC or DESC")
    field = call.query.optional_text("sort_field") or "create_time"
    if field not in {"create_time", "index"}:
        raise call.query.bad("sort_field", "must be create_time or index")
    found = chat_views.readable_of(call.world, chat)
    page, following = page_of(found[::-1] if order == "DESC" else found, call.query, size)
    return {
        "messages": [chat_views.message(call.world, call.base_url, one) for one in page],
        "next_page_token": following,
        "unsupported_msg_tips": "",
    }


def read_messages(call: Call) -> dict[str, Any]:
    """POST messages/read: all counts as read."""
    chat = own_chat(call)
    every = call.world.messages.of(chat.conversation_id)
    last = every[-1].message_id if every else "0"
    read = {"unread_count": 0, "last_read_message_id": last}
    call.world.conversations.put(chat.model_copy(update=read))
    return {}


def own_chat(call: Call) -> Conversation:
    """The conversation that the path names, if it is this shop's."""
    chat = call.world.conversations.get(call.ids["conversation_id"])
    if chat is None:
        raise Refusal(errors.CONVERSATION_UNKNOWN, "The conversation is not found.")
    if chat.shop_id != call.own_shop.shop_id:
        raise Refusal(errors.NO_PERMISSION, "No permission to this conversation.")
    return chat


def _newest_ns(call: Call, chat: Conversation) -> int:
    readable = chat_views.readable_of(call.world, chat)
    return readable[-1].created_ns if readable else int(chat.create_time * 1e9)


_AT = "/customer_service/{version}/conversations"
_ONE = _AT + "/{conversation_id}"
ENDPOINTS = (
    Endpoint("POST", _AT, open_conversation, versions=("202309",), scope=CHAT_SCOPE),
    Endpoint("GET", _AT, conversations, versions=("202309",), scope=CHAT_SCOPE, counted_daily=True),
    Endpoint("GET", _ONE, one_conversation, versions=("202601",), scope=CHAT_SCOPE),
    Endpoint(
        "GET",
        f"{_ONE}/messages",
        messages,
        versions=("202309",),
        scope=CHAT_SCOPE,
        counted_daily=True,
    ),
    Endpoint(
        "POST",
        f"{_ONE}/messages/read",
        read_messages,
        versions=("202309",),
        scope=CHAT_SCOPE,
        counted_daily=True,
    ),
)
