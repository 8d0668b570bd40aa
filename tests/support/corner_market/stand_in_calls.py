"""Corner's calls: of an app, with a token those of its shop."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tests.support.corner_market.stand_in import (
    LONGEST_TEXT,
    Chat,
    Grant,
    Order,
    RefusedError,
    World,
    page_of,
)

Fields = dict[str, Any]


def answer(world: World, app: str, shop: str, call: str, body: bytes) -> Fields:
    """The data of a call's reply. Raises RefusedError."""
    if call == "upload":
        return {"url": world.keep_picture(body)}
    fields: Fields = json.loads(body)
    if call in _OF_APPS:
        return _tokens(_OF_APPS[call](world, app, fields))
    if call not in _OF_SHOPS or not shop:
        raise RefusedError("not_found" if shop else "bad_token")
    return _OF_SHOPS[call](world, shop, fields)


def _token(world: World, app: str, fields: Fields) -> Grant:
    owner, shop = world.codes.get(fields["code"], ("", ""))
    if owner != app:
        raise RefusedError("bad_code")
    del world.codes[fields["code"]]
    return world.grant(app, shop)


def _refresh(world: World, app: str, fields: Fields) -> Grant:
    for grant in world.grants:
        if (grant.app, grant.refresh_token) == (app, fields["token"]):
            world.grants.remove(grant)
            if grant.refresh_ends_at > world.now():
                return world.grant(app, grant.shop)
    raise RefusedError("bad_refresh")


def _tokens(grant: Grant) -> Fields:
    return {name: value for name, value in asdict(grant).items() if name != "app"}


def _shop(world: World, shop: str, _fields: Fields) -> Fields:
    return {"name": f"Shop {shop}", "country": world.shops[shop]}


def _orders(world: World, shop: str, fields: Fields) -> Fields:
    at = "placed_at" if fields["by"] == "created" else "changed_at"
    found = [
        order
        for order in sorted(world.orders.values(), key=lambda one: (getattr(one, at), one.number))
        if order.shop == shop and fields["since"] <= getattr(order, at) <= fields["until"]
    ]
    names = [f"{getattr(order, at)}:{order.number}" for order in found]
    page, after = page_of(found, names, fields["after"])
    return {"orders": [_order_fields(order) for order in page], "after": after}


def _order(world: World, shop: str, fields: Fields) -> Fields:
    return _order_fields(own_order(world, shop, fields["number"]))


def own_order(world: World, shop: str, number: str) -> Order:
    order = world.orders.get(number)
    if order is None or order.shop != shop:
        raise RefusedError("not_found")
    return order


def _order_fields(order: Order) -> Fields:
    parcels = [
        {"number": number, "tracking_number": tracking}
        for number, tracking in order.parcels.items()
    ]
    return {**asdict(order), "parcels": parcels}


def _chats(world: World, shop: str, fields: Fields) -> Fields:
    written = [chat for chat in world.chats.values() if chat.shop == shop and chat.messages]
    written.sort(key=lambda chat: int(chat.messages[-1].message), reverse=True)
    page, before = page_of(written, [chat.name for chat in written], fields["before"])
    return {"chats": [_chat_fields(chat) for chat in page], "before": before}


def _chat_fields(chat: Chat) -> Fields:
    return {
        "chat": chat.name,
        "buyer": chat.buyer,
        "unread": sum(one.by == "buyer" for one in chat.messages[chat.read :]),
        "last_message": chat.messages[-1].message,
        "last_at": chat.messages[-1].at,
    }


def _open(world: World, shop: str, fields: Fields) -> Fields:
    order = own_order(world, shop, fields["order"])
    return {"chat": world.chat_of(shop, order.buyer).name}


def _own_chat(world: World, shop: str, fields: Fields) -> Chat:
    chat = world.chats.get(fields["chat"])
    if chat is None or chat.shop != shop:
        raise RefusedError("not_found")
    return chat


def _messages(world: World, shop: str, fields: Fields) -> Fields:
    newest_first = _own_chat(world, shop, fields).messages[::-1]
    names = [one.message for one in newest_first]
    page, before = page_of(newest_first, names, fields["before"])
    return {"messages": [asdict(one) for one in page], "before": before}


def _read(world: World, shop: str, fields: Fields) -> Fields:
    chat = _own_chat(world, shop, fields)
    names = [one.message for one in chat.messages]
    if fields["message"] not in names:
        raise RefusedError("not_found")
    chat.read = max(chat.read, names.index(fields["message"]) + 1)
    return {}


def _send(world: World, shop: str, fields: Fields) -> Fields:
    chat, kind, value = _own_chat(world, shop, fields), fields["kind"], fields["value"]
    world.check_may_write(chat)
    if kind == "text" and not 0 < len(value) <= LONGEST_TEXT:
        raise RefusedError("too_long")
    if kind == "image" and value not in world.pictures:
        raise RefusedError("bad_picture")
    if kind == "order" and own_order(world, shop, value).buyer != chat.buyer:
        raise RefusedError("not_found")
    said = world.add(chat, "app", kind, value)
    return {"message_id": said.message, "at": said.at}


_OF_APPS: dict[str, Callable[[World, str, Fields], Grant]] = {"token": _token, "refresh": _refresh}
_OF_SHOPS: dict[str, Callable[[World, str, Fields], Fields]] = {
    "shop": _shop,
    "orders": _orders,
    "order": _order,
    "chats": _chats,
    "open": _open,
    "messages": _messages,
    "read": _read,
    "send": _send,
}
