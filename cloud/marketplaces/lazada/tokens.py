"""Authorizing shops at Lazada and keeping their tokens fresh (marketplace-apis 2.2)."""

from collections.abc import Mapping
from datetime import timedelta

import httpx

from cloud.marketplaces.access import AppCredentials, GrantedShop, ShopAccess, ShopFacts, Tokens
from cloud.marketplaces.errors import AuthorizationEnded, FailureClass
from cloud.marketplaces.exchange import Call, unreadable
from cloud.marketplaces.lazada.client import LazadaPart, Parameters
from cloud.marketplaces.lazada.replies import SellerReply, TokenReply
from cloud.marketplaces.reply_fields import read

EXCHANGE_PATH = "/auth/token/create"
REFRESH_PATH = "/auth/token/refresh"
SELLER_PATH = "/seller/get"


class LazadaTokens(LazadaPart):
    """The part of the adapter that gets tokens. See `Marketplace` for the contract."""

    def authorize_link(self, app: AppCredentials, *, redirect_url: str, state: str) -> str:
        """A link without an end of its own; the code that comes back lives 30 minutes."""
        query = {
            "response_type": "code",
            "force_auth": "true",
            "redirect_uri": redirect_url,
            "client_id": app.app_id,
            "state": state,
        }
        return str(httpx.URL(self._client.hosts.authorize, params=query))

    def exchange_code(self, app: AppCredentials, callback: Mapping[str, str]) -> Tokens:
        """Tokens of one seller account: a shop, or one in each country where it sells."""
        code = callback.get("code", "")
        if not code:
            raise AuthorizationEnded(
                FailureClass.AUTHORIZATION, "incomplete_callback", "Lazada's redirect has no code"
            )
        return self._tokens(app, EXCHANGE_PATH, {"code": code})

    def refresh(self, app: AppCredentials, *, shop_id: str, refresh_token: str) -> Tokens:
        """A new access token; the life of the refresh token goes on and does not begin anew."""
        del shop_id  # the token is of the whole account
        return self._tokens(app, REFRESH_PATH, {"refresh_token": refresh_token})

    def shop_facts(self, access: ShopAccess) -> ShopFacts:
        """The shop's name. Its country is that of the host; tokens tell when they end."""
        payload = self._client.get(access, SELLER_PATH, {})
        name = read(SellerReply, payload.get("data")).name
        return ShopFacts(name=name or access.shop_id, country=access.country.upper())

    def _tokens(self, app: AppCredentials, path: str, parameters: Parameters) -> Tokens:
        asked_at = self._client.now()
        payload = self._client.post_for_tokens(app, path, parameters)
        reply = read(TokenReply, payload, call=Call.TOKEN)
        shops = tuple(
            GrantedShop(one.seller_id, country=one.country.upper()) for one in reply.shops
        )
        if not shops:
            raise unreadable(Call.TOKEN, "country_user_info: no shop is named")
        return Tokens(
            access_token=reply.access_token,
            refresh_token=reply.refresh_token,
            access_expires_at=asked_at + timedelta(seconds=reply.expires_in),
            # 0 says that only the seller can go on: at once, and not when this token ends.
            refresh_expires_at=asked_at + timedelta(seconds=reply.refresh_expires_in),
            shops=shops,
        )
