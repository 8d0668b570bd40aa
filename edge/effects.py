"""What the state machine asks the daemon to do. Plain data; the daemon gives each a deadline.

Every effect on a proof is carried out in the order in which it was asked for, by the store thread.
"""

from dataclasses import dataclass, field

from edge.indicator.signs import Sign
from wire.messages import Closing, Mode


@dataclass(frozen=True, slots=True)
class OpenProof:
    """Begin a proof in the journal; answered by ``ProofOpened`` or ``StoreFailed``.

    In packing mode an unsent proof of the same code is opened again instead, with its photos.
    """

    proof_id: str
    code: str
    mode: Mode
    packer: str | None = None


@dataclass(frozen=True, slots=True)
class TakePhoto:
    """Take a frame that begins after the press; answered by ``FrameTaken`` or ``PhotoFailed``."""

    capture_id: int
    pressed_ns: int


@dataclass(frozen=True, slots=True)
class SavePhoto:
    """Encode and save a taken frame; answered by ``PhotoSaved`` or ``PhotoFailed``."""

    capture_id: int
    proof_id: str


@dataclass(frozen=True, slots=True)
class DropFrame:
    """Forget a capture that was not handed to the disk. No answer."""

    capture_id: int


@dataclass(frozen=True, slots=True)
class DropPhoto:
    """Take a saved photo out of its proof; the file follows retention alone. No answer."""

    proof_id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CloseProof:
    """Fix the manifest with exactly ``photos``; answered by ``ProofSettled`` or ``StoreFailed``."""

    proof_id: str
    closing: Closing
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take a sent proof back, or ask the cloud to; answered like ``CloseProof``."""

    proof_id: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Do not transmit this proof's manifest yet."""

    proof_id: str


@dataclass(frozen=True, slots=True)
class Release:
    """Transmit this proof's manifest from now on."""

    proof_id: str


@dataclass(frozen=True, slots=True)
class NoteWithoutPhoto:
    """Note that an order was packed without photo."""

    code: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask the cloud about a code; perhaps answered by ``AdviceCame``, never waited for."""

    code: str
    correlation: str


@dataclass(frozen=True, slots=True)
class Enrol:
    """Get this table its credentials; answered by ``EnrolmentEnded``."""

    server_url: str
    claim_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShowSign:
    """Show a sign until the next one."""

    sign: Sign
    text: str = ""


Effect = (
    OpenProof
    | TakePhoto
    | SavePhoto
    | DropFrame
    | DropPhoto
    | CloseProof
    | Withdraw
    | Hold
    | Release
    | NoteWithoutPhoto
    | Lookup
    | Enrol
    | ShowSign
)
