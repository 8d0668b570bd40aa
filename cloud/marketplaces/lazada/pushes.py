"""Lazada's push messages (marketplace-apis 2.6)."""

from collections.abc import Callable

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
    ChatMessageCame,
    OrdersChanged,
    Push,
    PushEvent,
    SomethingElse,
)
from cloud.marketplaces.reply_fields import Milliseconds, ReplyModel, Seconds

_SITE_PREFIX = "lazada_"
_BUYER = "1"


class Envelope(ReplyModel):
    """What every push has. A seller may have a shop of the same id on several sites."""

    message_type: Kind = Field(min_length=1)
    seller_id: PushId = ""
    timestamp: Seconds
    site: Kind = ""
    data: PushData = Field(default_factory=dict)


class OrderData(ReplyModel):
    """Of a trade order."""

    trade_order_id: OrderNumber


class MessageData(ReplyModel):
    """Of a message; the same fields as in the list of messages."""

    message_id: NeededId
    session_id: NeededId
    from_account_type: Kind = ""
    from_account_id: PushId = ""
    to_account_id: PushId = ""


class ExpiryData(ReplyModel):
    """Of an authorization that ends soon. The unit of its time is not stated."""

    auth_expiry_time: Seconds | Milliseconds | None = None


class LazadaPushes:
    """The part of the adapter that understands pushes. See `Marketplace` for the contract."""

    def read_push(self, raw_body: bytes) -> Push:
        """By its message type. There is no id of a push: the same one has the same content."""
        envelope = read_fields(Envelope, push_object(raw_body))
        told_at = envelope.timestamp
        kind, site = envelope.message_type, envelope.site
        return Push(
            event=_EVENTS.get(kind, _something_else)(envelope),
            key=key_of(kind, envelope.seller_id, told_at.isoformat(), site, envelope.data),
            told_at=told_at,
            shop_ids=(envelope.seller_id,) if envelope.seller_id else (),
            country=_country(site),
        )


def _country(site: str) -> str:
    code = site.removeprefix(_SITE_PREFIX).upper()
    return code if site.startswith(_SITE_PREFIX) and len(code) == 2 else ""


def _order(envelope: Envelope) -> PushEvent:
    return OrdersChanged((read_fields(OrderData, envelope.data).trade_order_id,))


def _message(envelope: Envelope) -> PushEvent:
    """A recalled message comes once more, with another status."""
    data = read_fields(MessageData, envelope.data)
    is_by_buyer = data.from_account_type == _BUYER
    return ChatMessageCame(
        conversation_id=data.session_id,
        message_id=data.message_id,
        buyer_id=data.from_account_id if is_by_buyer else data.to_account_id,
        is_by_buyer=is_by_buyer,
    )


def _expiring(envelope: Envelope) -> PushEvent:
    return AuthorizationExpiring(read_fields(ExpiryData, envelope.data).auth_expiry_time)


def _something_else(envelope: Envelope) -> PushEvent:
    return SomethingElse(envelope.message_type)


_EVENTS: dict[str, Callable[[Envelope], PushEvent]] = {
    "0": _order,
    "2": _message,
    "8": _expiring,
}
