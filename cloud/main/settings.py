"""Settings of the cloud; ``settings_loading`` reads them from a TOML file and the environment."""

from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    SecretStr,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from cloud.main.broker_settings import BrokerSettings
from cloud.main.mail_settings import MailSettings
from cloud.main.settings_section import Port, Section
from cloud.photos.settings import S3Settings

ENVIRONMENT_PREFIX = "PACKWITNESS_CLOUD_"
ENVIRONMENT_DELIMITER = "__"

_LEAST_SIDE_PX = 320


class WebSettings(Section):
    """Where pages and the API are served."""

    host: str = Field(
        default="127.0.0.1",
        description="address to listen on; anything but loopback belongs behind TLS",
    )
    port: Port = Field(default=8080, description="TCP port")
    public_url: str = Field(
        default="", description="address that people and tables use; empty: http://host:port"
    )

    @property
    def own_url(self) -> str:
        """The address that people use, whether or not it is set."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"


class MarketplaceSettings(Section):
    """Which marketplaces sellers may connect shops of."""

    offer_unproven: bool = Field(
        default=False,
        description="offer channels and countries too where nothing has been sent yet",
    )


class MetricsSettings(Section):
    """What Prometheus may read; every process of several needs a port of its own."""

    port: int = Field(default=0, ge=0, le=65535, description="TCP port of /metrics; 0: none")
    host: str = Field(
        default="127.0.0.1",
        description="address to listen on; it has neither TLS nor a password, and no secrets",
    )


class S3Section(Section):
    """Photos in an S3 bucket instead of on this machine's disk."""

    bucket: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$",
        description="bucket for photos, which must exist; empty: photos stay in data_dir",
    )
    endpoint: str = Field(
        default="",
        description="address of the S3 server, https://host:port without the bucket; empty: AWS",
    )
    region: str = Field(
        default="us-east-1", pattern=r"^[a-z0-9-]+$", description="region of the bucket"
    )
    prefix: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$",
        description="folder in the bucket for all photos, if others use it too",
    )
    access_key_id: SecretStr = Field(
        default=SecretStr(""),
        description="its credentials; empty: AWS_ variables, else the role of this machine",
    )
    secret_access_key: SecretStr = Field(default=SecretStr(""), description="the secret of them")
    path_style: bool = Field(
        default=True, description="name the bucket in the path of requests; false: in their host"
    )
    allow_http: bool = Field(
        default=False, description="allow http:// to other machines: photos travel in clear"
    )
    ca_file: Path | None = Field(default=None, description="private CA of the S3 server, PEM")
    deadline_s: float = Field(
        default=30.0, ge=1, le=300, description="longest a call to the S3 server may take, s"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        keys = [self.access_key_id.get_secret_value(), self.secret_access_key.get_secret_value()]
        if not self.bucket and any([self.endpoint, *keys]):
            raise ValueError("bucket is missing")
        if any(keys) and not all(keys):
            raise ValueError("access_key_id and secret_access_key belong together: set both")
        return self

    @model_validator(mode="after")
    def _has_an_endpoint_to_trust(self) -> Self:
        if not self.endpoint:
            return self
        parts = urlsplit(self.endpoint)
        is_bare = parts.path in {"", "/"} and not (parts.query or parts.fragment or parts.username)
        if parts.scheme not in {"https", "http"} or not parts.hostname or not is_bare:
            raise ValueError("endpoint is no address; it looks like https://s3.example.com:9000")
        if parts.scheme == "http" and not (self.allow_http or _is_loopback(parts.hostname)):
            raise ValueError(
                "endpoint would send photos in clear: use https://, or set allow_http = true"
            )
        return self

    @property
    def store(self) -> S3Settings:
        """The same for the store."""
        return S3Settings(
            bucket=self.bucket,
            endpoint=self.endpoint,
            region=self.region,
            prefix=self.prefix,
            access_key_id=self.access_key_id.get_secret_value(),
            secret_access_key=self.secret_access_key.get_secret_value(),
            path_style=self.path_style,
            ca_file=self.ca_file,
            deadline_s=self.deadline_s,
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class OrderSettings(Section):
    """How orders are read."""

    every_s: float = Field(
        default=60, ge=10, le=3600, description="pause between two readings of a shop, s"
    )
    first_days: int = Field(
        default=30, ge=1, le=180, description="how far back the first reading of a shop goes, d"
    )
    tracking_number_days: int = Field(
        default=60,
        ge=1,
        description="orders older than this are not found by their tracking number, which carriers"
        " use again; a person decides, d",
    )


class SendingSettings(Section):
    """How the outbox is sent."""

    senders: int = Field(default=4, ge=1, le=64, description="messages in the sending at once")
    request_deadline_s: float = Field(
        default=20.0, gt=0, le=120, description="longest a request to a marketplace may take, s"
    )
    lease_s: float = Field(
        default=90.0,
        gt=0,
        le=3600,
        description="after this others doubt what a silent sender left; longer than the deadline",
    )
    wait_for_order_s: float = Field(
        default=6 * 3600, gt=0, description="how long a code waits for its order to appear, s"
    )
    too_old_hours: float = Field(
        default=72, gt=0, description="proofs closed longer ago than this need a person, h"
    )
    settle_s: float = Field(
        default=30, gt=0, description="how long a chat may take to show a sent message, s"
    )
    held_release_hours: float = Field(
        default=24, gt=0, description="held ones older than this need a person, h"
    )

    @model_validator(mode="after")
    def _lease_outlasts_a_request(self) -> Self:
        if self.lease_s < 2 * self.request_deadline_s:
            raise ValueError("lease_s must be at least twice request_deadline_s: set it higher")
        return self


class PicturesSettings(Section):
    """Pictures for the chat, where a shop does not say otherwise."""

    side_px: int = Field(
        default=0, ge=0, le=8000, description="longest side, px; 0: as the marketplace allows"
    )
    strip: bool = Field(
        default=False, description="write order number, time and table in a strip below each"
    )
    time_zone: str = Field(
        default="UTC", description="of the times in the strip: a name such as Asia/Kuala_Lumpur"
    )
    font: Path | None = Field(
        default=None,
        description="font file for the strip, needed for other letters than Latin ones",
    )

    @field_validator("side_px")
    @classmethod
    def _is_large_enough(cls, side_px: int) -> int:
        if 0 < side_px < _LEAST_SIDE_PX:
            raise ValueError(f"nobody could see anything on less than {_LEAST_SIDE_PX} pixels")
        return side_px

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"no time zone is called {name!r} here; names look like Asia/Kuala_Lumpur"
            ) from None
        return name


class CloudSettings(BaseSettings):
    """All settings of ``packwitness-cloud``."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter=ENVIRONMENT_DELIMITER, extra="forbid"
    )

    data_dir: Path = Field(
        default=Path("/var/lib/packwitness-cloud"),
        description="folder for the database, photos, keys and the broker's files",
    )
    database: SecretStr = Field(
        default=SecretStr(""), description="address of the database; empty: SQLite in data_dir"
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="DEBUG, INFO, WARNING or ERROR",
    )
    buyer_view_url: str = Field(
        default="",
        description="a sandbox's page of a buyer's chat, with {shop_id} and {buyer_id} in it",
    )
    web: WebSettings = WebSettings()
    marketplaces: MarketplaceSettings = MarketplaceSettings()
    metrics: MetricsSettings = MetricsSettings()
    broker: BrokerSettings = BrokerSettings()
    mail: MailSettings = MailSettings()
    s3: S3Section = S3Section()
    orders: OrderSettings = OrderSettings()
    sending: SendingSettings = SendingSettings()
    pictures: PicturesSettings = PicturesSettings()

    @property
    def database_url(self) -> str:
        """Address of the database."""
        given = self.database.get_secret_value()
        return given or f"sqlite:///{self.data_dir / 'packwitness.sqlite3'}"

    @field_serializer("database", when_used="json")
    def _without_password(self, _value: SecretStr) -> str:
        try:
            return make_url(self.database_url).render_as_string(hide_password=True)
        except ArgumentError:
            return "**********"

    @property
    def photo_dir(self) -> Path:
        """Where the local photo store keeps photos."""
        return self.data_dir / "photos"

    @property
    def key_file(self) -> Path:
        """The key that seals tokens; kept outside of the database."""
        return self.data_dir / "keys" / "sealing.key"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  fixed signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  fixed signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file; the loader names the file by ``toml_file``."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
