"""What Shopee's pushes say (marketplace-apis 1.6). Pure.

The sheet names the data of codes 3 and 10. Those of 1, 2, 4 and 12 are kept small, for what is in
them is not known for certain.
"""

from typing import Any

from sandbox.clock import NANOSECONDS
from sandbox.shopee.entities import Buyer, Message, Order, Package, Shop

AUTHORIZED, DEAUTHORIZED, ORDER_STATUS, TRACKING_NUMBER = "1", "2", "3", "4"
WEBCHAT, AUTHORIZATION_EXPIRING = "10", "12"
VERIFICATION = "0"
CODES = (
    AUTHORIZED,
    DEAUTHORIZED,
    ORDER_STATUS,
    TRACKING_NUMBER,
    WEBCHAT,
    AUTHORIZATION_EXPIRING,
)


def authorization() -> dict[str, Any]:
    """Codes 1 and 2: the envelope's shop is what counts."""
    return {"success": 1}


def order_status(order: Order) -> dict[str, Any]:
    """Code 3. The number's name has no underscore here."""
    return {
        "ordersn": order.order_sn,
        "status": order.order_status,
        "update_time": order.update_time,
        "completed_scenario": "",
        "items": [],
    }


def tracking_number(order: Order, package: Package) -> dict[str, Any]:
    """Code 4."""
    return {
        "ordersn": order.order_sn,
        "package_number": package.package_number,
        "tracking_no": package.tracking_number,
    }


def authorization_expiring(shop_id: int, expire_time: float) -> dict[str, Any]:
    """Code 12."""
    return {
        "shop_expire_soon": [shop_id],
        "merchant_expire_soon": [],
        "expire_before": int(expire_time),
    }


def webchat(message: Message, content: dict[str, Any], shop: Shop, buyer: Buyer) -> dict[str, Any]:
    """Code 10. Its time is in seconds; ids are bare numbers, those of messages are strings."""
    from_shop = message.by == "shop"
    names = (shop.shop_name, buyer.username) if from_shop else (buyer.username, shop.shop_name)
    ids = (shop.shop_id, buyer.user_id) if from_shop else (buyer.user_id, shop.shop_id)
    return {
        "type": "message",
        "content": {
            "message_id": str(message.message_id),
            "conversation_id": str(message.conversation_id),
            "from_id": ids[0],
            "from_user_name": names[0],
            "to_id": ids[1],
            "to_user_name": names[1],
            "shop_id": shop.shop_id,
            "from_shop_id": shop.shop_id if from_shop else 0,
            "to_shop_id": 0 if from_shop else shop.shop_id,
            "created_timestamp": message.created_ns // NANOSECONDS,
            "region": shop.region,
            "message_type": message.message_type,
            "content": content,
            "status": message.status,
            "source_content": message.source_content,
            "sub_account_id": 0,
            "quoted_msg": None,
            "business_type": 0,
            "is_in_chatbot_session": False,
        },
    }
