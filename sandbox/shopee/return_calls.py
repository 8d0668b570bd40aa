"""Calls about returns and refunds: returns/get_return_list."""

from typing import Any

from sandbox.market.entities import Return
from sandbox.market.refusal import Refusal
from sandbox.shopee import errors
from sandbox.shopee.endpoint import Call, Endpoint

LONGEST_SPAN_S = 15 * 86_400


def return_list(call: Call) -> dict[str, Any]:
    """GET returns/get_return_list: by time, by numbered pages, newest first."""
    parameters = call.parameters
    page, size = parameters.whole("page_no"), parameters.page_size(None, 100)
    if page < 1:
        raise parameters.bad("page_no", "counts from 1")
    found = [one for one in call.world.returns if _is_wanted(call, one)]
    found.sort(key=lambda one: (one.update_time, one.return_id), reverse=True)
    begin = (page - 1) * size
    return {
        "more": len(found) > begin + size,
        "return": [_shown(one) for one in found[begin : begin + size]],
    }


def _is_wanted(call: Call, one: Return) -> bool:
    return (
        one.shop_id == call.own_shop.shop_id
        and _is_within(call, "create_time", one)
        and _is_within(call, "update_time", one)
    )


def _is_within(call: Call, field: str, one: Return) -> bool:
    since = call.parameters.optional_whole(f"{field}_from")
    until = call.parameters.optional_whole(f"{field}_to")
    if (since is None) != (until is None):
        raise call.parameters.bad(field, "needs both ends")
    if since is None or until is None:
        return True
    if until < since or until - since > LONGEST_SPAN_S:
        raise Refusal(errors.ERROR_PARAM, "The time span must be within 15 days.")
    return since <= int(getattr(one, field)) <= until


def _shown(one: Return) -> dict[str, Any]:
    return {
        "return_sn": one.return_id,
        "order_sn": one.order_number,
        "status": one.status,
        "reason": one.reason,
        "text_reason": one.text,
        "image": [],
        "refund_amount": 10.0,
        "currency": "MYR",
        "create_time": one.create_time,
        "update_time": one.update_time,
        "due_date": one.respond_by,
        "return_ship_due_date": 0,
        "return_seller_due_date": one.respond_by,
        "tracking_number": "",
        "needs_logistics": False,
        "item": [],
    }


ENDPOINTS = (Endpoint("GET", "/api/v2/returns/get_return_list", return_list),)
