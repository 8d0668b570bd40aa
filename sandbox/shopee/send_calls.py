"""Calls that write to buyers: send_message and upload_image (marketplace-apis 1.4)."""

from typing import Any

from sandbox.clock import NANOSECONDS
from sandbox.market import chatlog
from sandbox.market.parameters import Parameters
from sandbox.market.pictures import thumbnail_size
from sandbox.market.refusal import Refusal
from sandbox.shopee import chat_views, pictures, rules
from sandbox.shopee.endpoint import Call, Endpoint
from sandbox.shopee.entities import Message, Order
from sandbox.shopee.errors import PARAM_ERROR
from sandbox.shopee.rules import Draft, Facts, Sent

MINUTE_S = 60


def upload_image(call: Call) -> dict[str, Any]:
    """POST upload_image: keeps the bytes as they came and gives their address."""
    if call.file is None:
        raise Refusal(PARAM_ERROR, "file is required, as multipart/form-data.")
    picture = pictures.judge(
        call.file,
        limit_bytes=call.world.limits.image_limit_bytes,
        shop_id=call.own_shop.shop_id,
        now=call.now,
    )
    call.world.add_picture(picture, call.file)
    url = call.picture_url(picture)
    width, height = thumbnail_size(picture.width, picture.height)
    return {
        "url": url,
        "thumbnail": f"{url}_tn",
        "thumb_width": width,
        "thumb_height": height,
        "file_server_id": 0,
        "url_hash": picture.picture_id,
    }


def send_message(call: Call) -> dict[str, Any]:
    """POST send_message, judged in the order that was seen on the real server.

    First `to_id` and an object `content`, then the contact window, then the rest.
    """
    to_id = call.parameters.whole("to_id")
    body = call.parameters.mapping("content")
    facts = gather(call, to_id)
    rules.check_window(facts, call.world.limits)
    source_content = _source_content(call, to_id)
    message_type = call.parameters.text("message_type")
    content = _content(call, message_type, body, to_id)
    draft = _draft(call, message_type, content, str(source_content.get("order_sn", "")))
    rules.check(draft, facts, call.world.limits)
    fate = call.fate()
    message = chatlog.append(
        call.world,
        shop_id=call.own_shop.shop_id,
        buyer_id=to_id,
        by="shop",
        message_type=message_type,
        content=content,
        source_content=source_content,
        source="openapi",
        status=fate.status or "normal",
        hidden_until=fate.hidden_until,
        hidden=fate.hidden,
    )
    call.accepted = message
    return chat_views.sent(call, message)


def gather(call: Call, buyer_id: int) -> Facts:
    """What the rules need to know about the shop and this buyer."""
    shop, world = call.own_shop, call.world
    chat = world.conversations.between(shop.shop_id, buyer_id)
    every = world.messages.of(chat.conversation_id) if chat else []
    contact = chatlog.contact_between(world, shop.shop_id, buyer_id)
    per_minute = world.limits.sends_per_minute
    per_day = world.limits.daily_sends.get(shop.region)
    from_buyer = [one.created_ns for one in every if one.by == "buyer"]
    ordered = [
        order.create_time
        for order in world.orders
        if order.shop_id == shop.shop_id and order.buyer_id == buyer_id
    ]
    return Facts(
        now=call.now,
        has_conversation=chat is not None,
        last_buyer_message_at=max(from_buyer) / NANOSECONDS if from_buyer else None,
        last_order_at=max(ordered, default=None),
        return_open=contact.return_open,
        unanswered=_unanswered(every),
        recent=[
            Sent(one.created_ns / NANOSECONDS, fingerprint(one.message_type, one.content))
            for one in every
            if one.by == "shop"
        ],
        blocked_by_buyer=contact.blocked_by_buyer,
        blocked_by_shop=contact.blocked_by_shop,
        subaccount=shop.subaccount,
        safety_block=shop.safety_block,
        # Counting walks over all messages: only where a limit asks for it.
        sends_last_minute=_sends_since(call, call.now - MINUTE_S) if per_minute else 0,
        sends_today=_sends_since(call, rules.day_start(call.now)) if per_day else 0,
        daily_limit=per_day,
    )


