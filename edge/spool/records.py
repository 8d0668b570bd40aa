"""What the spool hands out and works with. Times are aware and in UTC, sizes in bytes."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from edge.clock import Moment
from wire.messages import Closing, DispatchState, Mode


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One row of ``proof``."""

    sequence: int
    proof_id: str
    code: str
    mode: Mode
    packer: str | None
    is_open: bool
    opened: Moment
    was_found: bool = False


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """One row of ``photo``; ``path`` is relative to the spool."""

    sequence: int
    proof_id: str
    sha256: str
    size_bytes: int
    path: str
    source: str
    warnings: tuple[str, ...]
    taken: Moment


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo whose file and journal row are durable."""

    sha256: str
    size_bytes: int
    sequence: int
    """Its place in the journal's one order of all things."""
    path: Path


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as it will be published, byte for byte, until it is receipted."""

    proof_id: str
    revision: int
    closing: Closing
    sequence: int
    raw: bytes
    digest: str
    """SHA-256 of ``raw``, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class ReopenedProof:
    """An unsent proof that is open again, with the photos it still has, oldest first."""

    proof_id: str
    code: str
    mode: Mode
    packer: str | None
    opened: Moment
    photos: tuple[StoredPhoto, ...]


@dataclass(frozen=True, slots=True)
class SendablePhoto:
    """A photo that the cloud has not receipted."""

    sha256: str
    size_bytes: int
    sequence: int
    proof_id: str
    path: Path


@dataclass(frozen=True, slots=True)
class SendableManifest:
    """The newest manifest of a proof, not receipted and not held."""

    proof_id: str
    revision: int
    sequence: int
    raw: bytes
    digest: str
    sha256s: tuple[str, ...]
    """The photos it names, as they are sent."""


@dataclass(frozen=True, slots=True)
class SpoolCounts:
    """What waits in the spool, and what a person has to know of."""

    waiting_proofs: int
    """Closed, and their newest manifest is not receipted; held ones count."""
    oldest_waiting: Moment | None
    """When the one that waits longest was closed."""
    waiting_photos: int
    refused_proofs: int = 0
    lost_photos: int = 0
    """Photos that the journal knows and the disk no longer has: a person has to know."""


@dataclass(frozen=True, slots=True)
class RetentionResult:
    """What one run of the retention freed."""

    freed_photos: int = 0
    freed_bytes: int = 0
    refused: str = ""
    """Why nothing was looked at (clock not synchronised, clock jumped); empty if it was."""


@dataclass(frozen=True, slots=True)
class RecoveredProof:
    """A proof that the start found open, or made from photos without a journal row."""

    proof_id: str
    code: str
    closing: Closing
    photos: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a start had to put in order; empty after a clean stop."""

    recovered: tuple[RecoveredProof, ...] = ()
    """Left open at the last stop; now unsent, or cancelled where no photo was taken."""
    found: tuple[RecoveredProof, ...] = ()
    """Made from photo files that had no row; unsent."""
    kept_manifests: int = 0
    """Manifests taken over, verified, from a damaged journal."""
    lost: tuple[Path, ...] = ()
    """Photos of the journal whose file is gone or has another size."""
    set_aside: tuple[Path, ...] = ()
    """Broken files without a row, renamed so that nothing takes them for photos."""
    damaged_journal: Path | None = None
    """Where a damaged journal was moved to."""


@dataclass(frozen=True, slots=True)
class ProofSummary:
    """One line of the list of proofs."""

    proof_id: str
    code: str
    mode: Mode
    opened_at: datetime
    clock_synced: bool
    closing: Closing | None
    """None while it is open."""
    revision: int
    receipted: bool
    refused: str
    progress: DispatchState | None
    progress_reason: str
    photos: tuple[Path, ...] = field(default_factory=tuple)
    """Files that are on the disk."""
