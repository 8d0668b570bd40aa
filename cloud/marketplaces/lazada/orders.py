"""Lazada's orders and their parcels (marketplace-apis 2.3)."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.errors import FailureClass, NotFound, PermanentError
from cloud.marketplaces.lazada.client import LazadaPart
from cloud.marketplaces.lazada.order_reading import order_from
from cloud.marketplaces.lazada.replies import (
    ItemReply,
    ItemsReply,
    ManyItemsReply,
    OrderListReply,
    OrderReply,
)
from cloud.marketplaces.orders import Order, OrderPage, OrderTime
from cloud.marketplaces.reply_fields import read

LIST_PATH = "/orders/get"
ORDER_PATH = "/order/get"
ITEMS_PATH = "/order/items/get"
MANY_ITEMS_PATH = "/orders/items/get"

PAGE_SIZE = 50  # 100 is allowed; their items come with one further call, whose limit is not stated
MAX_OFFSET = 5000
_TIME_FIELDS = {OrderTime.CREATED: "created", OrderTime.UPDATED: "update"}
# Whether the bounds belong to the window is not documented, so it is asked for a little wider.
_MARGIN = timedelta(seconds=1)


class LazadaOrders(LazadaPart):
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
        """One page, oldest first: two requests, for the orders and for their items."""
        begin, end = _window(since, until)
        begin, offset = _split_cursor(cursor) if cursor else (begin, 0)
        field = _TIME_FIELDS[by]
        query = {
            f"{field}_after": begin.isoformat(),
            f"{field}_before": end.isoformat(),
            "sort_by": f"{by.value}_at",
            "sort_direction": "ASC",
            "offset": str(offset),
            "limit": str(PAGE_SIZE),
        }
        listed = read(OrderListReply, self._client.get(access, LIST_PATH, query).get("data"))
        items = self._items_of(access, listed.orders)
        orders = tuple(order_from(row, items.get(row.order_id, ())) for row in listed.orders)
        times = [
            order.updated_at if by is OrderTime.UPDATED else order.created_at for order in orders
        ]
        return OrderPage(orders, _next_cursor(times, begin, offset))

    def order(self, access: ShopAccess, number: str) -> Order:
        """One order: two requests."""
        query = {"order_id": _order_id(number)}
        row = read(OrderReply, self._client.get(access, ORDER_PATH, query).get("data"))
        if row.order_id != number:
            raise _not_found()
        return order_from(row, self._items(access, number))

    def tracking_number(
        self, access: ShopAccess, *, order_number: str, parcel_number: str = ""
    ) -> str:
        """Of the items of that parcel, or of any item where no parcel is named."""
        for item in self._items(access, order_number):
            if item.tracking_code and parcel_number in ("", item.package_id):
                return item.tracking_code
        return ""

    def _items(self, access: ShopAccess, number: str) -> Sequence[ItemReply]:
        payload = self._client.get(access, ITEMS_PATH, {"order_id": _order_id(number)})
        return read(ItemsReply, {"items": payload.get("data")}).items

    def _items_of(
        self, access: ShopAccess, orders: Sequence[OrderReply]
    ) -> dict[str, Sequence[ItemReply]]:
        if not orders:
            return {}
        ids = [int(_order_id(order.order_id)) for order in orders]
        query = {"order_ids": json.dumps(ids, separators=(",", ":"))}
        payload = self._client.get(access, MANY_ITEMS_PATH, query)
        rows = read(ManyItemsReply, {"orders": payload.get("data")}).orders
        return {row.order_id: row.order_items for row in rows}


def _order_id(number: str) -> str:
    # What was scanned may be anything; Lazada has only numbers.
    if not (number.isascii() and number.isdigit()):
        raise _not_found()
    return number


def _not_found() -> NotFound:
    return NotFound(FailureClass.OTHER, "order_not_found", "the shop has no such order")


def _window(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError("since and until need a time zone")
    if until <= since:
        raise ValueError("a window of orders has to end after it begins")
    begin, end = math.floor(since.timestamp()), math.ceil(until.timestamp())
    return datetime.fromtimestamp(begin, UTC) - _MARGIN, datetime.fromtimestamp(end, UTC) + _MARGIN


def _split_cursor(cursor: str) -> tuple[datetime, int]:
    """Our cursor is where the rest of the window begins, in seconds, a colon, and an offset."""
    begin_s, _, offset = cursor.partition(":")
    if not (begin_s.isdigit() and offset.isdigit()):
        raise ValueError(f"{cursor!r} is not a cursor of this marketplace")
    return datetime.fromtimestamp(int(begin_s), UTC), int(offset)


def _next_cursor(times: Sequence[datetime], begin: datetime, offset: int) -> str:
    """Go on from the last order's time, and by offset only where that is no step ahead.

    An order that is updated meanwhile leaves its place, and all behind it move up: with an offset
    one of them would be passed over. And an offset ends at 5000.
    """
    if len(times) < PAGE_SIZE:
        return ""
    further = times[-1].replace(microsecond=0) - _MARGIN
    if list(times) == sorted(times) and further > begin:
        return f"{int(further.timestamp())}:0"
    if offset + len(times) > MAX_OFFSET:
        raise PermanentError(
            FailureClass.OTHER,
            "too_many_orders_at_once",
            f"more than {MAX_OFFSET} orders of one second cannot be paged through",
        )
    return f"{int(begin.timestamp())}:{offset + len(times)}"