def fingerprint(message_type: str, content: dict[str, Any]) -> str:
    """Equal for messages that say the same."""
    first = next(iter(content.values()), "")
    return f"{message_type}:{first}"


def _unanswered(every: list[Message]) -> int:
    """How many the shop sent since the buyer last wrote."""
    return next(
        (index for index, one in enumerate(reversed(every)) if one.by == "buyer"), len(every)
    )


def _sends_since(call: Call, since: float) -> int:
    shop_id, since_ns = call.own_shop.shop_id, since * NANOSECONDS
    return sum(
        one.shop_id == shop_id and one.by == "shop" and one.created_ns >= since_ns
        for one in call.world.messages
    )


def _source_content(call: Call, to_id: int) -> dict[str, Any]:
    given = call.parameters.optional_mapping("source_content")
    order_sn, item_id = given.optional_text("order_sn"), given.optional_whole("item_id")
    found: dict[str, Any] = {}
    if order_sn:
        found["order_sn"] = _order_of(call, given, order_sn, to_id).order_sn
    if item_id is not None:
        found["item_id"] = item_id
    return found


def _order_of(call: Call, given: Parameters, order_sn: str, buyer_id: int) -> Order:
    order = call.world.orders.get(order_sn)
    if order is None or order.shop_id != call.own_shop.shop_id or order.buyer_id != buyer_id:
        raise given.bad("order_sn", "is not an order of this buyer at this shop")
    return order


def _content(call: Call, message_type: str, body: Parameters, to_id: int) -> dict[str, Any]:
    """The content in the form it is stored in; the first value makes the fingerprint."""
    if message_type == "text":
        return {"text": body.text("text")}
    if message_type == "image":
        return {"picture_id": _picture_id(call, body)}
    if message_type == "order":
        order = _order_of(call, body, body.text("order_sn"), to_id)
        return {"order_sn": order.order_sn, "shop_id": order.shop_id}
    if message_type == "item":
        return {"item_id": _item_id(call, body)}
    if message_type == "sticker":
        return {
            "sticker_id": body.text("sticker_id"),
            "sticker_package_id": body.text("sticker_package_id"),
        }
    raise Refusal(PARAM_ERROR, "message_type is not known here.")


def _picture_id(call: Call, body: Parameters) -> str:
    """Only a picture this shop has uploaded can be sent; its address is known by the last part."""
    picture_id = body.text("image_url").rsplit("/", 1)[-1]
    picture = call.world.pictures.get(picture_id)
    if picture is None or picture.shop_id != call.own_shop.shop_id:
        raise body.bad("image_url", "is not an address that upload_image gave this shop")
    return picture_id


def _item_id(call: Call, body: Parameters) -> int:
    item_id = body.whole("item_id")
    shop_id = call.own_shop.shop_id
    known = {
        item.item_id
        for order in call.world.orders
        if order.shop_id == shop_id
        for item in order.items
    }
    if item_id not in known:
        raise body.bad("item_id", "is not an item of this shop")
    return item_id


def _draft(call: Call, message_type: str, content: dict[str, Any], source_order_sn: str) -> Draft:
    picture = call.world.pictures.get(str(content.get("picture_id", "")))
    return Draft(
        message_type=message_type,
        fingerprint=fingerprint(message_type, content),
        text=str(content.get("text", "")),
        picture_sha256=picture.sha256 if picture else "",
        order_sn=str(content.get("order_sn", "")) or source_order_sn,
    )


ENDPOINTS = (
    Endpoint("POST", "/api/v2/sellerchat/upload_image", upload_image, chat=True),
    Endpoint("POST", "/api/v2/sellerchat/send_message", send_message, chat=True, sends=True),
)
