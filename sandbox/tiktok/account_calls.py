"""Calls about tokens and shops (marketplace-apis 3.2)."""

import hmac
from typing import Any

from sandbox.market.refusal import Refusal
from sandbox.tiktok import errors, tokens
from sandbox.tiktok.endpoint import Call, Endpoint
from sandbox.tiktok.entities import App
from sandbox.tiktok.tokens import TokenPair

SELLER = 0


def exchange_code(call: Call) -> dict[str, Any]:
    """GET token/get: a code against the first token pair."""
    app = _app(call, grant_type="authorized_code")
    return _pair(call, tokens.use_code(call.world, app, call.query.text("auth_code")))


def refresh(call: Call) -> dict[str, Any]:
    """GET token/refresh: a refresh token against a new pair."""
    app = _app(call, grant_type="refresh_token")
    return _pair(call, tokens.refresh(call.world, app, call.query.text("refresh_token")))


def shops(call: Call) -> dict[str, Any]:
    """GET shops: those of the seller, each with the cipher that other calls want."""
    return {
        "shops": [
            {
                "id": shop.shop_id,
                "name": shop.shop_name,
                "region": shop.region,
                "seller_type": shop.seller_type,
                "cipher": shop.cipher,
                "code": shop.code,
            }
            for shop in call.world.shops_of(call.seller.seller_id)
        ]
    }


def _app(call: Call, *, grant_type: str) -> App:
    app = call.world.apps.get(call.query.text("app_key"))
    if app is None or not hmac.compare_digest(
        app.app_secret.encode(), call.query.text("app_secret").encode()
    ):
        raise Refusal(errors.BAD_REQUEST, "Invalid app_key or app_secret.")
    if call.query.text("grant_type") != grant_type:
        raise call.query.bad("grant_type", f"must be {grant_type}")
    return app


def _pair(call: Call, pair: TokenPair) -> dict[str, Any]:
    seller = call.world.sellers.get(pair.authorization.seller_id)
    return {
        "access_token": pair.access.token,
        "access_token_expire_in": int(pair.access.expires_at),
        "refresh_token": pair.refresh.token,
        "refresh_token_expire_in": int(pair.refresh.expires_at),
        "open_id": f"open-{pair.authorization.seller_id}",
        "seller_name": seller.seller_name if seller else "",
        "seller_base_region": seller.base_region if seller else "",
        "user_type": SELLER,
        "granted_scopes": pair.authorization.scopes,
    }


ENDPOINTS = (
    Endpoint("GET", "/api/v2/token/get", exchange_code, signed="nobody"),
    Endpoint("GET", "/api/v2/token/refresh", refresh, signed="nobody"),
    Endpoint("GET", "/authorization/{version}/shops", shops, versions=("202309",), signed="seller"),
)
