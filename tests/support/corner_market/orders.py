"""Corner's orders and their parcels."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.errors import FailureClass, MalformedReply, NotFound
from cloud.marketplaces.orders import Order, OrderPage, OrderTime, Parcel
from cloud.marketplaces.reply_fields import NULL_IS_EMPTY, Id, Milliseconds, ReplyModel, Text, read
from tests.support.corner_market.client import CornerPart


class ParcelReply(ReplyModel):
    """One parcel."""

    number: Id
    tracking_number: Text = ""


class OrderReply(ReplyModel):
    """One order."""

    number: Id
    status: Text = ""
    buyer: Id
    placed_at: Milliseconds
    changed_at: Milliseconds
    parcels: Annotated[list[ParcelReply], NULL_IS_EMPTY] = Field(default_factory=list)


class OrderListReply(ReplyModel):
    """Of `orders`."""

    orders: list[OrderReply]
    after: Text = ""


class CornerOrders(CornerPart):
    """The part of the adapter that reads orders."""

    def orders(
        self,
        access: ShopAccess,
        *,
        since: datetime,
        until: datetime,
        by: OrderTime = OrderTime.UPDATED,
        cursor: str = "",
    ) -> OrderPage:
        if since.tzinfo is None or until.tzinfo is None or since > until:
            raise ValueError("a window needs a time zone, and its end after its beginning")
        window = {"since": _milliseconds(since), "until": _milliseconds(until), "by": by.value}
        reply = read(OrderListReply, self._client.read(access, "orders", **window, after=cursor))
        if reply.after and reply.after == cursor:
            raise MalformedReply(FailureClass.OUTAGE, "malformed_reply", "after does not go on")
        return OrderPage(tuple(map(_order, reply.orders)), reply.after)

    def order(self, access: ShopAccess, number: str) -> Order:
        return _order(read(OrderReply, self._client.read(access, "order", number=number)))

    def tracking_number(
        self, access: ShopAccess, *, order_number: str, parcel_number: str = ""
    ) -> str:
        for parcel in self.order(access, order_number).parcels:
            if parcel_number in ("", parcel.number):
                return parcel.tracking_number
        if parcel_number:
            raise NotFound(FailureClass.OTHER, "not_found", "the order has no such parcel")
        return ""


def _order(reply: OrderReply) -> Order:
    return Order(
        number=reply.number,
        status=reply.status,
        created_at=reply.placed_at,
        updated_at=reply.changed_at,
        buyer_id=reply.buyer,
        buyer_name="",
        parcels=tuple(Parcel(one.number, one.tracking_number, "", "") for one in reply.parcels),
        items=(),
        is_cancelled=reply.status == "cancelled",
        is_cancel_requested=False,
        recipient=None,
    )


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
