"""Authorizing a shop at Shopee and keeping its tokens fresh (marketplace-apis 1.2)."""

from collections.abc import Mapping
from datetime import timedelta

import httpx

from cloud.marketplaces.access import AppCredentials, GrantedShop, ShopAccess, ShopFacts, Tokens
from cloud.marketplaces.errors import AuthorizationEnded, FailureClass
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.reply_fields import read
from cloud.marketplaces.shopee.client import Payload, ShopeePart, as_number
from cloud.marketplaces.shopee.replies import ShopInfoReply, TokenReply

AUTHORIZE_PATH = "/api/v2/shop/auth_partner"
EXCHANGE_PATH = "/api/v2/auth/token/get"
REFRESH_PATH = "/api/v2/auth/access_token/get"
SHOP_PATH = "/api/v2/shop/get_shop_info"

# The reply names only the life of the access token (about four hours).
REFRESH_TOKEN_LIFE = timedelta(days=30)


class ShopeeTokens(ShopeePart):
    """The part of the adapter that gets tokens. See `Marketplace` for the contract."""

    def authorize_link(self, app: AppCredentials, *, redirect_url: str, state: str) -> str:
        """A link that works five minutes. Shopee keeps no state, so it goes into the redirect."""
        back = httpx.URL(redirect_url).copy_merge_params({"state": state})
        query = {**self._client.public_query(app, AUTHORIZE_PATH), "redirect": str(back)}
        return str(httpx.URL(self._client.base_url + AUTHORIZE_PATH, params=query))

    def exchange_code(self, app: AppCredentials, callback: Mapping[str, str]) -> Tokens:
        """Tokens of one shop, or of all shops of a main account."""
        code = callback.get("code", "")
        owner = next((key for key in ("shop_id", "main_account_id") if callback.get(key)), "")
        if not code or not owner:
            raise AuthorizationEnded(
                FailureClass.AUTHORIZATION,
                "incomplete_callback",
                "Shopee's redirect has to carry code and shop_id or main_account_id",
            )
        body = {"code": code, owner: _number(callback[owner], owner)}
        shop_ids = (callback[owner],) if owner == "shop_id" else ()
        return self._tokens(app, EXCHANGE_PATH, body, shop_ids)

    def refresh(self, app: AppCredentials, *, shop_id: str, refresh_token: str) -> Tokens:
        """A new pair. The old access token works five more minutes, the refresh token no more."""
        body = {"refresh_token": refresh_token, "shop_id": _number(shop_id, "shop_id")}
        return self._tokens(app, REFRESH_PATH, body, (shop_id,))

    def shop_facts(self, access: ShopAccess) -> ShopFacts:
        """Name, region, and the end of the authorization, which lasts at most a year."""
        reply = read(ShopInfoReply, self._client.get(access, SHOP_PATH, {}))
        return ShopFacts(
            name=reply.shop_name or access.shop_id,
            country=reply.region.upper() or access.country,
            authorization_ends_at=reply.expire_time,
        )

    def _tokens(
        self, app: AppCredentials, path: str, body: Payload, shop_ids: tuple[str, ...]
    ) -> Tokens:
        asked_at = self._client.now()
        body = {**body, "partner_id": _number(app.app_id, "partner_id")}
        reply = read(TokenReply, self._client.post_public(app, path, body), call=Call.TOKEN)
        return Tokens(
            access_token=reply.access_token,
            refresh_token=reply.refresh_token,
            access_expires_at=asked_at + timedelta(seconds=reply.expire_in),
            refresh_expires_at=asked_at + REFRESH_TOKEN_LIFE,
            shops=tuple(map(GrantedShop, shop_ids or reply.shop_id_list)),
        )


def _number(value: str, what: str) -> int:
    return as_number(value, FailureClass.AUTHORIZATION, what)
