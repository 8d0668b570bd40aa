"""Calls about orders and packages (marketplace-apis 3.3). None finds by a tracking number."""

from typing import Any, get_args

from sandbox.market.refusal import Refusal
from sandbox.tiktok import errors, order_views
from sandbox.tiktok.endpoint import Call, Endpoint
from sandbox.tiktok.entities import ORDERS_SCOPE, Order, OrderStatus, Package
from sandbox.tiktok.paging import page_of

NICKNAME_SINCE = "202507"
MOST_IDS = 50


def search_orders(call: Call) -> dict[str, Any]:
    """POST orders/search: filters in the body, paging and sorting in the query."""
    size = call.query.page_size(None, 100)
    field = call.query.optional_text("sort_field") or "create_time"
    if field not in {"create_time", "update_time"}:
        raise call.query.bad("sort_field", "must be create_time or update_time")
    descending = _is_descending(call)
    found = [order for order in _own_orders(call) if _is_wanted(call, order)]
    found.sort(key=lambda order: (getattr(order, field), order.order_id), reverse=descending)
    page, following = page_of(found, call.query, size)
    return {
        "orders": [_shown(call, order) for order in page],
        "next_page_token": following,
        "total_count": len(found),
    }


def orders(call: Call) -> dict[str, Any]:
    """GET orders: 1 to 50 by id. An unknown one is left out, another seller's is refused."""
    ids = call.query.listing("ids")
    if not 1 <= len(ids) <= MOST_IDS:
        raise call.query.bad("ids", f"must name 1 to {MOST_IDS}")
    known = [order for one in ids if (order := call.world.orders.get(one))]
    if any(order.shop_id != call.own_shop.shop_id for order in known):
        raise Refusal(errors.ORDER_OF_ANOTHER, "The order does not belong to this seller.")
    return {"orders": [_shown(call, order) for order in known]}


def search_packages(call: Call) -> dict[str, Any]:
    """POST packages/search: by time and status."""
    size = call.query.page_size(None, 50)
    _is_descending(call)
    status = call.body.optional_text("package_status")
    packages: dict[str, tuple[Package, list[Order]]] = {}
    for order in _own_orders(call):
        if not _in_window(call, "create_time", order) or not _in_window(call, "update_time", order):
            continue
        for package in order.packages:
            if status in {"", package.status}:
                packages.setdefault(package.package_id, (package, []))[1].append(order)
    page, following = page_of(sorted(packages), call.query, size)
    return {
        "packages": [order_views.package(*packages[one]) for one in page],
        "next_page_token": following,
        "total_count": len(packages),
    }


def package(call: Call) -> dict[str, Any]:
    """GET a package by its id."""
    holders = [
        (package, order)
        for order in _own_orders(call)
        for package in order.packages
        if package.package_id == call.ids["package_id"]
    ]
    if not holders:
        raise Refusal(errors.ORDER_OF_ANOTHER, "The package does not belong to this seller.")
    return order_views.package(holders[0][0], [order for _, order in holders])


def _own_orders(call: Call) -> list[Order]:
    return [order for order in call.world.orders if order.shop_id == call.own_shop.shop_id]


def _shown(call: Call, order: Order) -> dict[str, Any]:
    return order_views.order(
        order,
        call.world.buyers.get(order.buyer_id),
        call.own_shop,
        with_nickname=call.endpoint.versions[0] >= NICKNAME_SINCE,
    )


def _is_descending(call: Call) -> bool:
    order = call.query.optional_text("sort_order") or "DESC"
    if order not in {"ASC", "DESC"}:
        raise call.query.bad("sort_order", "must be ASC or DESC")
    return order == "DESC"


def _is_wanted(call: Call, order: Order) -> bool:
    status = call.body.optional_text("order_status")
    if status and status not in get_args(OrderStatus):
        raise call.body.bad("order_status", "is not known")
    buyer = call.body.optional_text("buyer_user_id")
    return (
        status in {"", order.status}
        and buyer in {"", order.buyer_id}
        and _in_window(call, "create_time", order)
        and _in_window(call, "update_time", order)
    )


def _in_window(call: Call, field: str, order: Order) -> bool:
    """From `_ge` on, and before `_lt`."""
    at = int(getattr(order, field))
    since = call.body.optional_whole(f"{field}_ge")
    until = call.body.optional_whole(f"{field}_lt")
    return (since is None or at >= since) and (until is None or at < until)


def _order_endpoint(method: Any, path: str, handler: Any, *versions: str) -> tuple[Endpoint, ...]:
    # One for each version: what is shown depends on it.
    return tuple(
        Endpoint(
            method,
            path,
            handler,
            versions=(version,),
            scope=ORDERS_SCOPE,
            parameter_error=errors.ORDER_PARAMETER,
        )
        for version in versions
    )


ENDPOINTS = (
    *_order_endpoint("POST", "/order/{version}/orders/search", search_orders, "202309"),
    *_order_endpoint("GET", "/order/{version}/orders", orders, "202309", "202507"),
    *_order_endpoint("POST", "/fulfillment/{version}/packages/search", search_packages, "202309"),
    *_order_endpoint("GET", "/fulfillment/{version}/packages/{package_id}", package, "202309"),
)
