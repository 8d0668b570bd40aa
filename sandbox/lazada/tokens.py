"""Tokens and codes: giving, using, refreshing, ending (marketplace-apis 2.2)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.lazada import errors
from sandbox.lazada.entities import (
    SUBSCRIBED_CATEGORIES,
    AccessToken,
    App,
    AuthCode,
    Authorization,
    RefreshToken,
)
from sandbox.lazada.world import World
from sandbox.market.refusal import Refusal


@dataclass(frozen=True, repr=False)
class TokenPair:
    """What an app gets, with the lives of both tokens in seconds."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    refresh_expires_in_s: int
    shop_ids: tuple[str, ...]


def grant(
    world: World,
    app: App,
    shop_ids: Sequence[str],
    *,
    access_token: str | None = None,
    refresh_token: str | None = None,
    access_life_s: int | None = None,
) -> TokenPair:
    """Authorize the app for these shops of one account; its earlier tokens for them end."""
    now, limits = world.clock.now(), world.limits
    refresh_life_s = (
        limits.refresh_token_life_s if app.is_online else limits.test_refresh_token_life_s
    )
    for shop_id in shop_ids:
        end_access(world, app.app_key, shop_id)
        _end_refresh(world, app.app_key, shop_id)
        world.authorizations.put(
            Authorization(app_key=app.app_key, shop_id=shop_id, ends_at=now + refresh_life_s)
        )
    renewal = RefreshToken(
        token=refresh_token or f"50001{secrets.token_hex(16)}",
        app_key=app.app_key,
        shop_ids=list(shop_ids),
        expires_at=now + refresh_life_s,
    )
    world.refresh_tokens.put(renewal)
    return _with_access(world, app, renewal, access_token=access_token, life_s=access_life_s)


def refresh(world: World, app: App, token: str) -> TokenPair:
    """A new access token. The end of the refreshing stays where it was."""
    known = world.refresh_tokens.get(token)
    if known is None or known.app_key != app.app_key or known.used:
        raise Refusal(errors.ILLEGAL_REFRESH_TOKEN, "The refresh token is invalid.")
    if app.category in SUBSCRIBED_CATEGORIES:
        raise Refusal(errors.AUTH_TYPE_UNSUPPORTED, "The authorization lasts as the subscription.")
    if world.clock.now() >= known.expires_at or not _authorized(world, app.app_key, known.shop_ids):
        raise Refusal(errors.ILLEGAL_REFRESH_TOKEN, "The refresh token has expired.")
    if world.limits.refresh_token_single_use:
        world.refresh_tokens.put(known.model_copy(update={"used": True}))
    renewal = known.model_copy(update={"token": f"50001{secrets.token_hex(16)}"})
    world.refresh_tokens.put(renewal)
    return _with_access(world, app, renewal)


def admit(world: World, app_key: str, token: str) -> AccessToken:
    """The token, if it works for this app now."""
    known = world.access_tokens.get(token)
    if (
        known is None
        or known.app_key != app_key
        or world.clock.now() >= known.expires_at
        or not _authorized(world, app_key, known.shop_ids)
    ):
        raise Refusal(
            errors.ILLEGAL_ACCESS_TOKEN, "The specified access token is invalid or expired"
        )
    return known


def new_code(world: World, app_key: str, account: str) -> str:
    """The code for a seller who has just consented."""
    code = AuthCode(
        code=f"0_{app_key}_{secrets.token_urlsafe(12)}",
        app_key=app_key,
        account=account,
        expires_at=world.clock.now() + world.limits.code_life_s,
    )
    return world.codes.put(code).code


def use_code(world: World, app_key: str, code: str) -> AuthCode:
    """The code, used up by this. Refused when unknown, of another app, used or too old."""
    known = world.codes.get(code)
    if (
        known is None
        or known.app_key != app_key
        or known.used
        or world.clock.now() >= known.expires_at
    ):
        raise Refusal(errors.INVALID_CODE, "Invalid authorization code")
    return world.codes.put(known.model_copy(update={"used": True}))


def end_access(world: World, app_key: str, shop_id: str) -> None:
    """End an app's access tokens for a shop now; refreshing goes on working."""
    now = world.clock.now()
    for token in list(world.access_tokens):
        if token.app_key == app_key and shop_id in token.shop_ids and token.expires_at > now:
            world.access_tokens.put(token.model_copy(update={"expires_at": now}))


def revoke(world: World, app_key: str, shop_id: str) -> None:
    """Take the app's authorization for a shop back."""
    known = world.authorizations.get(f"{app_key}/{shop_id}")
    if known is not None:
        world.authorizations.put(known.model_copy(update={"revoked": True}))


def _authorized(world: World, app_key: str, shop_ids: Sequence[str]) -> bool:
    known = [world.authorizations.get(f"{app_key}/{shop_id}") for shop_id in shop_ids]
    return all(one is not None and not one.revoked for one in known)


def _end_refresh(world: World, app_key: str, shop_id: str) -> None:
    for token in list(world.refresh_tokens):
        if token.app_key == app_key and shop_id in token.shop_ids and not token.used:
            world.refresh_tokens.put(token.model_copy(update={"used": True}))


def _with_access(
    world: World,
    app: App,
    renewal: RefreshToken,
    *,
    access_token: str | None = None,
    life_s: int | None = None,
) -> TokenPair:
    now, limits = world.clock.now(), world.limits
    usual_s = limits.access_token_life_s if app.is_online else limits.test_access_token_life_s
    expires_at = now + (life_s or usual_s)
    access = AccessToken(
        token=access_token or f"50000{secrets.token_hex(16)}",
        app_key=app.app_key,
        shop_ids=renewal.shop_ids,
        expires_at=expires_at,
    )
    world.access_tokens.put(access)
    return TokenPair(
        access_token=access.token,
        refresh_token=renewal.token,
        expires_in_s=round(expires_at - now),
        refresh_expires_in_s=round(renewal.expires_at - now),
        shop_ids=tuple(renewal.shop_ids),
    )
