"""Where each app's pushes come in, and what their signatures are checked with."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.secrets import SecretBox
from cloud.marketplaces.access import AppCredentials
from cloud.marketplaces.registry import default_base_url
from cloud.shops.models import AppCredential, Shop
from cloud.shops.service import Purpose, bound_to, bound_to_push_key

HOOKS = "/hooks"


@dataclass(frozen=True, slots=True)
class PushApp:
    """An app that pushes come for, with its secrets opened. Never logged."""

    credential_id: int
    organisation_id: int
    channel: str
    base_url: str
    push_id: str
    credentials: AppCredentials

    def __repr__(self) -> str:
        return f"PushApp({self.channel}, credential {self.credential_id})"

    @property
    def path(self) -> str:
        """Where its pushes come in."""
        return push_path(self.channel, self.push_id)


def push_path(channel: str, push_id: str) -> str:
    """The path of an app's pushes; what is registered there is the public address with it."""
    return f"{HOOKS}/{channel}/{push_id}"


@dataclass(frozen=True, slots=True)
class PushPath:
    """Where an app's pushes come in."""

    channel: str
    purpose: str
    app_id: str
    path: str


def pushed_to(session: Session) -> list[PushPath]:
    """The paths of all apps (a scoped session)."""
    rows = session.scalars(
        select(AppCredential)
        .where(AppCredential.push_id.is_not(None))
        .order_by(AppCredential.channel, AppCredential.purpose)
    )
    return [
        PushPath(row.channel, row.purpose, row.app_id, push_path(row.channel, row.push_id or ""))
        for row in rows
    ]


def push_path_of(session: Session, channel: str, purpose: Purpose) -> str | None:
    """The path to register at the marketplace for an app (a scoped session); None: no such app."""
    push_id = session.scalar(
        select(AppCredential.push_id).where(
            AppCredential.channel == channel, AppCredential.purpose == purpose
        )
    )
    return None if push_id is None else push_path(channel, push_id)


def push_app(session: Session, box: SecretBox, channel: str, push_id: str) -> PushApp | None:
    """The app whose pushes come in at this path; None: nobody's (a system session).

    Raises SecretError.
    """
    row = session.scalar(
        select(AppCredential).where(
            AppCredential.push_id == push_id, AppCredential.channel == channel
        )
    )
    return None if row is None else _opened(session, row, box)


def pushed_apps(session: Session, box: SecretBox, channels: tuple[str, ...]) -> list[PushApp]:
    """One entry for each app of these channels, whatever it serves (a system session).

    Raises SecretError.
    """
    rows = session.scalars(
        select(AppCredential)
        .where(AppCredential.channel.in_(channels), AppCredential.push_id.is_not(None))
        .order_by(AppCredential.id)
    )
    first: dict[tuple[int, str, str], AppCredential] = {}
    for row in rows:
        first.setdefault((row.organisation_id, row.channel, row.app_id), row)
    return [_opened(session, row, box) for row in first.values()]


def _opened(session: Session, row: AppCredential, box: SecretBox) -> PushApp:
    secret = box.open(row.sealed_key, bound_to("app_credentials", row.id))
    push_secret = b""
    if row.sealed_push_key is not None:
        push_secret = box.open(row.sealed_push_key, bound_to_push_key(row.id))
    return PushApp(
        credential_id=row.id,
        organisation_id=row.organisation_id,
        channel=row.channel,
        base_url=row.base_url or default_base_url(row.channel, _country(session, row)),
        push_id=row.push_id or "",
        credentials=AppCredentials(
            app_id=row.app_id,
            app_secret=secret.decode(),
            push_secret=push_secret.decode(),
            service_id=row.service_id,
        ),
    )


def _country(session: Session, app: AppCredential) -> str:
    """The country of the app's calls: that of the organisation's first shop of the channel."""
    first = (
        select(Shop.country)
        .where(Shop.organisation_id == app.organisation_id, Shop.channel == app.channel)
        .order_by(Shop.id)
        .limit(1)
    )
    return session.scalar(first) or ""
