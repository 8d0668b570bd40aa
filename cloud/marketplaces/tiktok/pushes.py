"""TikTok Shop's webhooks (marketplace-apis 3.6).

The fields of packages, cancellations and returns are not described: where such a webhook names no
order, the scheduled reading of orders finds what changed.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from cloud.marketplaces.push_fields import (
    Kind,
    NeededId,
    OrderNumber,
    PushData,
    PushId,
    key_of,
    push_object,
    read_fields,
)
from cloud.marketplaces.pushes import (
    AuthorizationExpiring,
    AuthorizationRevoked,
    ChatMessageCame,
    OrdersChanged,
    Push,
    PushEvent,
    ReturnsChanged,
    SomethingElse,
)
from cloud.marketplaces.reply_fields import NULL_IS_EMPTY, ReplyModel, Seconds

_Numbers = Annotated[list[OrderNumber], NULL_IS_EMPTY]


class Envelope(ReplyModel):
    """What every webhook has."""

    type: Kind = Field(min_length=1)
    tts_notification_id: PushId = ""
    shop_id: PushId = ""
    timestamp: Seconds
    data: PushData = Field(default_factory=dict)


class OrderData(ReplyModel):
    """Of an order."""

    order_id: OrderNumber


class PackageData(ReplyModel):
    """One package of a package update."""

    order_id_list: _Numbers = Field(default_factory=list)


class PackagesData(ReplyModel):
    """Of a package update."""

    package_list: Annotated[list[PackageData], NULL_IS_EMPTY] = Field(default_factory=list)


class SenderData(ReplyModel):
    """Who wrote a message. `im_user_id` is not the id by which orders name the buyer."""

    role: Kind = ""


class MessageData(ReplyModel):
    """Of a message."""

    message_id: NeededId
    conversation_id: NeededId
    sender: SenderData = SenderData()


class ExpiryData(ReplyModel):
    """Of an authorization that ends soon."""

    expiration_time: Seconds | None = None


class TikTokPushes:
    """The part of the adapter that understands webhooks. See `Marketplace` for the contract."""

    def read_push(self, raw_body: bytes) -> Push:
        """By its type; repeated ones have the same notification id."""
        envelope = read_fields(Envelope, push_object(raw_body))
        told_at = envelope.timestamp
        identity: tuple[object, ...] = (envelope.tts_notification_id,)
        if not envelope.tts_notification_id:
            identity = (envelope.type, envelope.shop_id, told_at.isoformat(), envelope.data)
        return Push(
            event=_EVENTS.get(envelope.type, _something_else)(envelope),
            key=key_of(*identity),
            told_at=told_at,
            shop_ids=(envelope.shop_id,) if envelope.shop_id else (),
        )


def _order(envelope: Envelope) -> PushEvent:
    return OrdersChanged((read_fields(OrderData, envelope.data).order_id,))


def _order_if_named(envelope: Envelope) -> PushEvent:
    return _order(envelope) if envelope.data.get("order_id") else _something_else(envelope)


def _return(envelope: Envelope) -> PushEvent:
    if not envelope.data.get("order_id"):
        return _something_else(envelope)
    return ReturnsChanged((read_fields(OrderData, envelope.data).order_id,))


def _packages(envelope: Envelope) -> PushEvent:
    """A package may hold several orders."""
    data = read_fields(PackagesData, {"package_list": _objects(envelope.data.get("package_list"))})
    numbers = [number for package in data.package_list for number in package.order_id_list]
    if not numbers:
        return _order_if_named(envelope)
    return OrdersChanged(tuple(dict.fromkeys(numbers)))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _message(envelope: Envelope) -> PushEvent:
    data = read_fields(MessageData, envelope.data)
    return ChatMessageCame(
        conversation_id=data.conversation_id,
        message_id=data.message_id,
        buyer_id="",
        is_by_buyer=data.sender.role == "BUYER",
    )


def _expiring(envelope: Envelope) -> PushEvent:
    return AuthorizationExpiring(read_fields(ExpiryData, envelope.data).expiration_time)


def _something_else(envelope: Envelope) -> PushEvent:
    return SomethingElse(envelope.type)


_EVENTS: dict[str, Callable[[Envelope], PushEvent]] = {
    "1": _order,
    "3": _order_if_named,  # the address was changed
    "4": _packages,
    "6": lambda _: AuthorizationRevoked(),
    "7": _expiring,
    "11": _order_if_named,  # a cancellation
    "12": _return,
    "14": _message,
}
