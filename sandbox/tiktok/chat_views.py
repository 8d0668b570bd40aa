"""Conversations and messages as the marketplace shows them to the shop's app (3.4)."""

import json
from typing import Any

from sandbox.clock import NANOSECONDS
from sandbox.tiktok import rules
from sandbox.tiktok.chat_facts import gather
from sandbox.tiktok.entities import Buyer, Conversation, Message, Shop
from sandbox.tiktok.world import World

# The sandbox's words and the platform's.
TYPES = {
    "text": "TEXT",
    "image": "IMAGE",
    "order": "ORDER_CARD",
    "item": "PRODUCT_CARD",
    "return": "RETURN_REFUND_CARD",
    "coupon": "COUPON_CARD",
}
WORDS = {shown: word for word, shown in TYPES.items()}


def conversation(world: World, base_url: str, chat: Conversation) -> dict[str, Any]:
    """One conversation, with its latest message if it has one."""
    shop, buyer = world.shops.get(chat.shop_id), world.buyers.get(chat.buyer_id)
    facts = gather(world, chat.shop_id, chat.buyer_id)
    participants = [
        *([_buyer(buyer, shop)] if buyer and shop else []),
        *([_shop(shop, "SHOP")] if shop else []),
    ]
    readable = readable_of(world, chat)
    shown: dict[str, Any] = {
        "id": chat.conversation_id,
        "participant_count": len(participants),
        "can_send_message": rules.can_send(facts, world.limits),
        "unread_count": chat.unread_count,
        "create_time": int(chat.create_time),
        "participants": participants,
    }
    return shown | ({"latest_message": message(world, base_url, readable[-1])} if readable else {})


def readable_of(world: World, chat: Conversation) -> list[Message]:
    """The messages the shop's reads show now, oldest first."""
    now = world.clock.now()
    return [one for one in world.messages.of(chat.conversation_id) if one.readable(now)]


def message(world: World, base_url: str, one: Message) -> dict[str, Any]:
    """One message. Its content is JSON in a string, its time in seconds."""
    return {
        "id": one.message_id,
        "type": TYPES.get(one.message_type, "OTHER"),
        "content": json.dumps(_content(world, base_url, one), ensure_ascii=False),
        "create_time": one.created_ns // NANOSECONDS,
        "is_visible": one.shown_to_buyer,
        "index": str(one.created_ns),
        "sender": _sender(world, one),
    }


def _content(world: World, base_url: str, one: Message) -> dict[str, Any]:
    content = one.content
    picture = world.pictures.get(str(content.get("picture_id", "")))
    if picture is not None:
        # Strings here, numbers in the upload's answer: both are documented.
        return {
            "url": picture_url(base_url, picture.picture_id),
            "width": str(picture.width),
            "height": str(picture.height),
        }
    if one.message_type == "text":
        return {"content": content.get("text", "")}
    if one.message_type == "order":
        return {"order_id": content.get("order_sn", "")}
    if one.message_type == "item":
        return {"product_id": str(content.get("item_id", ""))}
    return content


def picture_url(base_url: str, picture_id: str) -> str:
    """Where a picture's bytes are served."""
    return f"{base_url}/file/{picture_id}"


def _sender(world: World, one: Message) -> dict[str, Any]:
    shop, buyer = world.shops.get(one.shop_id), world.buyers.get(one.buyer_id)
    if one.by == "buyer":
        return _person(buyer.im_user_id, "BUYER", buyer.username) if buyer else {}
    # An agent's, and so also what an app sends; only automatic answers are the SHOP's.
    return _person(shop.im_user_id, "CUSTOMER_SERVICE", shop.shop_name) if shop else {}


def _buyer(buyer: Buyer, shop: Shop) -> dict[str, Any]:
    shown = _person(buyer.im_user_id, "BUYER", buyer.username) | {"user_id": buyer.user_id}
    return shown | ({"buyer_platform": "TIKTOK_SHOP"} if shop.region == "ID" else {})


def _shop(shop: Shop, role: str) -> dict[str, Any]:
    return _person(shop.im_user_id, role, shop.shop_name) | {"user_id": ""}


def _person(im_user_id: str, role: str, nickname: str) -> dict[str, Any]:
    return {"im_user_id": im_user_id, "role": role, "nickname": nickname, "avatar": ""}
