"""Calls about tokens and the seller (marketplace-apis 2.2)."""

from typing import Any

from sandbox.lazada import tokens
from sandbox.lazada.endpoint import Call, Endpoint
from sandbox.lazada.entities import Shop
from sandbox.lazada.tokens import TokenPair


def create_token(call: Call) -> dict[str, Any]:
    """/auth/token/create: a code against the first token pair."""
    code = tokens.use_code(call.world, call.app.app_key, call.parameters.text("code"))
    shop_ids = [shop.shop_id for shop in call.world.shops_of(code.account)]
    pair = tokens.grant(call.world, call.app, shop_ids)
    return _pair_answer(call, pair, "country_user_info")


def refresh_token(call: Call) -> dict[str, Any]:
    """/auth/token/refresh: a refresh token against a new access token."""
    pair = tokens.refresh(call.world, call.app, call.parameters.text("refresh_token"))
    # The two calls name this list differently.
    return _pair_answer(call, pair, "country_user_info_list")


def seller(call: Call) -> dict[str, Any]:
    """GET /seller/get."""
    shop = call.own_shop
    return {
        "name": shop.shop_name,
        "seller_id": int(shop.shop_id),
        "short_code": shop.short_code,
        "status": shop.status,
        "email": shop.account_name,
        "cb": len(call.world.shops_of(shop.account_name)) > 1,
    }


def _pair_answer(call: Call, pair: TokenPair, countries: str) -> dict[str, Any]:
    shops = [shop for one in pair.shop_ids if (shop := call.world.shops.get(one))]
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expires_in": pair.expires_in_s,
        "refresh_expires_in": pair.refresh_expires_in_s,
        "country": shops[0].region.lower() if len(shops) == 1 else "cb",
        "account": shops[0].account_name,
        "account_platform": "seller_center",
        "account_id": f"7{shops[0].shop_id}",
        countries: [_country(shop) for shop in shops],
    }


def _country(shop: Shop) -> dict[str, str]:
    return {
        "country": shop.region.lower(),
        "seller_id": shop.shop_id,
        "user_id": f"9{shop.shop_id}",
        "short_code": shop.short_code,
    }


ENDPOINTS = (
    Endpoint(("GET", "POST"), "/auth/token/create", create_token, "auth"),
    Endpoint(("GET", "POST"), "/auth/token/refresh", refresh_token, "auth"),
    Endpoint(("GET",), "/seller/get", seller, "seller"),
)
