"""Calls about reverse orders: their list, and the detail of one, which alone has its deadline."""

from typing import Any

from sandbox.lazada import errors
from sandbox.lazada.endpoint import Call, Endpoint
from sandbox.market.entities import Return
from sandbox.market.refusal import Refusal

MOST_PER_PAGE = 100
_MODIFIED = "ReverseOrderLineModifiedTimeRange"


def reverse_orders(call: Call) -> dict[str, Any]:
    """GET /reverse/getreverseordersforseller: by numbered pages, newest first."""
    page, size = call.parameters.whole("page_no"), call.parameters.whole("page_size")
    if page < 1 or not 1 <= size <= MOST_PER_PAGE:
        raise Refusal(errors.INVALID_PARAMETER, "page_no or page_size is out of range")
    since = call.parameters.optional_whole(f"{_MODIFIED}Start")
    until = call.parameters.optional_whole(f"{_MODIFIED}End")
    found = [
        one
        for one in call.world.returns
        if one.shop_id == call.own_shop.shop_id
        and (since is None or one.update_time * 1000 >= since)
        and (until is None or one.update_time * 1000 <= until)
    ]
    found.sort(key=lambda one: (one.update_time, one.return_id), reverse=True)
    begin = (page - 1) * size
    return {
        "items": [
            _head(one) | {"reverse_order_lines": [_line(one)]}
            for one in found[begin : begin + size]
        ],
        "page_no": page,
        "page_size": size,
        "total": len(found),
        "success": True,
    }


def detail(call: Call) -> dict[str, Any]:
    """GET /order/reverse/return/detail/list: `sla` is in milliseconds."""
    one = call.world.returns.get(call.parameters.text("reverse_order_id"))
    if one is None or one.shop_id != call.own_shop.shop_id:
        raise Refusal(errors.INVALID_ORDER_ID, "E016: Invalid reverse order")
    line = _line(one) | {"sla": one.respond_by * 1000}
    return _head(one) | {"reverseOrderLineDTOList": [line]}


def _head(one: Return) -> dict[str, Any]:
    return {
        "reverse_order_id": one.return_id,
        "trade_order_id": one.order_number,
        "request_type": "CANCEL" if one.status.startswith("CANCEL") else "RETURN",
        "is_rtm": False,
        "shipping_type": "PICK_UP",
    }


def _line(one: Return) -> dict[str, Any]:
    # Documented in milliseconds, seen in seconds.
    return {
        "reverse_order_line_id": one.return_id,
        "reverse_status": one.status,
        "ofc_status": "INITIAL",
        "reason_text": one.reason,
        "reason_code": "0",
        "is_dispute": False,
        "return_order_line_gmt_create": one.create_time,
        "return_order_line_gmt_modified": one.update_time,
    }


ENDPOINTS = (
    Endpoint(
        ("GET",), "/reverse/getreverseordersforseller", reverse_orders, "orders", holds="result"
    ),
    Endpoint(("GET",), "/order/reverse/return/detail/list", detail, "orders"),
)
