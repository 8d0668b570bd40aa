"""Settings of a table: what may be set, in which unit, and what is assumed. No file is read here.

``edge.settings_loading`` reads them from a TOML file, the environment and the command line.
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from edge.events import Action
from edge.rules.settings import PackingSettings
from edge.scanner.codes import CodeRules, Letters
from edge.scanner.typed import DEFAULT_KEYS, DEFAULT_WORDS
from edge.uplink.settings import BackOff, TransferLimits, UplinkSettings
from wire.enrolment import BrokerNode
from wire.messages import MAX_PHOTOS_PER_PROOF
from wire.slices import DEFAULT_SLICE_BYTES, MIN_SLICE_BYTES

ENVIRONMENT_PREFIX = "PACKWITNESS_EDGE_"
ENVIRONMENT_DELIMITER = "__"


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return text


Pattern = Annotated[str, AfterValidator(_is_pattern)]


def _is_node(text: str) -> str:
    BrokerNode.of(text)
    return text


NodeAddress = Annotated[str, AfterValidator(_is_node)]


class ClockTrust(StrEnum):
    """When the wall clock counts as right."""

    TIMESYNC = "timesync"
    ALWAYS = "always"


class Section(BaseModel):
    """Base of the sections: a name that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SpoolSection(Section):
    """Where proofs are kept, and for how long."""

    directory: Path = Field(
        Path("/var/lib/packwitness/spool"), description="folder of photos and journal"
    )
    reserve_bytes: int = Field(
        512 * 1024**2, ge=1024**2, description="bytes left free; new orders are refused below"
    )
    retention_days: int = Field(
        30, ge=0, description="days for which copies stay after the cloud has them"
    )
    retention_bytes: int = Field(
        8 * 1024**3, ge=0, description="bytes of copies kept at most, besides what is not sent"
    )


class CameraSection(Section):
    """Which camera, and how photos are made."""

    kind: Literal["opencv", "folder", "simulated", "demo"] = Field(
        "opencv",
        description="opencv, folder or simulated; demo: the first webcam, or else a simulated "
        "camera, whose pictures must never reach a real buyer",
    )
    device: str = Field(
        "auto", description="of opencv: auto, a number, or a path as /dev/v4l/by-path/..."
    )
    folder: Path | None = Field(None, description="of folder: where the pictures are")
    width: int = Field(1920, ge=160, le=9152, description="wished width in pixels")
    height: int = Field(1080, ge=120, le=6944, description="wished height in pixels")
    period_ms: int = Field(
        67, ge=1, le=1000, description="ms between two frames, where the camera does not say"
    )
    jpeg_quality: int = Field(85, ge=1, le=95, description="quality of photos, 1 to 95")
    stall_ms: int = Field(
        3000, ge=100, description="ms without a frame after which the camera counts as lost"
    )
    checks: bool = Field(True, description="warn of dark, covered, blurred and frozen photos")


class InputSection(Section):
    """Scanner, pedal and keys."""

    kinds: tuple[Literal["terminal", "simulated"], ...] = Field(
        ("terminal",), description="input devices: terminal, simulated; empty for none"
    )
    keys: dict[str, Action] = Field(
        dict(DEFAULT_KEYS), description="key of the terminal to photo, send, undo or cancel"
    )
    words: dict[str, Action] = Field(
        dict(DEFAULT_WORDS), description="typed word to photo, send, undo or cancel"
    )
    escape_wait_ms: int = Field(
        100, ge=1, le=2000, description="ms to wait for what follows an Escape"
    )


class IndicatorSection(Section):
    """The light."""

    kind: Literal["terminal", "simulated"] = Field("terminal", description="terminal or simulated")


class PackingSection(Section):
    """How packing behaves."""

    max_photos: int = Field(
        MAX_PHOTOS_PER_PROOF, ge=1, le=MAX_PHOTOS_PER_PROOF, description="photos of one order"
    )
    photo_bounce_ms: int = Field(600, ge=0, description="ms in which a second F1 is a bounce")
    send_bounce_ms: int = Field(2000, ge=0, description="ms after a close in which F4 is a bounce")
    double_read_ms: int = Field(
        1000, ge=0, description="ms in which the same code again is a double read"
    )
    idle_unsent_s: float = Field(
        180.0, gt=0, description="s without scan or press after which an open order is unsent"
    )
    send_delay_s: float = Field(
        5.0, ge=0, description="s for which a closed order can be taken back before it leaves"
    )
    withdraw_s: float = Field(
        120.0, ge=0, description="s after F4 in which Esc asks the cloud to take it back"
    )
    capture_deadline_ms: int = Field(4000, ge=200, description="ms from the press to the frame")
    save_deadline_ms: int = Field(20_000, ge=500, description="ms from the frame to the disk")
    refused_sign_ms: int = Field(2000, ge=200, description="ms for which the sign refused stands")
    saved_sign_ms: int = Field(4000, ge=200, description="ms for which the sign saved stands")
    label_check: bool = Field(
        True,
        description="stop once at F4 when the label in a photo is another order's; needs the extra "
        "codes and the setting codes.order_patterns",
    )
    offline_sign_after_s: float = Field(
        120.0, ge=0, description="s a proof waits for the cloud before offline is shown"
    )


