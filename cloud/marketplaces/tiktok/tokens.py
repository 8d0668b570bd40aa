"""Authorizing shops at TikTok Shop and keeping their tokens fresh (marketplace-apis 3.2)."""

from collections.abc import Mapping

import httpx

from cloud.marketplaces.access import AppCredentials, GrantedShop, ShopAccess, ShopFacts, Tokens
from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    OutcomeUnknown,
    TransientError,
)
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.reply_fields import read
from cloud.marketplaces.tiktok.client import TikTokPart
from cloud.marketplaces.tiktok.replies import ShopListReply, TokenReply

CONSENT_PATH = "/open/authorize"
EXCHANGE_PATH = "/api/v2/token/get"
REFRESH_PATH = "/api/v2/token/refresh"
SHOPS_PATH = "/authorization/202309/shops"

_SELLER = 0


class TikTokTokens(TikTokPart):
    """The part of the adapter that gets tokens. See `Marketplace` for the contract."""

    def authorize_link(self, app: AppCredentials, *, redirect_url: str, state: str) -> str:
        """A link without a signature. Where it leads back to is registered with the app.

        ValueError: the app has no service id, which its page in the Partner Center shows.
        """
        del redirect_url  # there is no parameter for it
        if not app.service_id:
            raise ValueError("TikTok Shop's authorize link needs the app's service id")
        query = {"service_id": app.service_id, "state": state}
        return str(httpx.URL(self._client.hosts.consent + CONSENT_PATH, params=query))

    def exchange_code(self, app: AppCredentials, callback: Mapping[str, str]) -> Tokens:
        """Tokens of all shops of a seller, with their ciphers: two requests.

        The second one asks for the shops. Where it gets no answer, the code is spent already.
        """
        code = callback.get("code", "")
        if callback.get("error") or code in ("", "null"):
            raise AuthorizationEnded(
                FailureClass.AUTHORIZATION,
                callback.get("error") or "incomplete_callback",
                "the seller did not let the app in, or TikTok Shop's redirect carries no code",
            )
        granted = self._granted(
            app, EXCHANGE_PATH, {"auth_code": code, "grant_type": "authorized_code"}
        )
        return _tokens(granted, self._shops(app, granted.access_token))

    def refresh(self, app: AppCredentials, *, shop_id: str, refresh_token: str) -> Tokens:
        """A new pair for all shops of the seller. It brings no ciphers: the old ones stay good."""
        query = {"refresh_token": refresh_token, "grant_type": "refresh_token"}
        return _tokens(self._granted(app, REFRESH_PATH, query), (GrantedShop(shop_id),))

    def shop_facts(self, access: ShopAccess) -> ShopFacts:
        """Name and region. When the authorization ends is told by a push alone, daily in advance.

        `AuthorizationEnded`: the seller's authorization does not cover this shop any more.
        """
        data = self._client.get_for_app(access.app, access.access_token, SHOPS_PATH)
        for shop in read(ShopListReply, data).shops:
            if shop.id == access.shop_id:
                return ShopFacts(
                    name=shop.name or shop.id, country=shop.region.upper() or access.country
                )
        raise AuthorizationEnded(
            FailureClass.AUTHORIZATION, "shop_not_granted", "the token is not for this shop"
        )

    def _granted(self, app: AppCredentials, path: str, query: Mapping[str, str]) -> TokenReply:
        reply = read(TokenReply, self._client.get_tokens(app, path, query), call=Call.TOKEN)
        if reply.user_type != _SELLER:
            raise AuthorizationEnded(
                FailureClass.AUTHORIZATION, "not_a_seller", "only a seller's account has shops"
            )
        return reply

    def _shops(self, app: AppCredentials, access_token: str) -> tuple[GrantedShop, ...]:
        try:
            data = self._client.get_for_app(app, access_token, SHOPS_PATH)
            listed = read(ShopListReply, data).shops
        except TransientError as error:
            raise OutcomeUnknown(error.failure, error.name, error.detail) from error
        if not listed:
            raise AuthorizationEnded(
                FailureClass.AUTHORIZATION, "no_shops", "this account has no shop for this app"
            )
        return tuple(
            GrantedShop(shop.id, name=shop.name, country=shop.region.upper(), cipher=shop.cipher)
            for shop in listed
        )


def _tokens(reply: TokenReply, shops: tuple[GrantedShop, ...]) -> Tokens:
    return Tokens(
        access_token=reply.access_token,
        refresh_token=reply.refresh_token,
        access_expires_at=reply.access_token_expire_in,
        refresh_expires_at=reply.refresh_token_expire_in,
        shops=shops,
    )
