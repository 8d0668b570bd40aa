"""What the transfer asks the uplink to publish, and what it concludes from answers."""

from dataclasses import dataclass

from wire.messages import PhotoState, ProofState


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes ``start`` to ``end`` (not included) of a photo of ``size_bytes``."""

    sha256: str
    start: int
    end: int
    size_bytes: int

    @property
    def key(self) -> str:
        """Names the packet in the account of packets that broke a connection."""
        return f"{self.sha256}/{self.start}"


@dataclass(frozen=True, slots=True)
class SendManifest:
    """A manifest, byte for byte."""

    proof_id: str
    revision: int
    raw: bytes

    @property
    def key(self) -> str:
        """As for slices."""
        return f"{self.proof_id}/{self.revision}"


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask what the cloud has of these: an inventory of what waits for an answer too long."""

    photos: tuple[PhotoState, ...]
    proofs: tuple[ProofState, ...] = ()
    key: str = "probe"


Work = Slice | SendManifest | Probe


@dataclass(frozen=True, slots=True)
class PhotoReceipted:
    """The cloud has this photo."""

    sha256: str


@dataclass(frozen=True, slots=True)
class PhotosMissing:
    """The cloud lacks photos of a manifest of which nothing is left to be sent here.

    Either it lost them after their receipt, or they are lost at the table.
    """

    proof_id: str
    revision: int
    sha256s: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProofReceipted:
    """The cloud has this manifest and all its photos."""

    proof_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class ProofRefused:
    """The cloud will not take this manifest."""

    proof_id: str
    revision: int
    reason: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A photo or manifest is not published for now, so that the rest goes on."""

    what: str
    """``photo`` or ``proof``."""
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SlicesLost:
    """The cloud lacks slices of this photo that the broker took; they go out again."""

    sha256: str


Outcome = PhotoReceipted | PhotosMissing | ProofReceipted | ProofRefused | SetAside | SlicesLost
