"""Calls about orders, their lines and their parcels (marketplace-apis 2.3)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from sandbox.lazada import errors, order_views
from sandbox.lazada.endpoint import Call, Endpoint
from sandbox.lazada.entities import ItemStatus, Order
from sandbox.market.parameters import is_whole
from sandbox.market.refusal import Refusal

MOST_PER_PAGE = 100
_AFTER_PACKING = frozenset({"ready_to_ship", "toship", "shipped", "delivered", "returned", "lost"})


def order_list(call: Call) -> dict[str, Any]:
    """GET /orders/get: by time of creation or of the last change, by offset."""
    wanted = _filter(call)
    found = _sorted(call, [one for one in _own_orders(call) if wanted.takes(one)])
    offset = _count(call, "offset", errors.BAD_OFFSET, 0, call.world.limits.most_offset)
    limit = _count(call, "limit", errors.BAD_LIMIT, 1, MOST_PER_PAGE)
    page = found[offset : offset + limit]
    return {
        "count": len(page),
        "countTotal": len(found),
        "orders": [order_views.order(call, one) for one in page],
    }


def one_order(call: Call) -> dict[str, Any]:
    """GET /order/get."""
    return order_views.order(call, _own_order(call, call.parameters.text("order_id")))


def order_items(call: Call) -> list[dict[str, Any]]:
    """GET /order/items/get."""
    return order_views.items(call, _own_order(call, call.parameters.text("order_id")))


def items_of_orders(call: Call) -> list[dict[str, Any]]:
    """GET /orders/items/get: `order_ids` is a JSON list."""
    found = [_own_order(call, number) for number in _order_ids(call)]
    return [
        {
            "order_id": int(one.order_id),
            "order_number": int(one.order_id),
            "order_items": order_views.items(call, one),
        }
        for one in found
    ]


def trace(call: Call) -> dict[str, Any]:
    """/logistic/order/trace: nothing before the order is ready to ship."""
    one = _own_order(call, call.parameters.text("order_id"))
    packages = one.packages if one.status in _AFTER_PACKING else []
    return {
        "order_id": int(one.order_id),
        "package_detail_info_list": [
            {
                "ofc_package_id": package.package_id,
                "tracking_number": package.tracking_code,
                "logistic_detail_info_list": [{"title": one.status, "description": ""}],
            }
            for package in packages
        ],
    }


def _own_orders(call: Call) -> list[Order]:
    shop_id = call.own_shop.shop_id
    return [one for one in call.world.orders if one.shop_id == shop_id]


def _own_order(call: Call, number: str) -> Order:
    one = call.world.orders.get(number) if is_whole(number) else None
    if one is None or one.shop_id != call.own_shop.shop_id:
        raise Refusal(errors.INVALID_ORDER_ID, f'E016: "{number}" Invalid Order ID')
    return one


def _order_ids(call: Call) -> list[str]:
    text = call.parameters.text("order_ids")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as problem:  # RecursionError: brackets alone
        raise Refusal(errors.INVALID_ORDER_ID, "E016: order_ids must be a JSON list") from problem
    if not isinstance(given, list) or not given:
        raise Refusal(errors.INVALID_ORDER_ID, "E016: order_ids must be a JSON list")
    return [str(one) for one in given]


@dataclass(frozen=True)
class _Filter:
    """Which orders are asked for; times in unix seconds."""

    created: tuple[float | None, float | None]
    updated: tuple[float | None, float | None]
    status: str

    def takes(self, one: Order) -> bool:
        return (
            _is_within(one.created_at, self.created)
            and _is_within(one.updated_at, self.updated)
            and self.status in {"", one.status}
        )


def _filter(call: Call) -> _Filter:
    wanted = _Filter(
        created=(_time(call, "created_after"), _time(call, "created_before")),
        updated=(_time(call, "update_after"), _time(call, "update_before")),
        status=call.parameters.optional_text("status"),
    )
    if wanted.created[0] is None and wanted.updated[0] is None:
        raise Refusal(errors.BAD_DATE, "E017: created_after or update_after is required")
    if wanted.status and wanted.status not in get_args(ItemStatus):
        raise Refusal(errors.BAD_STATUS, f'E036: "{wanted.status}" Invalid status filter')
    return wanted


def _is_within(at: float, span: tuple[float | None, float | None]) -> bool:
    # What a reply shows are whole seconds, so whole seconds are compared.
    after, before = span
    return (after is None or int(at) >= int(after)) and (before is None or int(at) <= before)


def _time(call: Call, name: str) -> float | None:
    text = call.parameters.optional_text(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise Refusal(errors.BAD_DATE, f'E017: "{text}" has no offset')
        return at.timestamp()
    except ValueError as problem:
        raise Refusal(errors.BAD_DATE, f'E017: "{text}" Invalid Date Format') from problem


def _sorted(call: Call, orders: list[Order]) -> list[Order]:
    field = call.parameters.optional_text("sort_by") or "updated_at"
    direction = (call.parameters.optional_text("sort_direction") or "DESC").upper()
    if field not in {"created_at", "updated_at"}:
        raise Refusal(errors.BAD_SORT_FIELD, f'E075: "{field}" Invalid sort filter')
    if direction not in {"ASC", "DESC"}:
        raise Refusal(errors.BAD_SORT_DIRECTION, f'E074: "{direction}" Invalid sort direction')
    return sorted(
        orders,
        key=lambda one: (getattr(one, field), int(one.order_id)),
        reverse=direction == "DESC",
    )


def _count(call: Call, name: str, error: str, least: int, most: int) -> int:
    text = call.parameters.optional_text(name)
    if not text:
        return least if name == "offset" else most
    if not is_whole(text) or not least <= int(text) <= most:
        raise Refusal(error, f'E0{error}: "{text}" must be from {least} to {most}')
    return int(text)


ENDPOINTS = (
    Endpoint(("GET",), "/orders/get", order_list, "orders"),
    Endpoint(("GET",), "/order/get", one_order, "orders"),
    Endpoint(("GET",), "/order/items/get", order_items, "orders"),
    Endpoint(("GET",), "/orders/items/get", items_of_orders, "orders"),
    Endpoint(("GET", "POST"), "/logistic/order/trace", trace, "orders"),
)
