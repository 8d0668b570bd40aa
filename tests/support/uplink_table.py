"""A table's side for tests of the uplink: a queue in memory, an ear for events and receipts."""

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from pydantic import SecretStr

from edge.clock import Clock, Moment
from edge.events import Event, LinkTrouble
from edge.spool.errors import DiskFault, PhotoDamaged
from edge.uplink.credentials import Credentials
from edge.uplink.settings import BackOff, TransferLimits, UplinkSettings
from edge.uplink.uplink import Uplink
from tests.support.waiting import eventually
from wire.enrolment import BrokerAddress
from wire.messages import Closing, DispatchState, Health, Manifest, ManifestPhoto
from wire.topics import Address

PARTITION = 7
DEVICE = "table-01"
ADDRESS = Address(PARTITION, DEVICE)

QUICK = UplinkSettings(
    reconnect=BackOff(first_s=0.02, longest_s=0.1),
    refused=BackOff(first_s=0.02, longest_s=0.1),
    spread_s=0.02,
    connect_timeout_s=3.0,
    health_shortest_s=0.01,
    slice_bytes=4096,
    transfer=TransferLimits(
        answer_timeout_s=0.5,
        probe=BackOff(first_s=0.05, longest_s=0.3),
        pause=BackOff(first_s=0.05, longest_s=0.3),
    ),
)
"""Waits short enough for tests; the sizes make a photo of 20 kB five slices."""


