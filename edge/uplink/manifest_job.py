"""One manifest on its way. Pure; times are monotonic seconds."""

from dataclasses import dataclass

from edge.uplink.parking import Parkable
from edge.uplink.work import SendManifest


@dataclass(slots=True)
class ManifestJob(Parkable):
    """Published when its photos were, and repeated byte for byte until it is answered."""

    proof_id: str
    revision: int
    raw: bytes
    sha256s: tuple[str, ...]
    due_at: float = 0.0
    published: bool = False
    in_flight: bool = False
    tries: int = 0
    photos_missed: bool = False
    """The cloud answered that photos are missing: go as soon as it has them."""

    def take(self) -> SendManifest:
        """It is under way from now on."""
        self.in_flight, self.photos_missed = True, False
        return SendManifest(self.proof_id, self.revision, self.raw)

    @property
    def went(self) -> bool:
        """The cloud may have seen it."""
        return self.published or self.in_flight

    def is_due(self, now: float) -> bool:
        """Its time has come."""
        return not self.in_flight and self.parked_until is None and now >= self.due_at
