"""Connecting shops, and keeping their authorizations."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.database.errors import SecretError
from cloud.database.prepared import Reading
from cloud.database.secrets import SecretBox
from cloud.marketplaces.access import AppCredentials, ShopAccess, Tokens
from cloud.marketplaces.offers import app_needs
from cloud.marketplaces.registry import default_base_url
from cloud.shops.errors import NotAuthorized, ShopExists
from cloud.shops.models import AppCredential, Authorization, SendingPace, Shop


class Purpose(StrEnum):
    """What an authorization is for; some marketplaces want an app for each."""

    ORDERS = "orders"
    CHAT = "chat"


class AuthorizationState(StrEnum):
    """State of an authorization."""

    NEVER = "never"
    AUTHORIZED = "authorized"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class NewShop:
    """A shop to connect."""

    channel: str
    country: str
    external_id: str
    name: str
    sends_per_second: float
    preset_message: str = ""
    sending_enabled: bool = False


def put_app_credential(
    session: Session,
    box: SecretBox,
    *,
    channel: str,
    purpose: Purpose,
    app: AppCredentials,
    base_url: str,
) -> AppCredential:
    """Add or replace the organisation's app at a marketplace.

    ``base_url`` is empty but for a sandbox: the marketplace's own depends on the shop's country.
    A push key that is not given stays while the app is the same; the address of its pushes stays.
    """
    row = session.scalar(
        select(AppCredential).where(
            AppCredential.channel == channel, AppCredential.purpose == purpose
        )
    )
    if row is None:
        row = AppCredential(channel=channel, purpose=purpose, sealed_key=b"", app_id="")
        session.add(row)
    if row.app_id != app.app_id:
        row.sealed_push_key = None
    row.app_id = app.app_id
    row.base_url = base_url
    row.service_id = app.service_id
    row.sealed_key = b""
    session.flush()
    row.sealed_key = box.seal(app.app_secret.encode(), bound_to("app_credentials", row.id))
    if app.push_secret:
        row.sealed_push_key = box.seal(app.push_secret.encode(), bound_to_push_key(row.id))
    row.push_id = row.push_id or secrets.token_urlsafe(32)
    return row


def add_shop(session: Session, new: NewShop, now: datetime) -> Shop:
    """Connect a shop (a scoped session); it is not authorized for anything yet.

    Raises:
        ShopExists: this organisation has it already.
    """
    there = select(Shop.id).where(
        Shop.channel == new.channel,
        Shop.country == new.country,
        Shop.external_id == new.external_id,
    )
    if session.scalar(there) is not None:
        raise ShopExists(f"{new.channel} shop {new.external_id} is connected already")
    shop = Shop(
        channel=new.channel,
        country=new.country,
        external_id=new.external_id,
        name=new.name,
        preset_message=new.preset_message,
        sending_enabled=new.sending_enabled,
        created_at=now,
    )
    session.add(shop)
    session.flush()
    gap_ms = round(1000 / new.sends_per_second)
    session.add(SendingPace(shop_id=shop.id, free_at=now, gap_ms=gap_ms))
    for purpose in Purpose:
        session.add(
            Authorization(
                shop_id=shop.id,
                purpose=purpose,
                state=AuthorizationState.NEVER,
                changed_at=now,
            )
        )
    session.flush()
    return shop


def store_tokens(
    session: Session,
    box: SecretBox,
    *,
    shop_id: int,
    purpose: Purpose,
    tokens: Tokens,
    now: datetime,
) -> Authorization:
    """Keep a new token pair; it is stored before anybody uses it."""
    row = authorization(session, shop_id, purpose)
    row.sealed_access_token = box.seal(
        tokens.access_token.encode(), bound_to("authorizations.access", row.id)
    )
    row.sealed_refresh_token = box.seal(
        tokens.refresh_token.encode(), bound_to("authorizations.refresh", row.id)
    )
    row.access_expires_at = tokens.access_expires_at
    row.refresh_expires_at = tokens.refresh_expires_at
    row.state = AuthorizationState.AUTHORIZED
    row.generation += 1
    row.refreshing_until = None
    row.changed_at = now
    row.shop_cipher = _granted_cipher(session, shop_id, tokens) or row.shop_cipher
    return row


def take_back_tokens(session: Session, shop_id: int, purposes: Sequence[Purpose]) -> None:
    """Forget pairs that should not have been stored (a scoped session)."""
    for purpose in purposes:
        row = authorization(session, shop_id, purpose)
        row.state = AuthorizationState.NEVER
        row.sealed_access_token = row.sealed_refresh_token = None
        row.access_expires_at = row.refresh_expires_at = row.ends_at = None
        row.generation += 1


def _granted_cipher(session: Session, shop_id: int, tokens: Tokens) -> str:
    """Empty where no cipher came with the pair, as after a refresh: the shop keeps its old one."""
    shop = session.get(Shop, shop_id)
    return tokens.cipher_of(shop.external_id) if shop is not None else ""


_STATE = Reading(
    select(Authorization.state).where(
        Authorization.shop_id == bindparam("shop_id"),
        Authorization.purpose == bindparam("purpose"),
    )
)


_SELLING = Reading(
    select(
        Shop.id,
        Shop.channel,
        Shop.country,
        Shop.sending_enabled,
        Shop.batches_enabled,
        Shop.preset_message,
    ).where(Shop.id == bindparam("shop_id"))
)


class SellingShop(NamedTuple):
    """What sending depends on; the fields are those of `Shop`."""

    id: int
    channel: str
    country: str
    sending_enabled: bool
    batches_enabled: bool
    preset_message: str


def selling_shop(session: Session, shop_id: int) -> SellingShop:
    """A shop of the session's organisation. Raises NoResultFound for any other."""
    return SellingShop._make(_SELLING.one(session, shop_id=shop_id))


