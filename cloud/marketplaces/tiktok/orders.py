"""TikTok Shop's orders and their parcels (marketplace-apis 3.3)."""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.errors import FailureClass, MalformedReply, NotFound
from cloud.marketplaces.orders import Order, OrderItem, OrderPage, OrderTime, Parcel, Recipient
from cloud.marketplaces.reply_fields import read
from cloud.marketplaces.tiktok.client import TikTokPart, fits_a_path
from cloud.marketplaces.tiktok.replies import (
    LineReply,
    OrderListReply,
    OrderReply,
    OrderSearchReply,
    PackageReply,
)

SEARCH_PATH = "/order/202309/orders/search"
DETAIL_PATH = "/order/202507/orders"  # 202309 has no buyer_nickname
PACKAGE_PATH = "/fulfillment/202309/packages/"

PAGE_SIZE = 50
_PACKED = frozenset({"PARTIALLY_SHIPPING", "AWAITING_COLLECTION", "IN_TRANSIT"})
_SHIPPED = frozenset({"PARTIALLY_SHIPPING", "IN_TRANSIT", "DELIVERED", "COMPLETED"})
_TIME_FIELDS = {OrderTime.CREATED: "create_time", OrderTime.UPDATED: "update_time"}


class TikTokOrders(TikTokPart):
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
        """One page, one request. Oldest first, so that what changes meanwhile comes again later."""
        from_s, to_s = _window_s(since, until)
        field = _TIME_FIELDS[by]
        query = {"page_size": str(PAGE_SIZE), "sort_field": field, "sort_order": "ASC"}
        if cursor:
            query["page_token"] = cursor
        body = {f"{field}_ge": from_s, f"{field}_lt": to_s}
        data = self._client.post(access, SEARCH_PATH, body, query)
        reply = read(OrderSearchReply, data)
        if cursor and reply.next_page_token == cursor:
            raise MalformedReply(
                FailureClass.OUTAGE, "malformed_reply", "next_page_token does not go on"
            )
        return OrderPage(tuple(map(_order, reply.orders)), reply.next_page_token)

    def order(self, access: ShopAccess, number: str) -> Order:
        """One order, one request."""
        data = self._client.get(access, DETAIL_PATH, {"ids": number})
        found = [row for row in read(OrderListReply, data).orders if row.id == number]
        if not found:
            raise NotFound(FailureClass.OTHER, "no_such_order", "the shop has no such order")
        return _order(found[0])

    def tracking_number(
        self, access: ShopAccess, *, order_number: str, parcel_number: str = ""
    ) -> str:
        """As the order has it, else as its package has it: two requests at most."""
        parcels = self.order(access, order_number).parcels
        if parcel_number:
            parcels = tuple(one for one in parcels if one.number == parcel_number)
        for parcel in parcels:
            if parcel.tracking_number:
                return parcel.tracking_number
        package_id = parcel_number or (parcels[0].number if parcels else "")
        return self._number_of_package(access, package_id)

    def _number_of_package(self, access: ShopAccess, package_id: str) -> str:
        if not fits_a_path(package_id):
            return ""  # no package yet, or none that a path could name
        data = self._client.get(access, PACKAGE_PATH + package_id, {})
        return read(PackageReply, data).tracking_number


def _window_s(since: datetime, until: datetime) -> tuple[int, int]:
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError("since and until need a time zone")
    if until <= since:
        raise ValueError("a window of orders has to end after it begins")
    # The end is exclusive at TikTok Shop, and its times are whole seconds.
    return math.floor(since.timestamp()), math.floor(until.timestamp()) + 1


def _order(reply: OrderReply) -> Order:
    address = reply.recipient_address
    return Order(
        number=reply.id,
        status=reply.status,
        created_at=reply.create_time,
        updated_at=reply.update_time,
        buyer_id=reply.user_id,
        buyer_name=reply.buyer_nickname,
        parcels=_parcels(reply),
        items=_items(reply.line_items),
        is_cancelled=reply.status == "CANCELLED",
        is_cancel_requested=reply.is_buyer_request_cancel,
        recipient=Recipient(address.name, address.phone_number, address.full_address)
        if address
        else None,
        is_packed=reply.status in _PACKED,
        is_shipped=reply.status in _SHIPPED,
    )


def _parcels(reply: OrderReply) -> tuple[Parcel, ...]:
    """By the packages of the order and of its lines; a number without a package is a parcel too."""
    parcels: dict[str, Parcel] = {}
    for package in reply.packages:
        parcels[package.id] = Parcel(package.id, "", reply.shipping_provider, "")
    for line in reply.line_items:
        key = line.package_id or line.tracking_number
        if not key:
            continue
        known = parcels.get(key, Parcel(key, "", reply.shipping_provider, ""))
        parcels[key] = replace(
            known,
            tracking_number=known.tracking_number or line.tracking_number,
            status=known.status or line.display_status,
        )
    return _with_number_of_order(parcels, reply)


def _with_number_of_order(parcels: dict[str, Parcel], reply: OrderReply) -> tuple[Parcel, ...]:
    number = reply.tracking_number
    if not number or any(one.tracking_number == number for one in parcels.values()):
        return tuple(parcels.values())
    unnumbered = [key for key, parcel in parcels.items() if not parcel.tracking_number]
    if len(unnumbered) == 1:
        parcels[unnumbered[0]] = replace(parcels[unnumbered[0]], tracking_number=number)
    else:
        # Of several parcels it is not said which one the order's number belongs to.
        parcels[number] = Parcel(number, number, reply.shipping_provider, "")
    return tuple(parcels.values())


def _items(lines: Iterable[LineReply]) -> tuple[OrderItem, ...]:
    """TikTok Shop has one line for each piece; equal ones become one item with its quantity."""
    items: dict[tuple[str, ...], OrderItem] = {}
    for line in lines:
        key = (line.product_id, line.sku_id, line.product_name, line.sku_name)
        known = items.get(key)
        items[key] = (
            replace(known, quantity=known.quantity + 1)
            if known
            else OrderItem(
                item_id=line.product_id,
                name=line.product_name,
                variant=line.sku_name,
                sku=line.seller_sku,
                quantity=1,
                image_url=line.sku_image,
            )
        )
    return tuple(items.values())
