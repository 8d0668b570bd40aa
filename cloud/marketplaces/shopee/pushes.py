"""Shopee's calls to us, and those that got lost (marketplace-apis 1.6).

The guide names the fields of order and chat pushes. Those of the other kinds are taken in every
spelling that was seen; where one is missing, the order is read.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.push_fields import (
    Kind,
    NeededId,
    OrderNumber,
    PushData,
    PushId,
    TrackingNumber,
    key_of,
    push_object,
    read_fields,
)
from cloud.marketplaces.pushes import (
    AuthorizationExpiring,
    AuthorizationRevoked,
    ChatMessageCame,
    LostPushes,
    OrdersChanged,
    Push,
    PushEvent,
    ShopAuthorized,
    SomethingElse,
    TrackingNumberIssued,
    Verification,
)
from cloud.marketplaces.reply_fields import NULL_IS_EMPTY, OptionalId, ReplyModel, Seconds, read
from cloud.marketplaces.shopee.client import ShopeePart

LOST_PATH = "/api/v2/push/get_lost_push_message"
CONFIRM_PATH = "/api/v2/push/confirm_consumed_lost_push_message"

_ShopIds = Annotated[list[NeededId], NULL_IS_EMPTY]


class Envelope(ReplyModel):
    """What every push has; `code` and `shop_id` come as numbers or as text."""

    code: Kind = Field(min_length=1)
    shop_id: PushId = ""
    timestamp: Seconds
    data: PushData = Field(default_factory=dict)


class OrderData(ReplyModel):
    """Of an order's change."""

    ordersn: OrderNumber


class TrackingData(ReplyModel):
    """Of a tracking number."""

    ordersn: OrderNumber
    package_number: PushId = ""
    tracking_no: TrackingNumber = ""
    tracking_number: TrackingNumber = ""


class ChatContent(ReplyModel):
    """A message, or what else happened in a conversation."""

    message_id: NeededId
    conversation_id: NeededId
    from_id: PushId = ""
    to_id: PushId = ""
    shop_id: PushId = ""
    from_shop_id: PushId = ""


class ShopsData(ReplyModel):
    """Of an authorization: of one shop, or of several of a main account."""

    shop_id: PushId = ""
    shop_id_list: _ShopIds = Field(default_factory=list)
    shop_expire_soon: _ShopIds = Field(default_factory=list)
    expire_before: Seconds | None = None


class LostReply(ReplyModel):
    """Of get_lost_push_message."""

    push_message_list: Annotated[list[dict[str, Any]], NULL_IS_EMPTY]
    has_next_page: bool = False
    last_message_id: OptionalId = ""


class ShopeePushes(ShopeePart):
    """The part of the adapter that understands pushes. See `Marketplace` for the contract."""

    def read_push(self, raw_body: bytes) -> Push:
        """By its code; code 0 is Shopee trying out our address."""
        envelope = read_fields(Envelope, push_object(raw_body))
        told_at = envelope.timestamp
        data = envelope.data
        return Push(
            event=_EVENTS.get(envelope.code, _something_else)(envelope),
            key=key_of(envelope.code, envelope.shop_id, told_at.isoformat(), data),
            told_at=told_at,
            shop_ids=_shops(envelope),
        )

    def lost_pushes(self, app: AppCredentials) -> LostPushes:
        """Those of the last three days."""
        payload = self._client.get_public(app, LOST_PATH)
        reply = read(LostReply, payload.get("response") or payload)
        return LostPushes(
            raw_bodies=tuple(json.dumps(one).encode() for one in reply.push_message_list),
            last_id=reply.last_message_id,
            has_more=reply.has_next_page,
        )

    def confirm_lost_pushes(self, app: AppCredentials, last_id: str) -> None:
        """The id goes back as a number where it is one."""
        is_number = last_id.isascii() and last_id.isdigit()
        body = {"last_message_id": int(last_id) if is_number else last_id}
        self._client.post_public(app, CONFIRM_PATH, body, call=Call.SAFE)


def _shops(envelope: Envelope) -> tuple[str, ...]:
    """The shop of the envelope, and those that the data of an authorization lists."""
    shops = [envelope.shop_id]
    if envelope.code in _OF_AUTHORIZATIONS:
        data = read_fields(ShopsData, envelope.data)
        shops += [data.shop_id, *data.shop_id_list, *data.shop_expire_soon]
    return tuple(dict.fromkeys(filter(None, shops)))


def _order(envelope: Envelope) -> PushEvent:
    return OrdersChanged((read_fields(OrderData, envelope.data).ordersn,))


def _tracking(envelope: Envelope) -> PushEvent:
    data = read_fields(TrackingData, envelope.data)
    number = data.tracking_no or data.tracking_number
    if not number:
        return OrdersChanged((data.ordersn,))
    return TrackingNumberIssued(data.ordersn, data.package_number, number)


def _chat(envelope: Envelope) -> PushEvent:
    """A message; all else that happens in conversations is shown by them when they are read."""
    if envelope.data.get("type") != "message":
        return _something_else(envelope)
    content = read_fields(ChatContent, envelope.data.get("content"))
    # Messages of the seller carry the shop's own id (marketplace-apis 1.4).
    is_by_buyer = content.from_shop_id not in {envelope.shop_id, content.shop_id} - {""}
    return ChatMessageCame(
        conversation_id=content.conversation_id,
        message_id=content.message_id,
        buyer_id=content.from_id if is_by_buyer else content.to_id,
        is_by_buyer=is_by_buyer,
    )


def _expiring(envelope: Envelope) -> PushEvent:
    return AuthorizationExpiring(read_fields(ShopsData, envelope.data).expire_before)


def _something_else(envelope: Envelope) -> PushEvent:
    return SomethingElse(envelope.code)


_EVENTS: dict[str, Callable[[Envelope], PushEvent]] = {
    "0": lambda _: Verification(),
    "1": lambda _: ShopAuthorized(),
    "2": lambda _: AuthorizationRevoked(),
    "3": _order,
    "4": _tracking,
    "10": _chat,
    "12": _expiring,
}
_OF_AUTHORIZATIONS = frozenset({"1", "2", "12"})
