"""The state of a packing table, all of it, as plain data."""

from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum, auto
from typing import Final

from edge.events import DiskLevel, Standing
from edge.indicator.signs import Sign
from wire.claim_sheet import ClaimText
from wire.messages import AdviceKind, Closing, Mode

MAX_IN_FLIGHT = 3
"""Proofs between the loop and the disk, the open one included."""

MAX_ABANDONED = 6
"""Captures given up while being saved; more frames than that are not kept for a stuck disk."""

STOP_ADVICE = frozenset({AdviceKind.CANCELLED, AdviceKind.REFUNDED, AdviceKind.ALREADY_SENT})


class Phase(StrEnum):
    """What the table is doing."""

    READY = "ready"
    OPEN = "open"
    CLOSING = "closing"
    FAULT = "fault"


class Stage(Enum):
    """How far a capture has come."""

    TAKING = auto()
    TAKEN = auto()
    SAVING = auto()
    SAVED = auto()


@dataclass(frozen=True, slots=True)
class Capture:
    """One press of F1, from press to durable photo."""

    capture_id: int
    stage: Stage
    deadline_ns: int = 0
    sha256: str = ""
    warnings: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    """What was read in the picture; empty also while nobody has read it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that is open or on its way to the disk."""

    proof_id: str
    asked_id: str
    """The id asked for first; also the correlation of lookups."""
    code: str
    mode: Mode
    deadline_ns: int | None
    """Until when the journal must have opened it; None when it has, or was already late."""
    opened: bool = False
    captures: tuple[Capture, ...] = ()
    advice: AdviceKind | None = None
    advice_text: str = ""
    equivalents: tuple[str, ...] = ()
    """Other numbers of the same order, from the cloud's advice."""
    sent_before: bool = False
    stopped_ns: int | None = None
    """When F4 was stopped last."""
    stopped_for: tuple[str, ...] = ()
    """What the light said then; the next F4 confirms this and nothing else."""

    @property
    def photos(self) -> tuple[str, ...]:
        """SHA-256 of the durable photos, in the order in which they were taken."""
        return tuple(one.sha256 for one in self.captures if one.stage is Stage.SAVED)

    @property
    def has_pending(self) -> bool:
        """Whether a capture is neither saved nor failed yet."""
        return any(one.stage is not Stage.SAVED for one in self.captures)

    @property
    def is_unknown(self) -> bool:
        """The fully synced cloud knows no such order (U-11)."""
        return self.advice is AdviceKind.UNKNOWN

    @property
    def stop_reason(self) -> AdviceKind | None:
        """Why the box must not be closed yet. The cloud knows better than the table's memory."""
        if self.advice in STOP_ADVICE:
            return self.advice
        if self.sent_before and self.advice in {None, AdviceKind.NOT_SYNCED}:
            return AdviceKind.ALREADY_SENT
        return None


@dataclass(frozen=True, slots=True)
class InFlight:
    """A proof whose end is being written."""

    proof: Proof
    closing: Closing
    asked_ns: int
    handed_over: bool = False
    """The store was asked; before that, captures are waited for."""
    deadline_ns: int | None = None
    retry_ns: int | None = None
    withdraw: bool = False
    """Take it back as soon as its close is durable."""


@dataclass(frozen=True, slots=True)
class Last:
    """The proof that was closed with F4 most recently."""

    proof_id: str
    proof: Proof
    """As it was at F4, and what was heard of it since."""
    closed_ns: int
    on_table: bool = True
    """Nothing was scanned since: its box is still here, its proof can be taken back."""

    @property
    def asked_id(self) -> str:
        """See ``Proof``."""
        return self.proof.asked_id

    @property
    def code(self) -> str:
        """See ``Proof``."""
        return self.proof.code


@dataclass(frozen=True, slots=True)
class Overlay:
    """A sign that stands for a moment."""

    sign: Sign
    text: str
    until_ns: int


@dataclass(frozen=True, slots=True)
class LostDevice:
    """An input device that cannot be used."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} {self.reason}"


@dataclass(frozen=True, slots=True)
class Notice:
    """The fate of an earlier order, waiting for a moment in which it may be shown."""

    sign: Sign
    text: str
    stale_ns: int


NOTHING_SCANNED: Final = ClaimText()
"""Of a claim sheet."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything the table knows between two events."""

    seed: str
    """16 hex digits, new at each start: first half of the ids made here."""
    now_ns: int = 0
    next_proof: int = 1
    next_capture: int = 1
    open: Proof | None = None
    in_flight: tuple[InFlight, ...] = ()
    last: Last | None = None
    held: tuple[tuple[str, int], ...] = ()
    """Proof id and when its manifest may leave."""
    abandoned: tuple[tuple[int, str], ...] = ()
    """Captures given up while being saved, with their proof: dropped if they arrive after all."""
    recent: tuple[tuple[str, str], ...] = ()
    """Proof id and code of the latest sent proofs, for notices."""
    withdrawing: tuple[str, ...] = ()
    mode: Mode = Mode.PACKING
    packer: str | None = None
    packer_since_ns: int = 0
    """When the badge was scanned."""
    camera_fault: str = ""
    store_fault: str = ""
    disk: DiskLevel = DiskLevel.FINE
    lost_devices: tuple[LostDevice, ...] = ()
    connected: bool = False
    link_trouble: str = ""
    """Why there is no connection; empty while there is one, or nothing is wrong with it."""
    standing: Standing = Standing.ENROLLED
    standing_reason: str = ""
    claim: ClaimText = NOTHING_SCANNED
    """What was scanned of a claim sheet so far."""
    enrolling_until_ns: int | None = None
    """An enrolment is under way, and is waited for until then."""
    waiting_since_ns: int | None = None
    late_stop: str = ""
    """Advice that came when the box was already closed; stands until answered."""
    overlay: Overlay | None = None
    notices: tuple[Notice, ...] = ()
    shown: tuple[Sign, str] | None = None
    last_scan: tuple[str, int] | None = field(default=None, repr=False)
    """Text and time; it may have been a claim code."""
    last_photo_ns: int | None = None
    last_input_ns: int = 0
    stopping: bool = False

    @property
    def phase(self) -> Phase:
        """The design's state of this table."""
        if self.open is not None:
            return Phase.OPEN
        if self.camera_fault or self.store_fault or self.disk is DiskLevel.RESERVE:
            return Phase.FAULT
        return Phase.CLOSING if self.in_flight else Phase.READY

    @property
    def is_quiet(self) -> bool:
        """Nothing is open and nothing is on its way to the disk."""
        return self.open is None and not self.in_flight

    def room_for(self, further: int) -> bool:
        """Whether so many more proofs may be between the loop and the disk."""
        return len(self.in_flight) + (self.open is not None) + further <= MAX_IN_FLIGHT


def with_capture(proof: Proof, capture: Capture) -> Proof:
    """Replace the capture of the same id."""
    captures = (capture if one.capture_id == capture.capture_id else one for one in proof.captures)
    return replace(proof, captures=tuple(captures))


def without_capture(proof: Proof, capture_id: int) -> Proof:
    """Leave one capture out."""
    return replace(
        proof, captures=tuple(one for one in proof.captures if one.capture_id != capture_id)
    )
