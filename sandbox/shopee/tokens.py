"""Tokens and codes: giving, using, refreshing, ending (marketplace-apis 1.2)."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.market.refusal import Refusal
from sandbox.shopee import errors
from sandbox.shopee.entities import AccessToken, AuthCode, Authorization, RefreshToken
from sandbox.shopee.world import World


@dataclass(frozen=True, repr=False)
class TokenPair:
    """What an app gets: an access token, a refresh token, the first one's life in seconds."""

    access_token: str
    refresh_token: str
    expire_in_s: int


def shop_subject(shop_id: int) -> str:
    """How tokens name a shop."""
    return f"shop:{shop_id}"


def merchant_subject(merchant_id: int) -> str:
    """How tokens name a merchant."""
    return f"merchant:{merchant_id}"


def grant(
    world: World,
    *,
    partner_id: int,
    subjects: Iterable[str],
    access_token: str | None = None,
    refresh_token: str | None = None,
    access_life_s: int | None = None,
) -> TokenPair:
    """Authorize the app for the subjects; earlier pairs of theirs end at once."""
    now, names = world.clock.now(), list(subjects)
    for subject in names:
        _end_earlier(world, partner_id, subject, at=now)
        _take_from_refresh(world, partner_id, subject)
        world.authorizations.put(
            Authorization(
                partner_id=partner_id,
                subject=subject,
                auth_time=now,
                expire_time=now + world.limits.authorization_life_s,
            )
        )
    return _new_pair(
        world,
        partner_id,
        names,
        access_token=access_token,
        refresh_token=refresh_token,
        access_life_s=access_life_s,
    )


def admit(world: World, *, partner_id: int, subject: str, token: str) -> None:
    """Refuse unless the token works for this app and subject now."""
    known = world.access_tokens.get(token)
    if known is None or known.partner_id != partner_id or subject not in known.subjects:
        raise Refusal(errors.INVALID_ACCESS, "Invalid access_token.")
    _check_authorization(world, partner_id, subject)
    if world.clock.now() >= known.ends_at(subject):
        raise Refusal(errors.INVALID_ACCESS, "Access token expired.")


def refresh(world: World, *, partner_id: int, subject: str, token: str) -> TokenPair:
    """A new pair for one subject; the earlier access token lives on for five minutes."""
    now = world.clock.now()
    known = world.refresh_tokens.get(token)
    if known is None or known.partner_id != partner_id:
        raise Refusal(errors.ERROR_AUTH, "Invalid refresh_token.")
    if subject in known.used_by or subject not in known.subjects:
        is_shop = subject.startswith("shop:")
        raise Refusal(
            errors.ERROR_SHOP_REFRESH if is_shop else errors.ERROR_MERCHANT_REFRESH,
            "The refresh_token was used before or belongs to another shop or merchant.",
        )
    if now >= known.expires_at:
        raise Refusal(errors.REFRESH_EXPIRED, "Your refresh_token expired.")
    _check_authorization(world, partner_id, subject)
    world.refresh_tokens.put(known.model_copy(update={"used_by": [*known.used_by, subject]}))
    _end_earlier(world, partner_id, subject, at=now + world.limits.previous_access_token_s)
    return _new_pair(world, partner_id, [subject])


def new_code(
    world: World, *, partner_id: int, shop_id: int | None, main_account_id: int | None
) -> str:
    """The code for a seller who has just consented."""
    code = AuthCode(
        code=secrets.token_hex(16),
        partner_id=partner_id,
        shop_id=shop_id,
        main_account_id=main_account_id,
        expires_at=world.clock.now() + world.limits.code_life_s,
    )
    return world.codes.put(code).code


def use_code(world: World, *, partner_id: int, code: str) -> AuthCode:
    """The code, used up by this. Refused when unknown, of another app, used or too old."""
    known = world.codes.get(code)
    if (
        known is None
        or known.partner_id != partner_id
        or known.used
        or world.clock.now() >= known.expires_at
    ):
        raise Refusal(errors.INVALID_CODE, "Invalid code.")
    return world.codes.put(known.model_copy(update={"used": True}))


def expire(world: World, *, partner_id: int, subject: str) -> None:
    """End the subject's access tokens now; its refresh token goes on working."""
    _end_earlier(world, partner_id, subject, at=world.clock.now())


def revoke(world: World, *, partner_id: int, subject: str) -> None:
    """Take the app's authorization for this subject back."""
    known = world.authorizations.get(f"{partner_id}/{subject}")
    if known is not None:
        world.authorizations.put(known.model_copy(update={"revoked": True}))


def _check_authorization(world: World, partner_id: int, subject: str) -> None:
    authorization = world.authorizations.get(f"{partner_id}/{subject}")
    if authorization is None or authorization.revoked:
        raise Refusal(errors.SHOP_NO_LINKED, "The shop is not linked to this partner.")
    if world.clock.now() >= authorization.expire_time:
        raise Refusal(errors.SHOP_ACCESS_EXPIRED, "The authorization of the shop has expired.")


def _end_earlier(world: World, partner_id: int, subject: str, *, at: float) -> None:
    for token in list(world.access_tokens):
        if token.partner_id == partner_id and subject in token.subjects:
            ends = {**token.ends_early, subject: min(at, token.ends_at(subject))}
            world.access_tokens.put(token.model_copy(update={"ends_early": ends}))


def _take_from_refresh(world: World, partner_id: int, subject: str) -> None:
    for token in list(world.refresh_tokens):
        if token.partner_id == partner_id and subject in token.subjects:
            left = [name for name in token.subjects if name != subject]
            world.refresh_tokens.put(token.model_copy(update={"subjects": left}))


def _new_pair(
    world: World,
    partner_id: int,
    subjects: list[str],
    *,
    access_token: str | None = None,
    refresh_token: str | None = None,
    access_life_s: int | None = None,
) -> TokenPair:
    now, limits = world.clock.now(), world.limits
    life_s = access_life_s or limits.access_token_life_s
    access = access_token or secrets.token_hex(16)
    known = world.access_tokens.get(access)
    # The worked signatures use one token for a shop and a merchant: a seed may share one.
    shared = known.subjects if known is not None and access_token else []
    world.access_tokens.put(
        AccessToken(
            token=access,
            partner_id=partner_id,
            subjects=list(dict.fromkeys([*shared, *subjects])),
            expires_at=now + life_s,
        )
    )
    renewal = refresh_token or secrets.token_hex(16)
    world.refresh_tokens.put(
        RefreshToken(
            token=renewal,
            partner_id=partner_id,
            subjects=subjects,
            expires_at=now + limits.refresh_token_life_s,
        )
    )
    return TokenPair(access, renewal, life_s)
