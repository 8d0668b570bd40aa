"""Calls about pushes: where they go, and those that were lost (marketplace-apis 1.6)."""

import json
from typing import Any

from sandbox.market.consent import is_web_address
from sandbox.market.push.entities import Delivery, PushEndpoint
from sandbox.market.refusal import Refusal
from sandbox.shopee import errors
from sandbox.shopee.endpoint import Call, Endpoint
from sandbox.shopee.outbox import RULES
from sandbox.shopee.push_bodies import CODES, WEBCHAT

MOST_BLOCKED_SHOPS = 500
LOST_PAGE = 100
SET_PATH = "/api/v2/push/set_app_push_config"


def set_app_push_config(call: Call) -> dict[str, Any]:
    """POST set_app_push_config. The address has been verified before this."""
    known = call.outbox.endpoints.get(call.app.partner_id)
    url = call.parameters.optional_text("callback_url") or (known.callback_url if known else "")
    if not url:
        raise call.parameters.bad("callback_url", "is required")
    on, off = _codes(call, "set_push_config_on"), _codes(call, "set_push_config_off")
    kinds = [code for code in CODES if code in {*(known.kinds if known else ()), *on} - set(off)]
    if WEBCHAT in on and not call.app.may_chat:
        raise Refusal(errors.ERROR_PERMISSION, "No permission to the webchat push.")
    call.outbox.endpoints.put(
        PushEndpoint(
            app_id=call.app.partner_id,
            callback_url=url,
            kinds=kinds,
            blocked_shop_ids=_blocked(call, known),
        )
    )
    return {"result": "success"}


def get_app_push_config(call: Call) -> dict[str, Any]:
    """GET get_app_push_config."""
    known = call.outbox.endpoints.get(call.app.partner_id)
    kinds = known.kinds if known else []
    return {
        "callback_url": known.callback_url if known else "",
        "live_push_status": _status(known),
        "suspended_time": int(known.stopped_at or 0) if known else 0,
        "blocked_shop_id": known.blocked_shop_ids if known else [],
        "push_config_on_list": [int(code) for code in kinds],
        "push_config_off_list": [int(code) for code in CODES if code not in kinds],
    }


def get_lost_push_message(call: Call) -> dict[str, Any]:
    """GET get_lost_push_message: the oldest lost pushes that were not confirmed yet."""
    lost = _lost(call)
    page = lost[:LOST_PAGE]
    return {
        "push_message_list": [json.loads(one.body) for one in page],
        "has_next_page": len(lost) > len(page),
        "last_message_id": page[-1].push_id if page else 0,
    }


def confirm_consumed_lost_push_message(call: Call) -> dict[str, Any]:
    """POST confirm_consumed_lost_push_message: all up to this one were taken."""
    last = call.parameters.whole("last_message_id")
    lost = [one for one in _lost(call) if one.push_id <= last]
    if last not in {one.push_id for one in lost}:
        raise call.parameters.bad("last_message_id", "is not of a lost message")
    for one in lost:
        call.outbox.deliveries.put(one.model_copy(update={"state": "consumed"}))
    return {}


def address_to_verify(call: Call) -> str:
    """The new callback address of this call, if any. Refuses what is no address."""
    if call.endpoint.path != SET_PATH:
        return ""
    url = call.parameters.optional_text("callback_url")
    if url and not is_web_address(url):
        raise call.parameters.bad("callback_url", "must be an http or https address")
    return url


def _codes(call: Call, name: str) -> list[str]:
    codes = call.parameters.listing(name)
    if not set(codes) <= set(CODES):
        raise call.parameters.bad(name, f"must be of {', '.join(CODES)}")
    return codes


def _blocked(call: Call, known: PushEndpoint | None) -> list[int | str]:
    """The list replaces the earlier one; without one the earlier stays."""
    if not call.parameters.has("blocked_shop_id_list"):
        return known.blocked_shop_ids if known else []
    blocked = call.parameters.listing("blocked_shop_id_list")
    if len(blocked) > MOST_BLOCKED_SHOPS:
        raise call.parameters.bad("blocked_shop_id_list", "may have at most 500 shops")
    if not all(one.isdigit() for one in blocked):
        raise call.parameters.bad("blocked_shop_id_list", "must be of shop ids")
    return [int(one) for one in blocked]


def _status(known: PushEndpoint | None) -> str:
    if known is not None and known.stopped_at is not None:
        return "Suspended"
    return "Warning" if known is not None and known.warned else "Normal"


def _lost(call: Call) -> list[Delivery]:
    since = call.now - RULES.keep_s
    lost = [
        one
        for one in call.outbox.deliveries
        if one.app_id == call.app.partner_id and one.state == "lost" and one.created_at >= since
    ]
    return sorted(lost, key=lambda one: one.push_id)


ENDPOINTS = (
    Endpoint("POST", SET_PATH, set_app_push_config, "public"),
    Endpoint("GET", "/api/v2/push/get_app_push_config", get_app_push_config, "public"),
    Endpoint("GET", "/api/v2/push/get_lost_push_message", get_lost_push_message, "public"),
    Endpoint(
        "POST",
        "/api/v2/push/confirm_consumed_lost_push_message",
        confirm_consumed_lost_push_message,
        "public",
    ),
)
