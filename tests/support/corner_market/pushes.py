"""Corner's calls to us."""

from pydantic import Field

from cloud.marketplaces.push_fields import (
    Kind,
    NeededId,
    OrderNumber,
    PushId,
    key_of,
    push_object,
    read_fields,
)
from cloud.marketplaces.pushes import (
    ChatMessageCame,
    OrdersChanged,
    Push,
    PushEvent,
    SomethingElse,
)
from cloud.marketplaces.reply_fields import Milliseconds, ReplyModel, Text


class Envelope(ReplyModel):
    """What every push has."""

    id: NeededId
    kind: Kind = Field(min_length=1)
    shop: PushId = ""
    at: Milliseconds


class OrderPush(ReplyModel):
    """Of an order, its parcels included."""

    order: OrderNumber


class MessagePush(ReplyModel):
    """Of a message."""

    chat: NeededId
    message: NeededId
    buyer: PushId = ""
    by: Text = ""


class CornerPushes:
    """The part of the adapter that understands pushes."""

    def read_push(self, raw_body: bytes) -> Push:
        body = push_object(raw_body)
        envelope = read_fields(Envelope, body)
        event: PushEvent = SomethingElse(envelope.kind)
        if envelope.kind == "order":
            event = OrdersChanged((read_fields(OrderPush, body).order,))
        elif envelope.kind == "message":
            said = read_fields(MessagePush, body)
            event = ChatMessageCame(said.chat, said.message, said.buyer, said.by == "buyer")
        shops = (envelope.shop,) if envelope.shop else ()
        return Push(event, key_of(envelope.id), envelope.at, shops)
