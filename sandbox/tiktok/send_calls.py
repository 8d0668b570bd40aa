"""Calls that write to buyers (marketplace-apis 3.4)."""

import json
from typing import Any

from sandbox.market import chatlog, pictures
from sandbox.market.parameters import Parameters
from sandbox.market.refusal import Refusal
from sandbox.tiktok import chat_views, errors, rules
from sandbox.tiktok.chat_facts import gather
from sandbox.tiktok.conversation_calls import own_chat
from sandbox.tiktok.endpoint import Call, Endpoint
from sandbox.tiktok.entities import CHAT_SCOPE, Conversation

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}


def upload_image(call: Call) -> dict[str, Any]:
    """POST images/upload: keeps the bytes as they came; gives address, width and height."""
    if not call.file:
        raise Refusal(errors.BAD_REQUEST, "data is required, as multipart/form-data.")
    if len(call.file) > call.world.limits.image_limit_bytes:
        raise Refusal(errors.TOO_LARGE, "The picture is too large.")
    try:
        picture = pictures.describe(
            call.file, formats=FORMATS, shop_id=call.own_shop.shop_id, now=call.now
        )
    except pictures.BadPicture as problem:
        raise Refusal(errors.NOT_SUPPORTED, str(problem)) from problem
    call.world.add_picture(picture, call.file)
    return {
        "url": chat_views.picture_url(call.base_url, picture.picture_id),
        "width": picture.width,
        "height": picture.height,
    }


def send_message(call: Call) -> dict[str, Any]:
    """POST messages: one message of one type; its content is JSON in a string."""
    chat = own_chat(call)
    message_type, content = _message(call, chat)
    facts = gather(call.world, chat.shop_id, chat.buyer_id)
    if not rules.can_send(facts, call.world.limits):
        raise Refusal(errors.CONVERSATION_CLOSED, "Not allowed by the conversation's rules.")
    fate = call.fate()
    message = chatlog.append(
        call.world,
        shop_id=chat.shop_id,
        buyer_id=chat.buyer_id,
        by="shop",
        message_type=message_type,
        content=content,
        source="api",
        status=fate.status or "normal",
        hidden_until=fate.hidden_until,
        hidden=fate.hidden,
    )
    call.accepted = message
    return {"message_id": message.message_id}


def _message(call: Call, chat: Conversation) -> tuple[str, dict[str, Any]]:
    """Type and content, as they are stored."""
    given = _content(call.body)
    word = chat_views.WORDS.get(call.body.text("type"), "")
    if word == "text":
        text = given.optional_text("content")
        rules.check_text(text, call.world.limits)
        return word, {"text": text}
    if word == "image":
        return word, {"picture_id": _picture_id(call, given)}
    if word == "order":
        return word, {"order_sn": _order_id(call, given, chat)}
    if word == "item":
        return word, {"item_id": _product_id(call, given)}
    if word == "return":
        return word, _returned(call, given, chat)
    if word == "coupon":
        raise Refusal(errors.CARD_CONDITIONS, "There is no such coupon.")
    raise Refusal(errors.NOT_SUPPORTED, "This type of message is not supported.")


def _content(body: Parameters) -> Parameters:
    text = body.text("content")
    try:
        value = json.loads(text)
    except ValueError as problem:
        raise body.bad("content", "must be JSON in a string") from problem
    if not isinstance(value, dict):
        raise body.bad("content", "must be a JSON object in a string")
    return Parameters(value, error=errors.CHAT_PARAMETER)


def _picture_id(call: Call, given: Parameters) -> str:
    """Only what this shop has uploaded can be sent, and all three as the upload gave them."""
    picture_id = given.text("url").rsplit("/", 1)[-1]
    picture = call.world.pictures.get(picture_id)
    if picture is None or picture.shop_id != call.own_shop.shop_id:
        raise given.bad("url", "is not an address that images/upload gave this shop")
    if given.text("url") != chat_views.picture_url(call.base_url, picture_id):
        raise given.bad("url", "is not an address that images/upload gave this shop")
    size = (given.whole("width"), given.whole("height"))
    if size != (picture.width, picture.height):
        raise given.bad("width", "and height are not those of the picture")
    return picture_id


def _order_id(call: Call, given: Parameters, chat: Conversation) -> str:
    order = call.world.orders.get(given.text("order_id"))
    if order is None or (order.shop_id, order.buyer_id) != (chat.shop_id, chat.buyer_id):
        raise Refusal(errors.CARD_CONDITIONS, "It is not an order of this buyer at this shop.")
    return order.order_id


def _product_id(call: Call, given: Parameters) -> str:
    product_id = given.text("product_id")
    known = {
        item.product_id
        for order in call.world.orders
        if order.shop_id == call.own_shop.shop_id
        for item in order.items
    }
    if product_id not in known:
        raise Refusal(errors.CARD_CONDITIONS, "It is not a product of this shop.")
    return product_id


def _returned(call: Call, given: Parameters, chat: Conversation) -> dict[str, Any]:
    order_id, sku_id = _order_id(call, given, chat), given.text("sku_id")
    contact = chatlog.contact_between(call.world, chat.shop_id, chat.buyer_id)
    if not contact.return_open:
        raise Refusal(errors.CARD_CONDITIONS, "The buyer has no return.")
    return {"order_id": order_id, "sku_id": sku_id}


ENDPOINTS = (
    Endpoint(
        "POST",
        "/customer_service/{version}/images/upload",
        upload_image,
        versions=("202309",),
        scope=CHAT_SCOPE,
        parameter_error=errors.CHAT_PARAMETER,
        takes_file=True,
    ),
    Endpoint(
        "POST",
        "/customer_service/{version}/conversations/{conversation_id}/messages",
        send_message,
        versions=("202309", "202606"),
        scope=CHAT_SCOPE,
        parameter_error=errors.CHAT_PARAMETER,
        counted_daily=True,
    ),
)
