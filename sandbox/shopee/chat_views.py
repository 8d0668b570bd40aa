"""Conversations and messages as the marketplace shows them to the shop's app.

Ids are above 2**53 and come as strings in one place and as bare numbers in another, as clients
report of the real one.
"""

from typing import Any

from sandbox.clock import NANOSECONDS
from sandbox.shopee.endpoint import Call
from sandbox.shopee.entities import Conversation, Message
from sandbox.shopee.message_content import content


def conversation(call: Call, chat: Conversation, latest: Message) -> dict[str, Any]:
    """One row of the conversation list. Its time is in nanoseconds."""
    buyer = call.world.buyers.get(chat.buyer_id)
    return {
        "conversation_id": str(chat.conversation_id),
        "to_id": chat.buyer_id,
        "to_name": buyer.username if buyer else "",
        "to_avatar": "",
        "shop_id": chat.shop_id,
        "unread_count": chat.unread_count,
        "pinned": chat.pinned,
        "mute": chat.mute,
        "last_read_message_id": chat.last_read_message_id,
        "latest_message_id": str(latest.message_id),
        "latest_message_type": latest.message_type,
        "latest_message_content": content(call.world, call.base_url, latest),
        "latest_message_from_id": _sender(latest),
        "last_message_timestamp": latest.created_ns,
        "last_message_option": 0,
        "max_general_option_hide_time": "0",
        "opposite_last_read_msg_id": "0",
        "opposite_last_deliver_msg_id": str(latest.message_id),
    }


def message(call: Call, one: Message) -> dict[str, Any]:
    """One message of a conversation. Its time is in seconds."""
    from_shop = one.by == "shop"
    return {
        "message_id": str(one.message_id),
        "message_type": one.message_type,
        "from_id": _sender(one),
        "from_shop_id": one.shop_id if from_shop else 0,
        "to_id": one.buyer_id if from_shop else one.shop_id,
        "to_shop_id": 0 if from_shop else one.shop_id,
        "conversation_id": one.conversation_id,
        "created_timestamp": one.created_ns // NANOSECONDS,
        "region": call.own_shop.region,
        "status": one.status,
        "source": one.source,
        "content": content(call.world, call.base_url, one),
        "message_option": 0,
        "source_content": one.source_content,
        "quoted_msg": None,
        "business_type": 0,
    }


def sent(call: Call, one: Message) -> dict[str, Any]:
    """The answer to a send."""
    return {
        "message_id": str(one.message_id),
        "to_id": one.buyer_id,
        "message_type": one.message_type,
        "content": content(call.world, call.base_url, one),
        "conversation_id": one.conversation_id,
        "created_timestamp": one.created_ns // NANOSECONDS,
        "message_option": 0,
        "region": call.own_shop.region,
    }


def _sender(one: Message) -> int:
    """A shop's account has a user id of its own; here it is the shop's id."""
    return one.shop_id if one.by == "shop" else one.buyer_id
