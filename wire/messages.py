"""JSON messages. Every one has ``version``; unknown fields are ignored, unknown versions refused.

A breaking change gives a message a new version, and the receiver keeps reading the old one until
no table in the field sends it any more.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from wire.errors import BadMessage, UnknownVersion

VERSION = 1
MAX_PHOTOS_PER_PROOF = 3
MAX_CODE_LENGTH = 200
MAX_EQUIVALENTS = 20
MAX_NUMBER = 2**31 - 1  # fits the integer of every database


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # pydantic expects ValueError: the year 1, east of Greenwich
        raise ValueError("the time lies outside of the calendar in UTC") from None


Text = Annotated[str, Field(pattern="^[^\\x00]*$")]  # PostgreSQL stores no NUL
UtcTime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ProofId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Part(BaseModel):
    """Base of what messages are made of."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(Part):
    """Base of all JSON messages."""

    version: int = VERSION

    def to_bytes(self) -> bytes:
        """The payload to publish: compact JSON, UTF-8."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Parse a payload.

        Raises:
            UnknownVersion: it is JSON with a version other than ours.
            BadMessage: anything else is wrong; the text names the field.
        """
        try:
            message = cls.model_validate_json(payload)
        except ValidationError as error:
            _refuse_unknown_version(payload)
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "payload"
            raise BadMessage(f"{cls.__name__}: {field}: {first['msg']}") from None
        if message.version != VERSION:
            raise UnknownVersion(_version_text(message.version))
        return message


class _AnyVersion(BaseModel):
    version: Any = None


def _refuse_unknown_version(payload: bytes) -> None:
    try:
        version = _AnyVersion.model_validate_json(payload).version
    except ValidationError:
        return
    if version is not None and version != VERSION:
        raise UnknownVersion(_version_text(version))


def _version_text(version: object) -> str:
    return f"message version {str(version)[:20]} is not spoken here, only {VERSION}"


# --- from the table -----------------------------------------------------------------------------


class PresenceState(StrEnum):
    """What a table says of its connection; OFFLINE comes as its will."""

    ONLINE = "online"
    STOPPED = "stopped"
    OFFLINE = "offline"


class Presence(Message):
    """Birth, clean stop, or will of a table. A death older than the newest birth is ignored."""

    state: PresenceState
    boot_count: int = Field(
        ge=0, le=MAX_NUMBER, description="starts of the daemon; orders births and wills"
    )
    connection: int = Field(
        default=0,
        ge=0,
        le=MAX_NUMBER,
        description="connections since that start; orders them within it",
    )
    software: Text = Field(default="", max_length=60)


class Health(Message):
    """How the table is, sent when it changes and every minute."""

    sign: Text = Field(max_length=40, description="the sign shown now, a name of the sign table")
    mode: Text = Field(default="packing", max_length=20)
    open_code: Text | None = Field(default=None, max_length=MAX_CODE_LENGTH)
    open_photos: list[Sha256] = Field(default_factory=list, max_length=MAX_PHOTOS_PER_PROOF)
    waiting_proofs: int = Field(
        default=0, ge=0, le=MAX_NUMBER, description="closed and not receipted"
    )
    oldest_waiting_s: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    disk_used_percent: float = Field(default=0.0, ge=0, le=100)
    clock_synced: bool = True
    temperature_c: float | None = Field(
        default=None, ge=-100, le=200, description="of the processor, where the table knows it"
    )
    faults: list[Annotated[Text, Field(max_length=100)]] = Field(
        default_factory=list, max_length=20
    )


class PhotoState(Part):
    """A photo that the table still has to transfer."""

    sha256: Sha256
    size_bytes: int = Field(gt=0, le=MAX_NUMBER)


class ProofState(Part):
    """A manifest that the table has no receipt for."""

    proof_id: ProofId
    revision: int = Field(ge=1, le=MAX_NUMBER)
    digest: Sha256 = Field(description="SHA-256 of the manifest as published")


class Inventory(Message):
    """Everything not receipted, oldest first. Sent after each connect, in parts if it is long."""

    correlation: Text = Field(max_length=40)
    photos: list[PhotoState] = Field(default_factory=list, max_length=500)
    proofs: list[ProofState] = Field(default_factory=list, max_length=500)
    following: list[ProofId] = Field(
        default_factory=list,
        max_length=500,
        description="receipted proofs whose end the table has not heard of yet",
    )


class Closing(StrEnum):
    """What a manifest says about its proof."""

    SEND = "send"
    UNSENT = "unsent"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class Mode(StrEnum):
    """What a proof was taken for; only PACKING reaches a buyer by itself."""

    PACKING = "packing"
    TRAINING = "training"
    RETURN = "return"


class Area(Part):
    """A rectangle in a photo that stands upright, in ten-thousandths of its width and height."""

    left: int = Field(ge=0, lt=10_000, description="from the left side")
    top: int = Field(ge=0, lt=10_000, description="from the upper side")
    width: int = Field(gt=0, le=10_000, description="what lies beyond the photo is ignored")
    height: int = Field(gt=0, le=10_000)


