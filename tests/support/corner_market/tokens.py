"""Authorizing a shop at Corner and keeping its tokens fresh."""

from collections.abc import Mapping

import httpx
from pydantic import Field

from cloud.marketplaces.access import AppCredentials, GrantedShop, ShopAccess, ShopFacts, Tokens
from cloud.marketplaces.errors import AuthorizationEnded, FailureClass
from cloud.marketplaces.exchange import Call
from cloud.marketplaces.reply_fields import Id, Milliseconds, ReplyModel, Text, read
from tests.support.corner_market.client import CornerPart


class TokenReply(ReplyModel):
    """Of `token` and `refresh`."""

    access_token: str = Field(min_length=1, repr=False)
    refresh_token: str = Field(min_length=1, repr=False)
    access_ends_at: Milliseconds
    refresh_ends_at: Milliseconds
    shop: Id


class ShopReply(ReplyModel):
    """Of `shop`."""

    name: Text = ""
    country: Text = ""


class CornerTokens(CornerPart):
    """The part of the adapter that gets tokens."""

    def authorize_link(self, app: AppCredentials, *, redirect_url: str, state: str) -> str:
        query = {"app": app.app_id, "back": redirect_url, "state": state}
        return str(httpx.URL(f"{self._client.base_url}/consent", params=query))

    def exchange_code(self, app: AppCredentials, callback: Mapping[str, str]) -> Tokens:
        if not callback.get("code"):
            raise AuthorizationEnded(FailureClass.AUTHORIZATION, "incomplete_callback", "no code")
        return _tokens(self._client.for_app(app, "token", code=callback["code"]))

    def refresh(self, app: AppCredentials, *, shop_id: str, refresh_token: str) -> Tokens:
        return _tokens(self._client.for_app(app, "refresh", shop=shop_id, token=refresh_token))

    def shop_facts(self, access: ShopAccess) -> ShopFacts:
        reply = read(ShopReply, self._client.read(access, "shop"))
        return ShopFacts(reply.name or access.shop_id, reply.country or access.country)


def _tokens(data: object) -> Tokens:
    reply = read(TokenReply, data, call=Call.TOKEN)
    return Tokens(
        access_token=reply.access_token,
        refresh_token=reply.refresh_token,
        access_expires_at=reply.access_ends_at,
        refresh_expires_at=reply.refresh_ends_at,
        shops=(GrantedShop(reply.shop),),
    )
