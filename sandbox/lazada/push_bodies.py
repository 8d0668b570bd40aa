"""What Lazada's pushes say (marketplace-apis 2.6). Pure."""

from typing import Any

from sandbox.lazada.entities import Authorization, Conversation, Order, Shop

TRADE_ORDER, IM_MESSAGE, AUTHORIZATION_EXPIRING = "0", "2", "8"
SELLER_STATUS, SESSION_UPDATE = "13", "19"
TYPES = (TRADE_ORDER, IM_MESSAGE, AUTHORIZATION_EXPIRING, SELLER_STATUS, SESSION_UPDATE)
OF_ORDERS = frozenset({TRADE_ORDER})
OF_CHATS = frozenset({IM_MESSAGE, SESSION_UPDATE})


def trade_order(order: Order, line_id: int) -> dict[str, Any]:
    """Type 0, one for each unit."""
    return {
        "order_status": order.status,
        "trade_order_id": order.order_id,
        "trade_order_line_id": str(line_id),
        "status_update_time": int(order.updated_at),
    }


def authorization_expiring(authorization: Authorization) -> dict[str, Any]:
    """Type 8. The unit of its time is not stated; the others of pushes are seconds."""
    return {
        "app_key": authorization.app_key,
        "auth_expiry_time": int(authorization.ends_at),
        "seller_id": authorization.shop_id,
    }


def seller_status(shop: Shop) -> dict[str, Any]:
    """Type 13; what is in it is not stated."""
    return {"status": shop.status}


def session_update(chat: Conversation, session: dict[str, Any]) -> dict[str, Any]:
    """Type 19, with the positions as they stand in the session's reply."""
    names = ("session_id", "unread_count", "to_position", "self_position", "site_id")
    return {
        "sync_type": "SESSION_UPDATE",
        "user_account_id": chat.shop_id,
        **{name: session[name] for name in names},
    }
