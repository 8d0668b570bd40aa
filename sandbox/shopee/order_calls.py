"""Calls about orders, parcels and tracking numbers (marketplace-apis 1.3)."""

from collections.abc import Sequence
from typing import Any, TypeVar, get_args

from sandbox.market.parameters import is_whole
from sandbox.market.refusal import Refusal
from sandbox.shopee import errors, order_views
from sandbox.shopee.endpoint import Call, Endpoint
from sandbox.shopee.entities import Buyer, Order, OrderStatus, Package

T = TypeVar("T")
LONGEST_SPAN_S = 15 * 86_400
# search_package_list knows what is not yet shipped: 1 pending, 2 to process, 3 processed.
_PACKAGE_STATUS: dict[OrderStatus, int] = {
    "PENDING": 1,
    "INVOICE_PENDING": 1,
    "READY_TO_SHIP": 2,
    "RETRY_SHIP": 2,
    "PROCESSED": 3,
}


def order_list(call: Call) -> dict[str, Any]:
    """GET order/get_order_list: the shop's orders of a span of time, by pages."""
    parameters = call.parameters
    field = parameters.choice("time_range_field", ("create_time", "update_time"))
    start, end = parameters.whole("time_from"), parameters.whole("time_to")
    if end < start or end - start > LONGEST_SPAN_S:
        raise Refusal(errors.ORDER_LIST_INVALID_TIME, "The time span must be within 15 days.")
    size = parameters.page_size(None, 100)
    status = parameters.optional_text("order_status")
    if status and status not in get_args(OrderStatus):
        raise parameters.bad("order_status", "is not known")
    found = [
        order
        for order in _own_orders(call)
        if start <= getattr(order, field) <= end and status in {"", order.order_status}
    ]
    found.sort(key=lambda order: (getattr(order, field), order.order_sn), reverse=True)
    page, cursor = _page(call, found, size)
    with_status = "order_status" in parameters.listing("response_optional_fields")
    return {
        "more": bool(cursor),
        "next_cursor": cursor,
        "order_list": [
            {"order_sn": order.order_sn, "booking_sn": ""}
            | ({"order_status": order.order_status} if with_status else {})
            for order in page
        ],
    }


def order_detail(call: Call) -> dict[str, Any]:
    """GET order/get_order_detail: 1 to 50 orders by number."""
    numbers = _wanted(call, "order_sn_list")
    optional = call.parameters.listing("response_optional_fields")
    orders = [order for number in numbers if (order := _own_order(call, number))]
    if not orders:
        raise Refusal(errors.ERROR_NOT_FOUND, "Wrong parameters, detail: the order is not found.")
    return {
        "order_list": [
            order_views.detail(order, call.own_shop, _buyer(call, order), optional)
            for order in orders
        ]
    }


def package_detail(call: Call) -> dict[str, Any]:
    """GET order/get_package_detail: 1 to 50 parcels by package number."""
    wanted = set(_wanted(call, "package_number_list"))
    found = [
        (order, package)
        for order, package in _own_packages(call)
        if package.package_number in wanted
    ]
    if not found:
        raise Refusal(errors.ERROR_NOT_FOUND, "The package is not found.")
    return {
        "package_list": [
            order_views.package_detail(order, package, call.own_shop, _buyer(call, order))
            for order, package in found
        ]
    }


def search_packages(call: Call) -> dict[str, Any]:
    """POST order/search_package_list: parcels not yet shipped. No filter by tracking number."""
    wanted = call.parameters.optional_mapping("filter").optional_whole("package_status") or 0
    if wanted not in {0, 1, 2, 3}:
        raise call.parameters.bad("filter.package_status", "must be from 0 to 3")
    paging = call.parameters.mapping("pagination")
    size = paging.page_size(None, 100)
    found = [
        (order, package)
        for order, package in _own_packages(call)
        if (status := _PACKAGE_STATUS.get(order.order_status)) and wanted in {0, status}
    ]
    start = _position(call, paging.optional_text("cursor"))
    page = found[start : start + size]
    more = len(found) > start + size
    return {
        "packages_list": [
            {
                "order_sn": order.order_sn,
                "package_number": package.package_number,
                "logistics_status": package.logistics_status,
                "logistics_channel_id": package.logistics_channel_id,
            }
            for order, package in page
        ],
        "pagination": {
            "total_count": len(found),
            "next_cursor": str(start + size) if more else "",
            "more": more,
        },
    }


def tracking_number(call: Call) -> dict[str, Any]:
    """GET logistics/get_tracking_number: may be empty while it is not issued."""
    order = _own_order(call, call.parameters.text("order_sn"))
    if order is None or not order.packages:
        raise Refusal(errors.ERROR_NOT_FOUND, "The order is not found.")
    wanted = call.parameters.optional_text("package_number") or order.packages[0].package_number
    package = next((one for one in order.packages if one.package_number == wanted), None)
    if package is None:
        raise Refusal(errors.ERROR_NOT_FOUND, "The package is not found.")
    return {
        "tracking_number": package.tracking_number,
        "plp_number": "",
        "first_mile_tracking_number": "",
        "hint": "" if package.tracking_number else "The tracking number is not issued yet.",
        "pickup_code": "",
    }


def _wanted(call: Call, name: str) -> list[str]:
    wanted = call.parameters.listing(name)
    if not 1 <= len(wanted) <= 50:
        raise call.parameters.bad(name, "must name 1 to 50")
    return wanted


def _own_orders(call: Call) -> list[Order]:
    shop_id = call.own_shop.shop_id
    return [order for order in call.world.orders if order.shop_id == shop_id]


def _own_order(call: Call, order_sn: str) -> Order | None:
    order = call.world.orders.get(order_sn)
    return order if order is not None and order.shop_id == call.own_shop.shop_id else None


def _own_packages(call: Call) -> list[tuple[Order, Package]]:
    return [(order, package) for order in _own_orders(call) for package in order.packages]


def _buyer(call: Call, order: Order) -> Buyer:
    known = call.world.buyers.get(order.buyer_id)
    return known or Buyer(user_id=order.buyer_id, username="")


def _page(call: Call, rows: Sequence[T], size: int) -> tuple[Sequence[T], str]:
    start = _position(call, call.parameters.optional_text("cursor"))
    return rows[start : start + size], str(start + size) if len(rows) > start + size else ""


def _position(call: Call, cursor: str) -> int:
    if cursor and not is_whole(cursor):
        raise call.parameters.bad("cursor", "is not one that was given")
    return int(cursor or 0)


ENDPOINTS = (
    Endpoint("GET", "/api/v2/order/get_order_list", order_list),
    Endpoint("GET", "/api/v2/order/get_order_detail", order_detail),
    Endpoint("GET", "/api/v2/order/get_package_detail", package_detail),
    Endpoint("POST", "/api/v2/order/search_package_list", search_packages),
    Endpoint("GET", "/api/v2/logistics/get_tracking_number", tracking_number),
)
