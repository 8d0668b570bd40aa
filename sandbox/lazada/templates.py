"""The kinds of messages: their template ids and content (marketplace-apis 2.4)."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.lazada.entities import Message, Order, Shop
from sandbox.market.entities import Picture

# Kind in the sandbox's words, and Lazada's template id. The last three only come in.
TEMPLATE_IDS = {
    "text": 1,
    "image": 3,
    "emoji": 4,
    "video": 6,
    "item": 10006,
    "order": 10007,
    "voucher": 10008,
    "follow": 10010,
    "system": 2,
    "refund": 10011,
    "auto_reply": 10015,
}
SENDABLE = {
    str(TEMPLATE_IDS[kind]): kind
    for kind in ("text", "image", "emoji", "item", "order", "voucher", "follow")
}

PictureUrl = Callable[[str], str]


def content_text(
    message: Message,
    *,
    picture: Picture | None,
    order: Order | None,
    shop: Shop,
    picture_url: PictureUrl,
) -> str:
    """The content as a string of JSON, as reads and pushes carry it."""
    kept = message.content
    if message.message_type == "image":
        content = _image(kept, picture, picture_url)
    elif message.message_type == "order":
        content = _order_card(str(kept.get("order_sn", "")), order)
    elif message.message_type == "item":
        content = {"itemId": str(kept.get("item_id", "")), "title": "Item", "currency": ""}
    elif message.message_type == "voucher":
        content = {"promotionId": kept.get("promotion_id", ""), "title": "Voucher"}
    elif message.message_type == "follow":
        content = {"title": f"Follow {shop.shop_name}"}
    else:
        content = {"txt": kept.get("text", ""), "translateTxt": ""}
    return json.dumps(content, ensure_ascii=False)


def _image(
    kept: dict[str, Any], picture: Picture | None, picture_url: PictureUrl
) -> dict[str, Any]:
    url = str(kept.get("external_url", "")) or picture_url(str(kept.get("picture_id", "")))
    return {
        "imgUrl": url,
        "osskey": url.rsplit("/", 1)[-1],
        "width": kept.get("width", picture.width if picture else 0),
        "height": kept.get("height", picture.height if picture else 0),
    }


def _order_card(number: str, order: Order | None) -> dict[str, Any]:
    first = order.lines[0].name if order else ""
    return {
        "title": f"Order {number}",
        "content": first,
        "status": order.status if order else "",
        "iconUrl": "",
        "orderId": number,
        "actionUrl": "",
    }
