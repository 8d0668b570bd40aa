"""Calls about where an app's webhooks go (marketplace-apis 3.6)."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from sandbox.market.consent import is_web_address
from sandbox.market.push.entities import PushEndpoint
from sandbox.tiktok import webhook_bodies as bodies
from sandbox.tiktok.endpoint import Call, Endpoint

LONGEST_ADDRESS = 255
# The names that calls have for the types of webhooks.
EVENTS = {
    "ORDER_STATUS_CHANGE": bodies.ORDER_STATUS,
    "PACKAGE_UPDATE": bodies.PACKAGE_UPDATE,
    "SELLER_DEAUTHORIZATION": bodies.DEAUTHORIZED,
    "UPCOMING_AUTHORIZATION_EXPIRATION": bodies.AUTHORIZATION_EXPIRING,
    "RETURN_STATUS_CHANGE": bodies.RETURN,
    "NEW_CONVERSATION": bodies.NEW_CONVERSATION,
    "NEW_MESSAGE": bodies.NEW_MESSAGE,
}


def webhooks(call: Call) -> dict[str, Any]:
    """GET webhooks: the types that are told, each with its address."""
    known = _known(call)
    listed = [
        {"event_type": event, "address": known.address_of(kind)}
        for event, kind in EVENTS.items()
        if kind in known.kinds
    ]
    return {"webhooks": listed, "total_count": len(listed)}


def put_webhook(call: Call) -> dict[str, Any]:
    """PUT webhooks: tell of this type at this address from now on."""
    kind = EVENTS[call.body.choice("event_type", tuple(EVENTS))]
    address = call.body.text("address")
    if len(address) > LONGEST_ADDRESS or not _is_allowed(call, address):
        raise call.body.bad("address", "must be https, with a domain name and without a port")
    known = _known(call)
    changes = {
        "kinds": sorted({*known.kinds, kind}),
        "addresses": {**known.addresses, kind: address},
        "stopped_at": None,
    }
    call.outbox.endpoints.put(known.model_copy(update=changes))
    return {}


def delete_webhook(call: Call) -> dict[str, Any]:
    """DELETE webhooks: tell of this type no more."""
    kind = EVENTS[call.body.choice("event_type", tuple(EVENTS))]
    known = _known(call)
    kinds = [one for one in known.kinds if one != kind]
    call.outbox.endpoints.put(known.model_copy(update={"kinds": kinds}))
    return {}


def _known(call: Call) -> PushEndpoint:
    app_key = call.seller.app_key
    known = call.outbox.endpoints.get(app_key)
    return known or PushEndpoint(app_id=app_key, callback_url="")


def _is_allowed(call: Call, address: str) -> bool:
    if call.world.limits.webhooks_anywhere:
        return is_web_address(address)
    parts = urlsplit(address)
    host = parts.hostname or ""
    return parts.scheme == "https" and parts.netloc == host and not _is_number(host)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return not host
    return True


_AT = "/event/{version}/webhooks"
ENDPOINTS = (
    Endpoint("GET", _AT, webhooks, versions=("202309",)),
    Endpoint("PUT", _AT, put_webhook, versions=("202309",)),
    Endpoint("DELETE", _AT, delete_webhook, versions=("202309",)),
)
