"""What a played table keeps: ``Queue`` and ``Receipts`` of the uplink, in memory.

Photos are made anew whenever they are read, so that thousands of tables that wait need no room.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from edge.spool.errors import PhotoDamaged
from tests.load.exact_photos import Photos
from tests.load.ledger import Ledger
from wire.messages import Closing, DispatchState, Health, Manifest, ManifestPhoto, Mode


@dataclass(frozen=True, slots=True)
class HeldPhoto:
    """Follows ``SendablePhoto``."""

    sha256: str
    size_bytes: int
    sequence: int
    serial: int


@dataclass(frozen=True, slots=True)
class HeldManifest:
    """Follows ``SendableManifest``."""

    proof_id: str
    revision: int
    sequence: int
    raw: bytes
    digest: str
    sha256s: tuple[str, ...]


class LoadSpool:
    """Of one table. A receipt frees at once what it is about."""

    def __init__(self, photos: Photos, serials: Iterator[int], ledger: Ledger) -> None:
        self._photos = photos
        self._serials = serials
        self._ledger = ledger
        self._held: dict[str, HeldPhoto] = {}
        self._receipted: dict[str, HeldPhoto] = {}
        """Those whose manifest is not receipted yet: the cloud may ask for them again."""
        self._manifests: dict[tuple[str, int], HeldManifest] = {}
        self._open: list[HeldPhoto] = []
        self._code: str | None = None
        self._opened_at = datetime.now(UTC)
        self._sequence = 0
        self._wake: Callable[[], None] = lambda: None

    # --- the packer -----------------------------------------------------------------------------

    def scan(self, code: str) -> None:
        """An order is on the table."""
        self._code, self._open, self._opened_at = code, [], datetime.now(UTC)

    def take_photo(self) -> None:
        """One more photo of the order."""
        serial = next(self._serials)
        photo = HeldPhoto(
            self._photos.sha256(serial), self._photos.size_bytes, self._next(), serial
        )
        self._held[photo.sha256] = photo
        self._open.append(photo)
        self._wake()

    def close(self) -> None:
        """F4. Kept and never sent to a buyer: no marketplace takes part."""
        now = datetime.now(UTC)
        proof_id, sequence = uuid.uuid4().hex, self._next()
        raw = Manifest(
            proof_id=proof_id,
            revision=1,
            closing=Closing.SEND,
            mode=Mode.TRAINING,
            code=self._code or "",
            photos=[
                ManifestPhoto(
                    sha256=photo.sha256,
                    size_bytes=photo.size_bytes,
                    taken_at=now,
                    clock_synced=True,
                    source="simulated",
                )
                for photo in self._open
            ],
            sequence=sequence,
            opened_at=self._opened_at,
            closed_at=now,
            clock_synced=True,
        ).to_bytes()
        sha256s = tuple(photo.sha256 for photo in self._open)
        digest = hashlib.sha256(raw).hexdigest()
        self._manifests[proof_id, 1] = HeldManifest(proof_id, 1, sequence, raw, digest, sha256s)
        self._code, self._open = None, []
        self._ledger.close(proof_id, monotonic())
        self._wake()

    def health(self) -> Health:
        """What the table says of itself."""
        return Health(
            sign="order-open" if self._code else "ready",
            mode=Mode.TRAINING,
            open_code=self._code,
            open_photos=[photo.sha256 for photo in self._open],
            waiting_proofs=len(self._manifests),
        )

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    # --- Queue ----------------------------------------------------------------------------------

    def photos_to_send(self, limit: int) -> Sequence[HeldPhoto]:
        return list(self._held.values())[:limit]

    def manifests_to_send(self, limit: int) -> Sequence[HeldManifest]:
        return list(self._manifests.values())[:limit]

    def following(self) -> Sequence[str]:
        return ()

    def read_photo(self, sha256: str) -> bytes:
        photo = self._held.get(sha256) or self._receipted.get(sha256)
        if photo is None:
            raise PhotoDamaged(f"{sha256} is not here any more")
        return self._photos.jpeg(photo.serial)

    def subscribe(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    # --- Receipts -------------------------------------------------------------------------------

    def photo_receipted(self, sha256: str) -> None:
        if sha256 in self._held:
            self._receipted[sha256] = self._held.pop(sha256)

    def photo_lost(self, sha256: str) -> None:
        raise AssertionError(f"photo {sha256} was made anew and is damaged")

    def photos_missing(self, proof_id: str, revision: int, sha256s: Sequence[str]) -> None:
        wanted = sha256s if (proof_id, revision) in self._manifests else ()
        for sha256 in wanted:
            if sha256 in self._receipted:
                self._held[sha256] = self._receipted.pop(sha256)
        self._wake()

    def proof_receipted(self, proof_id: str, revision: int) -> None:
        manifest = self._manifests.pop((proof_id, revision), None)
        for sha256 in manifest.sha256s if manifest else ():
            self._receipted.pop(sha256, None)
        self._ledger.receipt(proof_id, monotonic())

    def offer_again(self, restoration: str) -> None:
        """Nothing is kept beyond its receipt."""

    def proof_refused(self, proof_id: str, revision: int, reason: str) -> None:
        self._manifests.pop((proof_id, revision), None)
        self._ledger.refuse(proof_id, reason)

    def note_progress(self, proof_id: str, state: DispatchState, reason: str) -> None:
        """The end is known at once: nothing is sent."""