class CodesSection(Section):
    """How this organisation's barcodes look."""

    order_patterns: tuple[Pattern, ...] = Field(
        (),
        description="regular expressions of order and tracking numbers, each for a whole code; "
        "empty: any plausible code that is no goods barcode",
    )
    command_prefix: str = Field(
        "PW-", min_length=1, max_length=20, description="beginning of command barcodes"
    )
    badge_prefix: str = Field(
        "PW-BADGE-", max_length=20, description="beginning of packers' badges; empty for none"
    )
    strip_aim: bool = Field(False, description="whether scanners send the AIM prefix, such as ]C1")
    letters: Letters = Field(
        Letters.AS_SCANNED, description="case of order numbers: as-scanned, upper or lower"
    )


class UplinkSection(Section):
    """The connection to the cloud."""

    host: str | None = Field(None, description="broker, instead of the one told at enrolment")
    port: int | None = Field(None, ge=1, le=65535, description="its port")
    further: tuple[NodeAddress, ...] | None = Field(
        None, description="host:port of other nodes of the same cluster of brokers, tried in turn"
    )
    tls: bool | None = Field(None, description="whether to speak TLS")
    ca_file: Path | None = Field(None, description="private certificate authority (PEM)")
    keepalive_s: int = Field(60, ge=60, le=3600, description="s between pings")
    slice_bytes: int = Field(
        DEFAULT_SLICE_BYTES, ge=MIN_SLICE_BYTES, description="bytes of a photo in one packet"
    )
    health_interval_s: float = Field(60.0, ge=5, description="s between health reports")
    answer_timeout_s: float = Field(
        20.0, gt=0, description="s without an answer after which the table asks again"
    )
    reconnect_longest_s: float = Field(
        60.0, ge=1, description="s between two attempts to connect, at most"
    )


class EnrolmentSection(Section):
    """Who this table is."""

    server_url: str = Field("", description="address of the cloud, as https://example.com")
    credentials_file: Path = Field(
        Path("/var/lib/packwitness/credentials.json"),
        description="this table's own credentials, readable by its owner alone",
    )


class ClockSection(Section):
    """The wall clock."""

    trust: ClockTrust = Field(
        ClockTrust.TIMESYNC,
        description="timesync: right once systemd-timesyncd says so; always: kept right otherwise",
    )


class LogSection(Section):
    """The log."""

    file: Path | None = Field(None, description="file to write to, instead of standard error")
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning or error"
    )


class TableSettings(BaseSettings):
    """All settings of a table."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter=ENVIRONMENT_DELIMITER,
        frozen=True,
        extra="forbid",
    )

    spool: SpoolSection = SpoolSection()
    camera: CameraSection = CameraSection()
    input: InputSection = InputSection()
    indicator: IndicatorSection = IndicatorSection()
    packing: PackingSection = PackingSection()
    codes: CodesSection = CodesSection()
    uplink: UplinkSection = UplinkSection()
    enrolment: EnrolmentSection = EnrolmentSection()
    clock: ClockSection = ClockSection()
    log: LogSection = LogSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given: the loader joins the sources, because it remembers each origin."""
        return (init_settings,)


def packing_settings(settings: TableSettings) -> PackingSettings:
    """The settings of the state machine."""
    packing = settings.packing
    return PackingSettings(
        max_photos=packing.max_photos,
        photo_bounce_ms=packing.photo_bounce_ms,
        send_bounce_ms=packing.send_bounce_ms,
        double_read_ms=packing.double_read_ms,
        idle_ms=_ms(packing.idle_unsent_s),
        send_delay_ms=_ms(packing.send_delay_s),
        withdraw_ms=_ms(packing.withdraw_s),
        capture_deadline_ms=packing.capture_deadline_ms,
        save_deadline_ms=packing.save_deadline_ms,
        refused_ms=packing.refused_sign_ms,
        saved_ms=packing.saved_sign_ms,
        offline_after_ms=_ms(packing.offline_sign_after_s),
        codes=code_rules(settings),
    )


def code_rules(settings: TableSettings) -> CodeRules:
    """The rules of code classes."""
    codes = settings.codes
    return CodeRules(
        order_patterns=tuple(re.compile(pattern) for pattern in codes.order_patterns),
        command_prefix=codes.command_prefix,
        badge_prefix=codes.badge_prefix,
        strip_aim=codes.strip_aim,
        letters=codes.letters,
    )


def uplink_settings(settings: TableSettings, software: str) -> UplinkSettings:
    """The settings of the connection."""
    uplink = settings.uplink
    return UplinkSettings(
        ca_file=uplink.ca_file,
        keepalive_s=uplink.keepalive_s,
        puback_timeout_s=2.0 * uplink.keepalive_s,
        reconnect=BackOff(first_s=1.0, longest_s=uplink.reconnect_longest_s),
        slice_bytes=uplink.slice_bytes,
        health_interval_s=uplink.health_interval_s,
        software=software,
        transfer=TransferLimits(answer_timeout_s=uplink.answer_timeout_s),
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
