"""What producers put on the daemon's queue: the only way anything reaches the loop.

Every event carries ``at_ns``, CLOCK_MONOTONIC of when it happened (key press, frame, answer).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from wire.messages import Advice, DispatchState


class Action(StrEnum):
    """What a pedal, key or command barcode asks for."""

    PHOTO = "photo"
    SEND = "send"
    UNDO = "undo"
    CANCEL = "cancel"


# --- input devices ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scanned:
    """A complete code, terminator removed, not yet classified."""

    text: str
    at_ns: int
    device: str = ""


@dataclass(frozen=True, slots=True)
class ScanIncomplete:
    """A scanner stopped in the middle of a code; nothing of it is used."""

    at_ns: int
    device: str = ""


@dataclass(frozen=True, slots=True)
class ActionPressed:
    """A key with an action went down (autorepeat never comes here)."""

    action: Action
    at_ns: int
    device: str = ""


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """An input device is gone; said once."""

    device: str
    at_ns: int
    reason: str = "is unplugged"
    """For people; follows the device's name."""


@dataclass(frozen=True, slots=True)
class DeviceBack:
    """An input device is back; said once."""

    device: str
    at_ns: int


# --- camera and store ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FrameTaken:
    """A frame that began after the press is in memory: the click is answered, nothing is saved."""

    capture_id: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class PhotoSaved:
    """File and journal row of a photo are durable."""

    capture_id: int
    sha256: str
    at_ns: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotoFailed:
    """A capture ended without a saved photo."""

    capture_id: int
    reason: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class CodesRead:
    """The codes in a saved photo. May come late or never; nothing waits for it."""

    capture_id: int
    codes: tuple[str, ...]
    """As printed, not yet classified."""
    at_ns: int


@dataclass(frozen=True, slots=True)
class CameraLost:
    """No usable camera; said once."""

    reason: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class CameraBack:
    """Frames arrive again; said once."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class ProofOpened:
    """The journal holds an open proof. An unsent one of the same code is opened again."""

    asked_id: str
    """The id that was asked for."""
    proof_id: str
    """The id it really has: an older one, if the proof was opened again."""
    at_ns: int
    photos: tuple[str, ...] = ()
    """SHA-256 of the photos it brought back, in their order."""
    already_sent: bool = False
    """This table has sent a proof of this code before."""


@dataclass(frozen=True, slots=True)
class ProofSettled:
    """The journal holds the end of a proof (send, unsent, cancelled, withdrawn): it is durable."""

    proof_id: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """The journal or disk refused; ``proof_id`` is the proof whose step failed, if one."""

    reason: str
    at_ns: int
    proof_id: str | None = None


class DiskLevel(StrEnum):
    """How much room the spool has left."""

    FINE = "fine"
    WARN = "warn"
    RESERVE = "reserve"


@dataclass(frozen=True, slots=True)
class DiskChanged:
    """The level of the disk changed."""

    level: DiskLevel
    at_ns: int


@dataclass(frozen=True, slots=True)
class WaitingChanged:
    """Which closed proof has waited longest for the cloud's receipt."""

    since_ns: int | None
    """CLOCK_MONOTONIC since when it waits; None if none waits."""
    at_ns: int


# --- uplink -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The connection to the cloud came or went."""

    connected: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class LinkTrouble:
    """Why there is no connection; said once for each reason."""

    reason: str
    at_ns: int


class Standing(StrEnum):
    """What the table is to the cloud."""

    NOT_ENROLLED = "not-enrolled"
    ENROLLED = "enrolled"
    REFUSED = "refused"
    """The broker does not accept its credentials, and why is not known."""
    REVOKED = "revoked"
    """The cloud said that it does not let this device in any more."""


@dataclass(frozen=True, slots=True)
class StandingChanged:
    """The table was enrolled, shut out, or let in again."""

    standing: Standing
    at_ns: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EnrolmentEnded:
    """An enrolment that a scan asked for has ended, well or not."""

    ok: bool
    text: str
    """The table's name, or why it did not work. Without the claim code."""
    at_ns: int


@dataclass(frozen=True, slots=True)
class AdviceCame:
    """The cloud answered a lookup."""

    advice: Advice
    at_ns: int


@dataclass(frozen=True, slots=True)
class ProgressCame:
    """The cloud said how far a proof's dispatch has come."""

    proof_id: str
    state: DispatchState
    at_ns: int
    reason: str = ""


# --- time ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed; sent when a deadline of the state machine is due."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """The daemon was asked to end: nothing new begins, what is open becomes unsent."""

    at_ns: int


Event = (
    Scanned
    | ScanIncomplete
    | ActionPressed
    | DeviceLost
    | DeviceBack
    | FrameTaken
    | PhotoSaved
    | PhotoFailed
    | CodesRead
    | CameraLost
    | CameraBack
    | ProofOpened
    | ProofSettled
    | StoreFailed
    | DiskChanged
    | WaitingChanged
    | LinkChanged
    | LinkTrouble
    | StandingChanged
    | EnrolmentEnded
    | AdviceCame
    | ProgressCame
    | Tick
    | Stopping
)

Post = Callable[[Event], None]
"""Puts an event on the daemon's bounded queue. Never blocks; a full queue is a fault of its own."""
