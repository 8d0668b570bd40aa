"""Connecting a shop from a description in a file, for tokens that were obtained elsewhere."""

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.main.errors import BadSettings
from cloud.main.opening import Basics
from cloud.marketplaces.access import AppCredentials, GrantedShop, Tokens
from cloud.marketplaces.registry import capabilities_of, channels
from cloud.shops.models import Shop
from cloud.shops.push_apps import pushed_to
from cloud.shops.service import NewShop, Purpose, add_shop, put_app_credential, store_tokens


class Connection(BaseModel):
    """A shop, its app and its tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str
    country: str = Field(pattern="^[A-Z]{2}$")
    shop_id: str
    name: str
    app_id: str
    app_secret: SecretStr
    push_key: SecretStr = SecretStr("")
    access_token: SecretStr
    refresh_token: SecretStr
    access_life_s: float = Field(gt=0)
    refresh_life_s: float = Field(gt=0)
    base_url: str = ""
    service_id: str = ""
    shop_cipher: str = ""
    preset: str = ""
    sending_enabled: bool = False
    sends_per_second: float | None = Field(default=None, gt=0)
    kept_free_for_people: int | None = Field(default=None, ge=0)
    picture_side_px: int | None = Field(default=None, ge=320, le=8000)
    picture_strip: bool | None = None


def read_connection(file: Path) -> Connection:
    """Read a description.

    Raises:
        BadSettings: it cannot be read; the text names the field, never a value.
    """
    try:
        connection = Connection.model_validate_json(file.read_bytes())
    except OSError as error:
        raise BadSettings(f"{file} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadSettings(f"{file}: {field}: {first['msg']}") from None
    if connection.channel not in channels():
        raise BadSettings(f"{file}: channel: known are {', '.join(channels())}")
    return connection


def connect(made: Basics, connection: Connection, organisation_id: int) -> None:
    """Add the shop with its app and tokens, in one write.

    A shop that is connected already gets this app, address and tokens in place of its old ones;
    its name, preset and pace stay as they are, since people may have changed them.
    """

    def unit(session: Session) -> None:
        _put(session, made, connection)

    made.database.write(unit, scoped(organisation_id))


def _put(session: Session, made: Basics, connection: Connection) -> None:
    now = utc_now()
    shop = _known(session, connection) or _add(session, connection, now)
    app = AppCredentials(
        app_id=connection.app_id,
        app_secret=connection.app_secret.get_secret_value(),
        push_secret=connection.push_key.get_secret_value(),
        service_id=connection.service_id,
    )
    for purpose in Purpose:
        put_app_credential(
            session,
            made.box,
            channel=shop.channel,
            purpose=purpose,
            app=app,
            base_url=connection.base_url,
        )
        store_tokens(
            session,
            made.box,
            shop_id=shop.id,
            purpose=purpose,
            tokens=_tokens(connection),
            now=now,
        )


def push_addresses(made: Basics, organisation_id: int) -> list[dict[str, str]]:
    """Where the pushes of each of an organisation's apps come in."""
    with made.database.read(scoped(organisation_id)) as session:
        return [
            {
                "channel": app.channel,
                "purpose": app.purpose,
                "app_id": app.app_id,
                "address": made.settings.web.own_url.rstrip("/") + app.path,
            }
            for app in pushed_to(session)
        ]


def _known(session: Session, connection: Connection) -> Shop | None:
    return session.scalar(
        select(Shop).where(
            Shop.channel == connection.channel,
            Shop.country == connection.country,
            Shop.external_id == connection.shop_id,
        )
    )


def _add(session: Session, connection: Connection, now: datetime) -> Shop:
    capabilities = capabilities_of(connection.channel, connection.country)
    new = NewShop(
        channel=connection.channel,
        country=connection.country,
        external_id=connection.shop_id,
        name=connection.name,
        sends_per_second=connection.sends_per_second or capabilities.sends_per_second,
        preset_message=connection.preset,
        sending_enabled=connection.sending_enabled,
    )
    shop = add_shop(session, new, now)
    if connection.kept_free_for_people is not None:
        shop.kept_free_for_people = connection.kept_free_for_people
    shop.picture_side_px = connection.picture_side_px
    shop.picture_strip = connection.picture_strip
    return shop


def _tokens(connection: Connection) -> Tokens:
    now = utc_now()
    return Tokens(
        access_token=connection.access_token.get_secret_value(),
        refresh_token=connection.refresh_token.get_secret_value(),
        access_expires_at=now + timedelta(seconds=connection.access_life_s),
        refresh_expires_at=now + timedelta(seconds=connection.refresh_life_s),
        shops=(GrantedShop(connection.shop_id, cipher=connection.shop_cipher),),
    )
