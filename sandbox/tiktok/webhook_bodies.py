"""What TikTok Shop's webhooks say (marketplace-apis 3.6). Pure.

The data of types 4 and 12 is kept small, for what is in it is not known for certain.
"""

from typing import Any

from sandbox.clock import NANOSECONDS
from sandbox.tiktok.entities import Conversation, Order

ORDER_STATUS, PACKAGE_UPDATE, DEAUTHORIZED, AUTHORIZATION_EXPIRING = "1", "4", "6", "7"
RETURN, NEW_CONVERSATION, NEW_MESSAGE = "12", "13", "14"
TYPES = (
    ORDER_STATUS,
    PACKAGE_UPDATE,
    DEAUTHORIZED,
    AUTHORIZATION_EXPIRING,
    RETURN,
    NEW_CONVERSATION,
    NEW_MESSAGE,
)


def order_status(order: Order) -> dict[str, Any]:
    """Type 1. A cancelled order has another name here than in calls."""
    return {
        "order_id": order.order_id,
        "order_status": "CANCEL" if order.status == "CANCELLED" else order.status,
        "is_on_hold_order": order.status == "ON_HOLD",
        "update_time": order.update_time,
    }


def package_update(order: Order, package_id: str) -> dict[str, Any]:
    """Type 4."""
    return {
        "package_list": [{"package_id": package_id, "order_id_list": [order.order_id]}],
        "update_time": order.update_time,
    }


def authorization_expiring(expire_time: float) -> dict[str, Any]:
    """Type 7."""
    return {"message": "The authorization expires soon.", "expiration_time": int(expire_time)}


def new_conversation(chat: Conversation) -> dict[str, Any]:
    """Type 13."""
    return {"conversation_id": chat.conversation_id, "create_time": int(chat.create_time)}


def new_message(shown: dict[str, Any], chat: Conversation, created_ns: int) -> dict[str, Any]:
    """Type 14, from the message as calls show it."""
    sender = shown["sender"]
    return {
        "message_id": shown["id"],
        "index": shown["index"],
        "conversation_id": chat.conversation_id,
        "type": shown["type"],
        "content": shown["content"],
        "create_time": created_ns // NANOSECONDS,
        "is_visible": shown["is_visible"],
        "sender": {"im_user_id": sender.get("im_user_id", ""), "role": sender.get("role", "")},
    }
