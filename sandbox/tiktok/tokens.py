"""Tokens and codes: giving, using, refreshing, ending (marketplace-apis 3.2)."""

import secrets
from dataclasses import dataclass

from sandbox.market.refusal import Refusal
from sandbox.tiktok import errors
from sandbox.tiktok.entities import AccessToken, App, AuthCode, Authorization, RefreshToken
from sandbox.tiktok.world import World


@dataclass(frozen=True, repr=False)
class TokenPair:
    """What an app gets for a seller. The ends are unix seconds, not durations."""

    authorization: Authorization
    access: AccessToken
    refresh: RefreshToken


def new_code(world: World, app: App, seller_id: str) -> str:
    """A code for this seller, to be exchanged once."""
    code = AuthCode(
        code=f"ROW_{secrets.token_urlsafe(24)}",
        app_key=app.app_key,
        seller_id=seller_id,
        expires_at=world.clock.now() + world.limits.code_life_s,
    )
    return world.codes.put(code).code


def use_code(world: World, app: App, code: str) -> TokenPair:
    """The first pair for a code, which is spent by it."""
    known = world.codes.get(code)
    if known is None or known.app_key != app.app_key:
        raise Refusal(errors.CODE_INVALID, "The auth code is not valid.")
    if known.used or known.expires_at <= world.clock.now():
        raise Refusal(errors.CODE_INVALID, "The auth code has expired or was used.")
    world.codes.put(known.model_copy(update={"used": True}))
    return grant(world, app, known.seller_id)


def grant(
    world: World,
    app: App,
    seller_id: str,
    *,
    access_token: str = "",
    refresh_token: str = "",
    access_life_s: int | None = None,
) -> TokenPair:
    """Authorize the app for all shops of the seller; earlier pairs end at once."""
    revoke(world, app.app_key, seller_id)
    now = world.clock.now()
    authorization = world.authorizations.put(
        Authorization(
            app_key=app.app_key,
            seller_id=seller_id,
            auth_time=now,
            expire_time=now + world.limits.refresh_token_life_s,
            scopes=app.scopes,
        )
    )
    return _new_pair(world, authorization, access_token, refresh_token, access_life_s)


def refresh(world: World, app: App, token: str) -> TokenPair:
    """A new pair; the earlier access token works to its own end."""
    known = world.refresh_tokens.get(token)
    if known is None or known.app_key != app.app_key or known.ended:
        raise Refusal(errors.AUTHORIZATION_GONE, "The authorization record is not found.")
    single = world.limits.refresh_token_single_use
    if known.expires_at <= world.clock.now() or (single and known.used):
        raise Refusal(errors.REFRESH_EXPIRED, "The refresh token has expired.")
    authorization = world.authorizations.get(f"{known.app_key}/{known.seller_id}")
    if authorization is None or authorization.revoked:
        raise Refusal(errors.AUTHORIZATION_GONE, "The authorization record is not found.")
    world.refresh_tokens.put(known.model_copy(update={"used": True}))
    return _new_pair(world, authorization)


def admit(world: World, app: App, token: str) -> Authorization:
    """The authorization that this access token stands for."""
    known = world.access_tokens.get(token)
    if known is None or known.app_key != app.app_key:
        raise Refusal(errors.TOKEN_UNKNOWN, "The access token is not valid.")
    authorization = world.authorizations.get(f"{known.app_key}/{known.seller_id}")
    if authorization is None or authorization.revoked or known.ended:
        raise Refusal(errors.TOKEN_UNKNOWN, "The access token is not valid.")
    if known.expires_at <= world.clock.now():
        raise Refusal(errors.TOKEN_EXPIRED, "Expired credentials: the access token has expired.")
    return authorization


def expire(world: World, app_key: str, seller_id: str) -> None:
    """End the access tokens by their age."""
    now = world.clock.now()
    for token in list(world.access_tokens):
        if (token.app_key, token.seller_id) == (app_key, seller_id) and token.expires_at > now:
            world.access_tokens.put(token.model_copy(update={"expires_at": now}))


def revoke(world: World, app_key: str, seller_id: str) -> None:
    """Take the authorization back, and all tokens with it."""
    known = world.authorizations.get(f"{app_key}/{seller_id}")
    if known is not None and not known.revoked:
        world.authorizations.put(known.model_copy(update={"revoked": True}))
    for access in list(world.access_tokens):
        if (access.app_key, access.seller_id) == (app_key, seller_id) and not access.ended:
            world.access_tokens.put(access.model_copy(update={"ended": True}))
    for token in list(world.refresh_tokens):
        if (token.app_key, token.seller_id) == (app_key, seller_id) and not token.ended:
            world.refresh_tokens.put(token.model_copy(update={"ended": True}))


def _new_pair(
    world: World,
    authorization: Authorization,
    access_token: str = "",
    refresh_token: str = "",
    access_life_s: int | None = None,
) -> TokenPair:
    now, limits = world.clock.now(), world.limits
    life_s = limits.access_token_life_s if access_life_s is None else access_life_s
    app_key, seller_id = authorization.app_key, authorization.seller_id
    access = AccessToken(
        token=access_token or f"ROW_{secrets.token_urlsafe(32)}",
        app_key=app_key,
        seller_id=seller_id,
        expires_at=now + life_s,
    )
    refreshing = RefreshToken(
        token=refresh_token or f"ROW_{secrets.token_urlsafe(32)}",
        app_key=app_key,
        seller_id=seller_id,
        expires_at=now + limits.refresh_token_life_s,
    )
    world.access_tokens.put(access)
    world.refresh_tokens.put(refreshing)
    return TokenPair(authorization, access, refreshing)
