"""A photo and a manifest on their way: what is still to publish of them. Pure.

Times are monotonic seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.uplink.work import SendManifest, Slice
from wire.slices import Range, add_range


@dataclass(slots=True, kw_only=True)
class Parkable:
    """Something that can be left alone, with a reason, until a time or for ever (infinity)."""

    parked_until: float | None = None
    parked_because: str = ""
    is_too_large: bool = False
    """It is parked for a limit of this broker: another connection may have another."""

    def park(self, until: float, reason: str) -> None:
        """Leave it alone until then."""
        self.parked_until, self.parked_because = until, reason

    def connected(self) -> None:
        """What a broker's limit kept back is tried again."""
        if self.is_too_large:
            self.parked_until, self.parked_because, self.is_too_large = None, "", False

    def unpark_if_due(self, now: float) -> None:
        """Try it again when its time is over."""
        if self.parked_until is not None and now >= self.parked_until:
            self.parked_until, self.parked_because = None, ""


def _bytes_in(ranges: Iterable[Range]) -> int:
    return sum(end - start for start, end in ranges)


@dataclass(slots=True)
class PhotoJob(Parkable):
    """Bytes move from ``wanted`` to ``in_flight`` and are gone once the broker took them.

    Started means that the cloud may hold some of it.
    """

    sha256: str
    size_bytes: int
    wanted: list[Range] = field(default_factory=list)
    in_flight: list[Range] = field(default_factory=list)
    started: bool = False
    """It uses up one of the places for unreceipted photos."""
    fresh: bool = True
    """Nothing of it was published on this connection."""
    ask_at: float | None = None
    not_before: float = 0.0
    wrong_hashes: int = 0
    fruitless_rounds: int = 0
    _last_missing_bytes: int | None = None

    def __post_init__(self) -> None:
        self.want_all()

    @property
    def waiting(self) -> bool:
        """All of it was published; the answer is due."""
        return self.started and not self.wanted and not self.in_flight

    def take(self, payload_bytes: int) -> Slice:
        """The next slice; it is under way from now on."""
        start, end = self.wanted.pop(0)
        cut = min(end, start + payload_bytes)
        if cut < end:
            self.wanted.insert(0, (cut, end))
        self.in_flight.append((start, cut))
        self.started, self.fresh, self.ask_at = True, False, None
        return Slice(self.sha256, start, cut, self.size_bytes)

    def landed(self, piece: Slice) -> None:
        """The broker took a slice."""
        self.in_flight.remove((piece.start, piece.end))

    def put_back(self, piece: Slice) -> None:
        """A slice was not taken; it is the next one again."""
        self.in_flight.remove((piece.start, piece.end))
        self.wanted = add_range(self.wanted, (piece.start, piece.end))

    def want_all(self) -> None:
        """Publish the whole photo."""
        self.wanted = [(0, self.size_bytes)]
        self.ask_at = None

    def want_missing(self, missing: Iterable[Range]) -> bool:
        """Publish what the cloud misses; True if an earlier round brought it nearer to the end.

        No range, or none inside the photo, means all of it.
        """
        kept: list[Range] = []
        for start, end in missing:
            if 0 <= start < end <= self.size_bytes:
                kept = add_range(kept, (start, end))
        self.wanted = kept or [(0, self.size_bytes)]
        self.ask_at = None
        before, now = self._last_missing_bytes, _bytes_in(self.wanted)
        self._last_missing_bytes = now
        self.started = self.started or now < self.size_bytes
        return before is None or now < before

    def park(self, until: float, reason: str) -> None:
        """Leave it alone until then; its place is free for another photo."""
        Parkable.park(self, until, reason)
        self.started = False


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
    """The cloud answered that photos are missing: go as soon as it has them. It is not waited for,
    so it takes no place from others."""

    def take(self) -> SendManifest:
        """It is under way from now on."""
        self.in_flight, self.photos_missed = True, False
        return SendManifest(self.proof_id, self.revision, self.raw)

    @property
    def went(self) -> bool:
        """The cloud may have seen it."""
        return self.published or self.in_flight

    @property
    def waiting(self) -> bool:
        """Its answer is due."""
        return self.went and not self.photos_missed and self.parked_until is None

    def is_due(self, now: float) -> bool:
        """Its time has come."""
        return not self.in_flight and self.parked_until is None and now >= self.due_at