class RealClock:
    """Follows ``Clock`` by the computer's clock."""

    def now(self) -> Moment:
        return Moment(datetime.now(UTC), self.monotonic_ns(), "test-boot", synced=True)

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def jpeg(number: int, size_bytes: int = 20_000) -> bytes:
    """Bytes that differ for each number and at each place, between a JPEG's first and last."""
    blocks = (
        hashlib.sha256(f"{number}.{i}".encode()).digest() for i in range(size_bytes // 32 + 1)
    )
    return b"\xff\xd8\xff" + b"".join(blocks)[: size_bytes - 5] + b"\xff\xd9"


@dataclass(frozen=True)
class HeldPhoto:
    sha256: str
    size_bytes: int
    sequence: int = 0


@dataclass(frozen=True)
class HeldManifest:
    proof_id: str
    revision: int
    raw: bytes
    sha256s: tuple[str, ...]
    sequence: int = 0

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


@dataclass
class MemoryQueue:
    """``Queue`` and ``Receipts`` in one. A receipt takes effect at once."""

    photos: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, int], HeldManifest] = field(default_factory=dict)
    receipted_photos: list[str] = field(default_factory=list)
    receipted_proofs: list[tuple[str, int]] = field(default_factory=list)
    restorations: list[str] = field(default_factory=list)
    refused_proofs: list[tuple[str, int, str]] = field(default_factory=list)
    progress: list[tuple[str, DispatchState, str]] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    missing: list[tuple[str, int, tuple[str, ...]]] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._wake: Callable[[], None] = lambda: None
        self._numbers = count(1)
        self._sequences: dict[str, int] = {}

    # --- a packer ------------------------------------------------------------------------------

    def take_photo(self, number: int, size_bytes: int = 20_000) -> str:
        """Store a photo; gives its hash."""
        data = jpeg(number, size_bytes)
        sha256 = hashlib.sha256(data).hexdigest()
        with self._lock:
            self.photos[sha256] = data
            self._sequences[sha256] = next(self._numbers)
        self._wake()
        return sha256

    def close_proof(self, number: int, *sha256s: str, revision: int = 1) -> str:
        """Store a manifest; gives the proof's id."""
        proof_id = f"{number:032x}"
        raw = manifest(proof_id, revision, {sha: len(self.photos[sha]) for sha in sha256s})
        with self._lock:
            self.manifests[proof_id, revision] = HeldManifest(
                proof_id, revision, raw, sha256s, next(self._numbers)
            )
        self._wake()
        return proof_id

    # --- Queue -----------------------------------------------------------------------------------

    def photos_to_send(self, limit: int) -> Sequence[HeldPhoto]:
        with self._lock:
            done = {*self.receipted_photos, *self.lost}
            waiting = [sha for sha in self.photos if sha not in done]
            return [
                HeldPhoto(sha, len(self.photos[sha]), self._sequences[sha])
                for sha in waiting[:limit]
            ]

    def manifests_to_send(self, limit: int) -> Sequence[HeldManifest]:
        with self._lock:
            done = {*self.receipted_proofs, *(item[:2] for item in self.refused_proofs)}
            return [it for key, it in self.manifests.items() if key not in done][:limit]

    def following(self) -> Sequence[str]:
        return list(self.followed)

    def read_photo(self, sha256: str) -> bytes:
        with self._lock:
            self.reads.append(sha256)
            if sha256 in self.unreadable:
                raise DiskFault("reading x.jpg: Input/output error")
            if sha256 in self.damaged or sha256 not in self.photos:
                raise PhotoDamaged("2026/03/01/x.jpg is gone or is not what was written")
            return self.photos[sha256]

    def subscribe(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    # --- Receipts --------------------------------------------------------------------------------

    def photo_receipted(self, sha256: str) -> None:
        with self._lock:
            self.receipted_photos.append(sha256)

    def photo_lost(self, sha256: str) -> None:
        with self._lock:
            self.lost.append(sha256)

    def photos_missing(self, proof_id: str, revision: int, sha256s: Sequence[str]) -> None:
        with self._lock:
            self.missing.append((proof_id, revision, tuple(sha256s)))
            self.receipted_photos = [sha for sha in self.receipted_photos if sha not in sha256s]
        self._wake()

    def proof_receipted(self, proof_id: str, revision: int) -> None:
        with self._lock:
            self.receipted_proofs.append((proof_id, revision))

    def offer_again(self, restoration: str) -> None:
        with self._lock:
            self.restorations.append(restoration)

    def proof_refused(self, proof_id: str, revision: int, reason: str) -> None:
        with self._lock:
            self.refused_proofs.append((proof_id, revision, reason))

    def note_progress(self, proof_id: str, state: DispatchState, reason: str) -> None:
        with self._lock:
            self.progress.append((proof_id, state, reason))


def manifest(proof_id: str, revision: int, photos: dict[str, int]) -> bytes:
    """A manifest as the spool writes it."""
    at = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    return Manifest(
        proof_id=proof_id,
        revision=revision,
        closing=Closing.SEND,
        code="250301ABCDEF",
        photos=[
            ManifestPhoto(
                sha256=sha, size_bytes=size, taken_at=at, clock_synced=True, source="simulated"
            )
            for sha, size in photos.items()
        ],
        sequence=1,
        opened_at=at,
        closed_at=at,
        clock_synced=True,
    ).to_bytes()


def credentials(port: int, password: str, device: str = DEVICE, **broker: Any) -> Credentials:
    return Credentials(
        device_id=device,
        partition=PARTITION,
        table_name="Table 1",
        password=SecretStr(password),
        broker=BrokerAddress(host=broker.pop("host", "127.0.0.1"), port=port, **broker),
    )


class UplinkTable:
    """An ``Uplink`` with a queue in memory; ends with the ``with`` block."""

    def __init__(
        self,
        who: Credentials,
        settings: UplinkSettings = QUICK,
        boot_count: int = 3,
        clock: Clock | None = None,
    ) -> None:
        self.queue = MemoryQueue()
        self.events: list[Event] = []
        """All but the troubles."""
        self.troubles: list[str] = []
        """Why there is no connection, as the light and people elsewhere are told."""
        self.health = Health(sign="ready")
        self.uplink = Uplink(
            who,
            settings,
            self.queue,
            self._heard,
            clock or RealClock(),
            health=lambda: self.health,
            receipts=self.queue,
            boot_count=boot_count,
        )
        self._started = False

    def _heard(self, event: Event) -> None:
        if isinstance(event, LinkTrouble):
            self.troubles.append(event.reason)
        else:
            self.events.append(event)

    def __enter__(self) -> "UplinkTable":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.uplink.stop(10), "the uplink did not end"

    def start(self) -> None:
        if not self._started:
            self._started = True
            self.uplink.start()

    def wait_for(self, what: Callable[["UplinkTable"], Any]) -> None:
        """Wait until that is so."""
        eventually(lambda: bool(what(self)))

    def wait_receipted(self, *proofs: str) -> None:
        """Wait until these proofs have their receipts."""
        self.wait_for(lambda t: set(proofs) <= {it[0] for it in t.queue.receipted_proofs})
