"""Calls about returns and refunds: returns/search."""

from typing import Any

from sandbox.market.entities import Return
from sandbox.tiktok import errors
from sandbox.tiktok.endpoint import Call, Endpoint
from sandbox.tiktok.entities import RETURNS_SCOPE
from sandbox.tiktok.paging import page_of

_FIELDS = ("create_time", "update_time")


def search_returns(call: Call) -> dict[str, Any]:
    """POST returns/search: filters in the body, paging and sorting in the query."""
    size = call.query.page_size(None, 50)
    field = call.query.optional_text("sort_field") or "create_time"
    order = call.query.optional_text("sort_order") or "ASC"
    if field not in _FIELDS or order not in {"ASC", "DESC"}:
        raise call.query.bad("sort_field", "must be create_time or update_time, ASC or DESC")
    orders = call.body.listing("order_ids")
    found = [
        one
        for one in call.world.returns
        if one.shop_id == call.own_shop.shop_id
        and all(_is_within(call, name, one) for name in _FIELDS)
        and (not orders or one.order_number in orders)
    ]
    found.sort(key=lambda one: (getattr(one, field), one.return_id), reverse=order == "DESC")
    page, following = page_of(found, call.query, size)
    return {
        "return_orders": [_shown(one) for one in page],
        "next_page_token": following,
        "total_count": len(found),
    }


def _is_within(call: Call, field: str, one: Return) -> bool:
    """From `_ge` on, and before `_lt`."""
    at = int(getattr(one, field))
    since = call.body.optional_whole(f"{field}_ge")
    until = call.body.optional_whole(f"{field}_lt")
    return (since is None or at >= since) and (until is None or at < until)


def _shown(one: Return) -> dict[str, Any]:
    action = {"action": "SELLER_RESPOND_REFUND", "deadline": one.respond_by}
    return {
        "return_id": one.return_id,
        "order_id": one.order_number,
        "return_type": "REFUND",
        "return_status": one.status,
        "arbitration_status": "",
        "role": "BUYER",
        "return_reason": one.reason,
        "return_reason_text": one.text,
        "create_time": one.create_time,
        "update_time": one.update_time,
        "seller_next_action_response": [action] if one.respond_by else [],
    }


ENDPOINTS = (
    Endpoint(
        "POST",
        "/return_refund/{version}/returns/search",
        search_returns,
        versions=("202309",),
        scope=RETURNS_SCOPE,
        parameter_error=errors.ORDER_PARAMETER,
    ),
)
