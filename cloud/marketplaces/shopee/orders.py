"""Shopee's orders and their parcels (marketplace-apis 1.3)."""

import logging
import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.errors import FailureClass, MalformedReply, NotFound
from cloud.marketplaces.orders import Order, OrderItem, OrderPage, OrderTime, Parcel, Recipient
from cloud.marketplaces.reply_fields import read
from cloud.marketplaces.shopee.client import ShopeePart
from cloud.marketplaces.shopee.replies import (
    ItemReply,
    OrderDetailReply,
    OrderListReply,
    OrderReply,
    PackageDetailReply,
    TrackingReply,
)

logger = logging.getLogger(__name__)

LIST_PATH = "/api/v2/order/get_order_list"
DETAIL_PATH = "/api/v2/order/get_order_detail"
PACKAGE_PATH = "/api/v2/order/get_package_detail"
TRACKING_PATH = "/api/v2/logistics/get_tracking_number"

MAX_SPAN_S = 15 * 24 * 3600  # of one get_order_list
PAGE_SIZE = 50  # what get_order_detail and get_package_detail take at once
_TIME_FIELDS = {OrderTime.CREATED: "create_time", OrderTime.UPDATED: "update_time"}
_PACKED = frozenset({"PROCESSED", "RETRY_SHIP", "SHIPPED"})
_SHIPPED = frozenset({"SHIPPED", "TO_CONFIRM_RECEIVE", "COMPLETED", "TO_RETURN"})
_OPTIONAL_FIELDS = "buyer_user_id,buyer_username,recipient_address,item_list,package_list"


class ShopeeOrders(ShopeePart):
    """The part of the adapter that reads orders. See `Marketplace` for the contract."""

    def orders(
        self,
        access: ShopAccess,
        *,
        since: datetime,
        until: datetime,
        by: OrderTime = OrderTime.UPDATED,
        cursor: str = "",
    ) -> OrderPage:
        """One page: three requests or more (list, details, tracking numbers)."""
        begin_s, end_s = _window_s(since, until)
        from_s, inner = _split_cursor(cursor, begin_s)
        to_s = min(from_s + MAX_SPAN_S, end_s)
        query = {
            "time_range_field": _TIME_FIELDS[by],
            "time_from": str(from_s),
            "time_to": str(to_s),
            "page_size": str(PAGE_SIZE),
            "cursor": inner,
        }
        listed = read(OrderListReply, self._client.get(access, LIST_PATH, query).get("response"))
        orders = self._details(access, [row.order_sn for row in listed.order_list])
        return OrderPage(orders, _next_cursor(listed, from_s, to_s, end_s))

    def order(self, access: ShopAccess, number: str) -> Order:
        """One order: two requests once it has parcels."""
        found = [order for order in self._details(access, [number]) if order.number == number]
        if not found:
            raise NotFound(FailureClass.OTHER, "error_not_found", "the shop has no such order")
        return found[0]

    def tracking_number(
        self, access: ShopAccess, *, order_number: str, parcel_number: str = ""
    ) -> str:
        """Empty for minutes after the label was made; asking again every five minutes is enough."""
        query = {"order_sn": order_number}
        if parcel_number:
            query["package_number"] = parcel_number
        payload = self._client.get(access, TRACKING_PATH, query)
        return read(TrackingReply, payload.get("response")).tracking_number

    def _details(self, access: ShopAccess, numbers: list[str]) -> tuple[Order, ...]:
        if not numbers:
            return ()
        query = {
            "order_sn_list": ",".join(numbers),
            "response_optional_fields": _OPTIONAL_FIELDS,
        }
        payload = self._client.get(access, DETAIL_PATH, query)
        replies = read(OrderDetailReply, payload.get("response")).order_list
        missing = set(numbers) - {reply.order_sn for reply in replies}
        if missing and len(numbers) > 1:
            logger.warning(
                "shopee listed orders without details",
                extra={"shop_id": access.shop_id, "orders": sorted(missing)},
            )
        tracking = self._tracking(
            access, [package.package_number for reply in replies for package in reply.package_list]
        )
        return tuple(_order(reply, tracking) for reply in replies)

    def _tracking(self, access: ShopAccess, packages: list[str]) -> dict[str, str]:
        tracking: dict[str, str] = {}
        for start in range(0, len(packages), PAGE_SIZE):
            query = {"package_number_list": ",".join(packages[start : start + PAGE_SIZE])}
            payload = self._client.get(access, PACKAGE_PATH, query)
            for package in read(PackageDetailReply, payload.get("response")).package_list:
                tracking[package.package_number] = package.tracking_number
        return tracking


def _window_s(since: datetime, until: datetime) -> tuple[int, int]:
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError("since and until need a time zone")
    if until <= since:
        raise ValueError("a window of orders has to end after it begins")
    return math.floor(since.timestamp()), math.ceil(until.timestamp())


def _split_cursor(cursor: str, begin_s: int) -> tuple[int, str]:
    """Our cursor is where the present span begins, a colon, and Shopee's own cursor in it."""
    if not cursor:
        return begin_s, ""
    from_s, _, inner = cursor.partition(":")
    if not from_s.isdigit():
        raise ValueError(f"{cursor!r} is not a cursor of this marketplace")
    return int(from_s), inner


def _next_cursor(listed: OrderListReply, from_s: int, to_s: int, end_s: int) -> str:
    if listed.more:
        if not listed.next_cursor:
            raise MalformedReply(
                FailureClass.OUTAGE, "malformed_reply", "the list says more, but not from where"
            )
        return f"{from_s}:{listed.next_cursor}"
    return f"{to_s}:" if to_s < end_s else ""


def _order(reply: OrderReply, tracking: Mapping[str, str]) -> Order:
    address = reply.recipient_address
    return Order(
        number=reply.order_sn,
        status=reply.order_status,
        created_at=reply.create_time,
        updated_at=reply.update_time,
        buyer_id=reply.buyer_user_id,
        buyer_name=reply.buyer_username,
        parcels=tuple(
            Parcel(
                number=package.package_number,
                tracking_number=tracking.get(package.package_number, ""),
                carrier=package.shipping_carrier,
                status=package.logistics_status,
            )
            for package in reply.package_list
        ),
        items=_items(reply.item_list),
        is_cancelled=reply.order_status == "CANCELLED",
        is_cancel_requested=reply.order_status == "IN_CANCEL",
        recipient=Recipient(address.name, address.phone, address.full_address) if address else None,
        # Shopee's orders say no more of a refund than that a return is under way.
        is_refunded=reply.order_status == "TO_RETURN",
        is_packed=reply.order_status in _PACKED,
        is_shipped=reply.order_status in _SHIPPED,
    )


def _items(replies: Iterable[ItemReply]) -> tuple[OrderItem, ...]:
    return tuple(
        OrderItem(
            item_id=reply.item_id,
            name=reply.item_name,
            variant=reply.model_name,
            sku=reply.model_sku or reply.item_sku,
            quantity=reply.model_quantity_purchased,
            image_url=reply.image_info.image_url if reply.image_info else "",
        )
        for reply in replies
    )