def is_authorized(session: Session, shop_id: int, purpose: Purpose) -> bool:
    """Whether the shop may be called for a purpose, as far as we know."""
    row = _STATE.first(session, shop_id=shop_id, purpose=purpose)
    return row is not None and row[0] == AuthorizationState.AUTHORIZED


def authorization(session: Session, shop_id: int, purpose: Purpose) -> Authorization:
    """The shop's authorization row for a purpose.

    Raises:
        NotAuthorized: there is no such shop in this session's scope.
    """
    row = session.scalar(
        select(Authorization).where(
            Authorization.shop_id == shop_id, Authorization.purpose == purpose
        )
    )
    if row is None:
        raise NotAuthorized(f"shop {shop_id} has no authorization for {purpose}")
    return row


def holders_of_pair(
    session: Session, box: SecretBox, shop_id: int, purpose: Purpose
) -> list[Authorization]:
    """The authorization for a purpose, and others that hold the same token pair.

    One app may serve several purposes with one pair, and at some marketplaces one pair serves all
    shops of an account. A refresh spends it for all of them (marketplace-apis 1.2, 2.2, 3.2), so
    that all get the new one. The rows are locked.

    Raises:
        NotAuthorized: there is no such shop in this session's scope.
    """
    rows = session.scalars(
        select(Authorization)
        .where(Authorization.shop_id.in_(_shops_with_it(session, shop_id)))
        .order_by(Authorization.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    asked = next((row for row in rows if (row.shop_id, row.purpose) == (shop_id, purpose)), None)
    if asked is None:
        raise NotAuthorized(f"shop {shop_id} has no authorization for {purpose}")
    pair = _refresh_token(box, asked)
    return [
        row
        for row in rows
        if row is asked or (pair is not None and _refresh_token(box, row) == pair)
    ]


def _shops_with_it(session: Session, shop_id: int) -> list[int]:
    """The shop, and those that may have its pair."""
    channel = session.scalar(select(Shop.channel).where(Shop.id == shop_id))
    if channel is None or not app_needs(channel).pair_is_of_account:
        return [shop_id]
    return list(session.scalars(select(Shop.id).where(Shop.channel == channel)))


def _refresh_token(box: SecretBox, row: Authorization) -> bytes | None:
    """None where there is none, or where it cannot be opened."""
    if row.sealed_refresh_token is None:
        return None
    try:
        return box.open(row.sealed_refresh_token, bound_to("authorizations.refresh", row.id))
    except SecretError:
        return None


@dataclass(frozen=True, slots=True)
class OpenedAuthorization:
    """What is needed to call a marketplace for a shop, secrets opened. Never logged."""

    channel: str
    base_url: str
    access: ShopAccess
    refresh_token: str
    access_expires_at: datetime
    generation: int

    def __repr__(self) -> str:
        return f"OpenedAuthorization({self.channel}, shop {self.access.shop_id})"


def open_authorization(
    session: Session, box: SecretBox, shop_id: int, purpose: Purpose
) -> OpenedAuthorization:
    """Read and open a shop's credentials (any scope that sees the shop).

    Raises:
        NotAuthorized: the shop must be authorized by a person first, or its app is not set up.
    """
    shop = session.get(Shop, shop_id)
    row = authorization(session, shop_id, purpose)
    if shop is None or row.state != AuthorizationState.AUTHORIZED:
        raise NotAuthorized(f"shop {shop_id} is not authorized for {purpose}: {row.state}")
    app = session.scalar(
        select(AppCredential).where(
            AppCredential.organisation_id == shop.organisation_id,
            AppCredential.channel == shop.channel,
            AppCredential.purpose == purpose,
        )
    )
    if app is None or row.access_expires_at is None:
        raise NotAuthorized(f"there is no {shop.channel} app for {purpose}")
    access_token = box.open(
        row.sealed_access_token or b"", bound_to("authorizations.access", row.id)
    )
    refresh_token = box.open(
        row.sealed_refresh_token or b"", bound_to("authorizations.refresh", row.id)
    )
    secret = box.open(app.sealed_key, bound_to("app_credentials", app.id))
    return OpenedAuthorization(
        channel=shop.channel,
        base_url=app.base_url or default_base_url(shop.channel, shop.country),
        access=ShopAccess(
            app=AppCredentials(
                app_id=app.app_id, app_secret=secret.decode(), service_id=app.service_id
            ),
            shop_id=shop.external_id,
            country=shop.country,
            access_token=access_token.decode(),
            cipher=row.shop_cipher,
        ),
        refresh_token=refresh_token.decode(),
        access_expires_at=row.access_expires_at,
        generation=row.generation,
    )


def bound_to_push_key(credential_id: int) -> str:
    """The same for the key that signs an app's pushes."""
    return bound_to("app_credentials.push", credential_id)


def bound_to(column: str, row_id: int) -> str:
    """What a sealed value is bound to: a column and its row."""
    return f"{column}:{row_id}"
