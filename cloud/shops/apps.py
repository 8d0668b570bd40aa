"""The organisation's apps at marketplaces, by what they are for."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.secrets import SecretBox
from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.offers import app_needs
from cloud.marketplaces.registry import default_base_url
from cloud.shops.errors import AppMissing
from cloud.shops.models import AppCredential
from cloud.shops.service import Purpose, bound_to, put_app_credential


@dataclass(frozen=True, slots=True)
class OpenedApp:
    """An app with its secret opened. Never logged."""

    credentials: AppCredentials
    base_url: str


@dataclass(frozen=True, slots=True)
class KnownApp:
    """What may be shown of an app."""

    app_id: str
    service_id: str


def open_app(
    session: Session, box: SecretBox, channel: str, country: str, purpose: Purpose
) -> OpenedApp:
    """The app of a channel for a purpose (a scoped session), with where it is answered.

    Raises:
        AppMissing: its keys were not entered.
    """
    row = _row(session, channel, purpose)
    if row is None or (app_needs(channel).needs_service_id and not row.service_id):
        raise AppMissing(f"the keys of the {channel} app for {purpose} are not all there")
    secret = box.open(row.sealed_key, bound_to("app_credentials", row.id))
    app = AppCredentials(app_id=row.app_id, app_secret=secret.decode(), service_id=row.service_id)
    return OpenedApp(app, row.base_url or default_base_url(channel, country))


def known_app(session: Session, channel: str, purpose: Purpose) -> KnownApp | None:
    """What is known of an app, without its secret (a scoped session)."""
    row = _row(session, channel, purpose)
    return None if row is None else KnownApp(row.app_id, row.service_id)


def enter_app(
    session: Session,
    box: SecretBox,
    *,
    channel: str,
    purpose: Purpose,
    app: AppCredentials,
) -> None:
    """Keep the keys of an app, for all that it serves (a scoped session).

    An address that was set for the channel before, such as a sandbox's, stays.
    """
    purposes = tuple(Purpose) if app_needs(channel).chat_follows_orders else (purpose,)
    for one in purposes:
        row = _row(session, channel, one)
        address = row.base_url if row is not None else _set_address(session, channel)
        put_app_credential(session, box, channel=channel, purpose=one, app=app, base_url=address)


def purposes_of_app(session: Session, channel: str, app_id: str) -> tuple[Purpose, ...]:
    """What an app serves: a new pair replaces the one of each of them (marketplace-apis 1.2)."""
    rows = session.scalars(
        select(AppCredential.purpose).where(
            AppCredential.channel == channel, AppCredential.app_id == app_id
        )
    )
    return tuple(Purpose(one) for one in rows)


def _row(session: Session, channel: str, purpose: Purpose) -> AppCredential | None:
    return session.scalar(
        select(AppCredential).where(
            AppCredential.channel == channel, AppCredential.purpose == purpose
        )
    )


def _set_address(session: Session, channel: str) -> str:
    """The address that another app of the channel was given: a sandbox serves all of them."""
    known = select(AppCredential.base_url).where(AppCredential.channel == channel).limit(1)
    return session.scalar(known) or ""
