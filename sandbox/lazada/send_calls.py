"""Calls that write to buyers: send, recall, upload (marketplace-apis 2.4)."""

import re
from typing import Any

from sandbox.clock import NANOSECONDS
from sandbox.lazada import errors, pictures, rules, templates
from sandbox.lazada.endpoint import Call, Endpoint
from sandbox.lazada.entities import Conversation
from sandbox.lazada.errors import ImRefusal
from sandbox.lazada.rules import Draft, Written
from sandbox.lazada.session_calls import own_session
from sandbox.market import chatlog

_EMOJI = re.compile(r"\[[^\[\]]+\]")


def send_message(call: Call) -> dict[str, Any]:
    """POST /im/message/send. A message that fails the safety check is accepted all the same."""
    chat = own_session(call)
    kind = _kind(call)
    content = _CONTENTS[kind](call, chat)
    every = call.world.messages.of(chat.conversation_id)
    history = [Written(one.by, one.created_ns / NANOSECONDS) for one in every]
    rules.check_unanswered(history, call.now, call.world.limits)
    fate = call.fate()
    message = chatlog.append(
        call.world,
        shop_id=chat.shop_id,
        buyer_id=chat.buyer_id,
        by="shop",
        message_type=kind,
        content=content,
        status=fate.status or _status(call, chat, content),
        hidden_until=fate.hidden_until,
        hidden=fate.hidden,
    )
    call.accepted = message
    return {
        "message_id": message.message_id,
        "current_time": round(call.now * 1000),
        "template_id": templates.TEMPLATE_IDS[kind],
    }


def recall_message(call: Call) -> dict[str, Any]:
    """POST /im/message/recall: for two minutes."""
    chat = own_session(call)
    message = call.world.messages.get(call.parameters.text("message_id"))
    if message is None or message.conversation_id != chat.conversation_id or message.by != "shop":
        raise ImRefusal(errors.NO_SUCH_MESSAGE, "The message is not one of yours.")
    if call.now - message.created_ns / NANOSECONDS > call.world.limits.recall_window_s:
        raise ImRefusal(errors.RECALL_TOO_LATE, "The message is too old to be recalled.")
    call.world.messages.put(message.model_copy(update={"status": "recalled"}))
    return {}


def upload_image(call: Call) -> dict[str, Any]:
    """POST /image/upload: keeps the bytes as they came and gives their address."""
    picture = pictures.judge(
        call.file,
        limit_bytes=call.world.limits.image_limit_bytes,
        shop_id=call.own_shop.shop_id,
        now=call.now,
    )
    call.world.add_picture(picture, call.file or b"")
    url = call.picture_url(picture.picture_id)
    return {"image": {"url": url, "hash_code": picture.sha256[:32]}}


def _kind(call: Call) -> str:
    template_id = call.parameters.text("template_id")
    kind = templates.SENDABLE.get(template_id)
    if kind is None:
        raise call.parameters.bad("template_id", "cannot be sent here")
    return kind


def _text(call: Call, _chat: Conversation) -> dict[str, Any]:
    text = call.parameters.text("txt")
    if len(text) > call.world.limits.text_limit_chars:
        raise call.parameters.bad("txt", f"is over {call.world.limits.text_limit_chars} characters")
    return {"text": text}


def _emoji(call: Call, _chat: Conversation) -> dict[str, Any]:
    text = call.parameters.text("txt")
    if not _EMOJI.fullmatch(text):
        raise call.parameters.bad("txt", "must be a name in brackets")
    return {"text": text}


def _image(call: Call, _chat: Conversation) -> dict[str, Any]:
    """Only a picture this seller has uploaded can be sent, unless a limit says otherwise."""
    url = call.parameters.text("img_url")
    size = {name: call.parameters.whole(name) for name in ("width", "height")}
    for name, pixels in size.items():
        if pixels < 1:
            raise call.parameters.bad(name, "must be above 0")
    picture_id = url.rsplit("/", 1)[-1]
    picture = call.world.pictures.get(picture_id)
    if picture is not None and picture.shop_id == call.own_shop.shop_id:
        return {"picture_id": picture_id, **size}
    if call.world.limits.external_images and url.startswith("https://"):
        return {"external_url": url, **size}
    raise call.parameters.bad("img_url", "is not an address that /image/upload gave this seller")


def _item(call: Call, _chat: Conversation) -> dict[str, Any]:
    return {"item_id": call.parameters.text("item_id")}


def _order(call: Call, chat: Conversation) -> dict[str, Any]:
    number = call.parameters.text("order_id")
    order = call.world.orders.get(number)
    if order is None or (order.shop_id, order.buyer_id) != (chat.shop_id, chat.buyer_id):
        raise call.parameters.bad("order_id", "is not an order of this buyer at this shop")
    return {"order_sn": order.order_id}


def _voucher(call: Call, _chat: Conversation) -> dict[str, Any]:
    return {"promotion_id": call.parameters.text("promotion_id")}


def _follow(_call: Call, _chat: Conversation) -> dict[str, Any]:
    return {}


_CONTENTS = {
    "text": _text,
    "emoji": _emoji,
    "image": _image,
    "item": _item,
    "order": _order,
    "voucher": _voucher,
    "follow": _follow,
}


def _status(call: Call, chat: Conversation, content: dict[str, Any]) -> str:
    """A buyer who blocked the shop never sees it; that is ours, for none is documented."""
    picture = call.world.pictures.get(str(content.get("picture_id", "")))
    draft = Draft(str(content.get("text", "")), picture.sha256 if picture else "")
    contact = chatlog.contact_between(call.world, chat.shop_id, chat.buyer_id)
    stopped = contact.blocked_by_buyer or rules.is_censored(draft, call.world.limits)
    return "safety_check" if stopped else "normal"


ENDPOINTS = (
    Endpoint(("POST",), "/im/message/send", send_message, "im"),
    Endpoint(("POST",), "/im/message/recall", recall_message, "im"),
    Endpoint(("POST",), "/image/upload", upload_image, "media"),
)
