"""Sessions and messages as Lazada's replies show them (marketplace-apis 2.4)."""

from typing import Any

from sandbox.clock import NANOSECONDS
from sandbox.lazada import templates
from sandbox.lazada.entities import Conversation, Message, Shop
from sandbox.lazada.templates import PictureUrl
from sandbox.lazada.world import World

BUYER, SELLER = 1, 2
USER_MESSAGE, SYSTEM_MESSAGE = 1, 2
RECALLED = 1
NS_PER_MS = NANOSECONDS // 1000


def site_of(shop: Shop) -> str:
    """How pushes and chats name the shop's country."""
    return f"lazada_{shop.region.lower()}"


def message(world: World, shop: Shop, one: Message, picture_url: PictureUrl) -> dict[str, Any]:
    """One message, as in lists and in pushes."""
    from_shop = one.by == "shop"
    ends = ((one.shop_id, SELLER), (one.buyer_id, BUYER))
    sender, receiver = ends if from_shop else ends[::-1]
    order_number = str(one.content.get("order_sn", ""))
    return {
        "message_id": one.message_id,
        "session_id": one.conversation_id,
        "content": templates.content_text(
            one,
            picture=world.pictures.get(str(one.content.get("picture_id", ""))),
            order=world.orders.get(order_number) if order_number else None,
            shop=shop,
            picture_url=picture_url,
        ),
        "from_account_id": sender[0],
        "from_account_type": sender[1],
        "to_account_id": receiver[0],
        "to_account_type": receiver[1],
        "template_id": templates.TEMPLATE_IDS.get(one.message_type, 1),
        "type": SYSTEM_MESSAGE if one.message_type == "system" else USER_MESSAGE,
        "send_time": one.created_ns // NS_PER_MS,
        "site_id": site_of(shop),
        "process_msg": world.limits.process_msg if one.status == "safety_check" else "",
        "status": RECALLED if one.status == "recalled" else 0,
        "auto_reply": one.auto_reply,
    }


def session(world: World, shop: Shop, chat: Conversation, latest: Message | None) -> dict[str, Any]:
    """One session; positions are up to when each side has read, in milliseconds."""
    buyer = world.buyers.get(chat.buyer_id)
    read = world.messages.get(chat.last_read_message_id)
    return {
        "session_id": chat.conversation_id,
        "summary": str(latest.content.get("text", "")) if latest else "",
        "title": buyer.username if buyer else "",
        "head_url": "",
        "buyer_id": int(chat.buyer_id),
        "unread_count": chat.unread_count,
        "last_message_id": latest.message_id if latest else "",
        "last_message_time": latest.created_ns // NS_PER_MS if latest else 0,
        "self_position": read.created_ns // NS_PER_MS if read else 0,
        "to_position": chat.buyer_read_ns // NS_PER_MS,
        "tags": [],
        "site_id": site_of(shop),
    }