class ManifestPhoto(Part):
    """One photo of a proof, in the order in which they are sent."""

    sha256: Sha256
    size_bytes: int = Field(gt=0, le=MAX_NUMBER)
    taken_at: UtcTime
    clock_synced: bool
    source: Text = Field(max_length=60, description="kind of camera, for readers of the proof")
    warnings: list[Annotated[Text, Field(max_length=48)]] = Field(
        default_factory=list, max_length=10
    )
    packing_area: Area | None = Field(
        default=None, description="what the buyer is shown of it; left out: all of it"
    )


class Manifest(Message):
    """Closes a proof. Repeated byte for byte until it is receipted.

    A higher ``revision`` supersedes an unsent one; after ``send`` only ``withdrawn`` can follow.
    """

    proof_id: ProofId
    revision: int = Field(ge=1, le=MAX_NUMBER)
    closing: Closing
    mode: Mode = Mode.PACKING
    code: Text = Field(min_length=1, max_length=MAX_CODE_LENGTH, description="as scanned")
    photos: list[ManifestPhoto] = Field(default_factory=list, max_length=MAX_PHOTOS_PER_PROOF)
    sequence: int = Field(ge=0, le=MAX_NUMBER, description="the journal's order, not the clock's")
    opened_at: UtcTime
    closed_at: UtcTime
    clock_synced: bool
    boot_id: Text = Field(default="", max_length=40)
    packer: Text | None = Field(default=None, max_length=80)


class Lookup(Message):
    """Asks about a code that was just scanned."""

    code: Text = Field(min_length=1, max_length=MAX_CODE_LENGTH)
    correlation: Text = Field(max_length=40)


class Reply(Message):
    """A table's answer to a command."""

    correlation: Text = Field(max_length=40)
    ok: bool
    text: Text = Field(default="", max_length=500)


# --- to the table -------------------------------------------------------------------------------


class PhotoResult(StrEnum):
    """What became of a photo. RECEIPTED ends its retransmission and nothing more."""

    RECEIPTED = "receipted"
    PARTIAL = "partial"
    WRONG_HASH = "wrong-hash"
    REFUSED = "refused"


class PhotoAnswer(Part):
    """About one photo."""

    sha256: Sha256
    result: PhotoResult
    missing: list[tuple[int, int]] = Field(
        default_factory=list, description="PARTIAL: byte ranges [from, to) still wanted"
    )
    reason: str = Field(default="", max_length=200)


class ProofResult(StrEnum):
    """What became of a manifest. Only RECEIPTED lets the table free the photos it names."""

    RECEIPTED = "receipted"
    MISSING = "missing"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class ProofAnswer(Part):
    """About one manifest."""

    proof_id: ProofId
    revision: int
    result: ProofResult
    missing: list[Sha256] = Field(default_factory=list, description="MISSING: photos to send")
    reason: str = Field(default="", max_length=200)


class Answer(Message):
    """Receipts and what is missing; answers photos, manifests and inventories."""

    correlation: str | None = Field(default=None, description="of the inventory it answers")
    photos: list[PhotoAnswer] = Field(default_factory=list)
    proofs: list[ProofAnswer] = Field(default_factory=list)
    restored: str = Field(
        default="",
        max_length=64,
        description="names the last time that the cloud was put back from a backup; at a new name "
        "the table offers again what it has a receipt for and still holds",
    )
    now: UtcTime | None = Field(
        default=None,
        description="the cloud's time at its answer to an inventory: for tables without NTP",
    )


class DispatchState(StrEnum):
    """State of a dispatch, the words of the log."""

    WAITING_FOR_ORDER = "waiting-for-order"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PARTLY_SENT = "partly-sent"
    HELD = "held"
    NOT_CONFIRMED = "not-confirmed"
    NEEDS_PERSON = "needs-person"
    FAILED = "failed"
    SAVED_NOT_SENT = "saved-not-sent"
    CANCELLED = "cancelled"
    NOT_SHOWN = "not-shown"

    @property
    def is_final(self) -> bool:
        """Nothing more happens to it without a person."""
        return self in _FINAL


_FINAL = frozenset(
    {
        DispatchState.SENT,
        DispatchState.PARTLY_SENT,
        DispatchState.NEEDS_PERSON,
        DispatchState.FAILED,
        DispatchState.SAVED_NOT_SENT,
        DispatchState.CANCELLED,
        DispatchState.NOT_SHOWN,
    }
)


class Progress(Message):
    """How far the dispatch of a proof has come."""

    proof_id: ProofId
    state: DispatchState
    sent: int = Field(default=0, ge=0, description="messages that the marketplace has")
    total: int = Field(default=0, ge=0)
    reason: str = Field(default="", max_length=300, description="plain words for a person")
    at: UtcTime


class AdviceKind(StrEnum):
    """What the cloud knows about a scanned code."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    NOT_SYNCED = "not-synced"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    ALREADY_SENT = "already-sent"


class Advice(Message):
    """Answer to a lookup; never waited for."""

    code: str
    correlation: str
    kind: AdviceKind
    text: str = Field(default="", max_length=200)
    equivalents: list[Annotated[str, Field(max_length=MAX_CODE_LENGTH)]] = Field(
        default_factory=list,
        max_length=MAX_EQUIVALENTS,
        description="the other numbers of the same order (its order number, its tracking numbers);"
        " all of them, or none where they are not known or too many",
    )
