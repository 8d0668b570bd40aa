"""Calls about tokens, shops and merchants (marketplace-apis 1.2)."""

from typing import Any

from sandbox.market.refusal import Refusal
from sandbox.shopee import errors, tokens
from sandbox.shopee.endpoint import Call, Endpoint
from sandbox.shopee.entities import Authorization
from sandbox.shopee.tokens import TokenPair


def exchange_code(call: Call) -> dict[str, Any]:
    """POST auth/token/get: a code against the first token pair."""
    _check_partner(call)
    shop_id = call.parameters.optional_whole("shop_id")
    main_account_id = call.parameters.optional_whole("main_account_id")
    if (shop_id is None) == (main_account_id is None):
        raise call.parameters.bad("shop_id", "or main_account_id is required, and not both")
    code = tokens.use_code(
        call.world, partner_id=call.app.partner_id, code=call.parameters.text("code")
    )
    if code.shop_id != shop_id:
        raise Refusal(errors.INVALID_SHOP_ID, "The code is for another shop.")
    if code.main_account_id != main_account_id:
        raise Refusal(errors.INVALID_MAIN_ACCOUNT_ID, "The code is for another main account.")
    shop_ids, merchant_ids = _subjects(call, shop_id, main_account_id)
    pair = tokens.grant(
        call.world,
        partner_id=call.app.partner_id,
        subjects=[
            *map(tokens.shop_subject, shop_ids),
            *map(tokens.merchant_subject, merchant_ids),
        ],
    )
    answer: dict[str, Any] = _pair_answer(pair)
    if main_account_id is not None:
        answer |= {"shop_id_list": shop_ids, "merchant_id_list": merchant_ids}
    return answer


def refresh(call: Call) -> dict[str, Any]:
    """POST auth/access_token/get: a refresh token against a new pair."""
    _check_partner(call)
    token = call.parameters.text("refresh_token")
    shop_id = call.parameters.optional_whole("shop_id")
    merchant_id = call.parameters.optional_whole("merchant_id")
    if shop_id is not None and merchant_id is None:
        name, subject, identity = "shop_id", tokens.shop_subject(shop_id), shop_id
    elif merchant_id is not None and shop_id is None:
        name, subject, identity = "merchant_id", tokens.merchant_subject(merchant_id), merchant_id
    else:
        raise call.parameters.bad("shop_id", "or merchant_id is required, and not both")
    pair = tokens.refresh(call.world, partner_id=call.app.partner_id, subject=subject, token=token)
    return {**_pair_answer(pair), "partner_id": call.app.partner_id, name: identity}


def shops_by_partner(call: Call) -> dict[str, Any]:
    """GET public/get_shops_by_partner: the shops that authorized the app."""
    size = call.parameters.page_size(100, 100)
    page = max(call.parameters.optional_whole("page_no") or 1, 1)
    linked = sorted(
        (
            authorization
            for authorization in call.world.authorizations
            if authorization.partner_id == call.app.partner_id
            and authorization.subject.startswith("shop:")
            and not authorization.revoked
        ),
        key=lambda authorization: authorization.subject,
    )
    start = (page - 1) * size
    return {
        "authed_shop_list": [_linked_shop(call, one) for one in linked[start : start + size]],
        "more": len(linked) > start + size,
    }


def shop_info(call: Call) -> dict[str, Any]:
    """GET shop/get_shop_info."""
    shop = call.own_shop
    authorization = call.world.authorizations.get(
        f"{call.app.partner_id}/{tokens.shop_subject(shop.shop_id)}"
    )
    return {
        "shop_name": shop.shop_name,
        "region": shop.region,
        "status": shop.status,
        "auth_time": int(authorization.auth_time) if authorization else 0,
        "expire_time": int(authorization.expire_time) if authorization else 0,
        "is_cb": shop.is_cb,
        "merchant_id": shop.merchant_id,
    }


def merchant_info(call: Call) -> dict[str, Any]:
    """GET merchant/get_merchant_info."""
    merchant = call.world.merchants.get(call.merchant_id or 0)
    if merchant is None:
        raise Refusal(errors.ERROR_NOT_FOUND, "There is no such merchant.")
    return {"merchant_name": merchant.merchant_name, "merchant_region": merchant.region}


def _check_partner(call: Call) -> None:
    if call.parameters.whole("partner_id") != call.app.partner_id:
        raise call.parameters.bad("partner_id", "differs from the one in the query")


def _subjects(
    call: Call, shop_id: int | None, main_account_id: int | None
) -> tuple[list[int], list[int]]:
    if shop_id is not None:
        return [shop_id], []
    account = call.world.main_accounts.get(main_account_id or 0)
    if account is None:
        raise Refusal(errors.INVALID_MAIN_ACCOUNT_ID, "There is no such main account.")
    return account.shop_ids, account.merchant_ids


def _pair_answer(pair: TokenPair) -> dict[str, Any]:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expire_in": pair.expire_in_s,
    }


def _linked_shop(call: Call, authorization: Authorization) -> dict[str, Any]:
    shop_id = int(authorization.subject.removeprefix("shop:"))
    shop = call.world.shops.get(shop_id)
    return {
        "shop_id": shop_id,
        "region": shop.region if shop else "",
        "auth_time": int(authorization.auth_time),
        "expire_time": int(authorization.expire_time),
    }


ENDPOINTS = (
    Endpoint("POST", "/api/v2/auth/token/get", exchange_code, "public", flat=True),
    Endpoint("POST", "/api/v2/auth/access_token/get", refresh, "public", flat=True),
    Endpoint("GET", "/api/v2/public/get_shops_by_partner", shops_by_partner, "public", flat=True),
    Endpoint("GET", "/api/v2/shop/get_shop_info", shop_info, flat=True),
    Endpoint("GET", "/api/v2/merchant/get_merchant_info", merchant_info, "merchant", flat=True),
)
