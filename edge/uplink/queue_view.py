"""What the uplink needs of the spool and of the thread that writes the journal."""

from collections.abc import Callable, Sequence
from typing import Protocol

from wire.messages import DispatchState


class SendablePhoto(Protocol):
    """A photo without receipt."""

    @property
    def sha256(self) -> str:
        """Hash of the file, hexadecimal."""
        ...

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        ...

    @property
    def sequence(self) -> int:
        """Its place in the journal's one order of photos and manifests."""
        ...


class SendableManifest(Protocol):
    """A manifest without receipt."""

    @property
    def proof_id(self) -> str:
        """Proof that it closes."""
        ...

    @property
    def revision(self) -> int:
        """Its revision."""
        ...

    @property
    def sequence(self) -> int:
        """Its place in the journal's order; the photos that it names come before it."""
        ...

    @property
    def raw(self) -> bytes:
        """The manifest, byte for byte as it is published each time."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of ``raw``."""
        ...

    @property
    def sha256s(self) -> Sequence[str]:
        """Photos that it names."""
        ...


class Queue(Protocol):
    """The reading side of the spool, safe to call from the uplink's thread.

    Every method may raise ``edge.spool.errors.SpoolError``; the uplink then goes on with what it
    knows and reads again later.
    """

    def photos_to_send(self, limit: int) -> Sequence[SendablePhoto]:
        """Photos without receipt, oldest first."""
        ...

    def manifests_to_send(self, limit: int) -> Sequence[SendableManifest]:
        """Manifests without receipt that are not held back, oldest first."""
        ...

    def following(self) -> Sequence[str]:
        """Proofs receipted as ``send`` whose end is not known yet."""
        ...

    def read_photo(self, sha256: str) -> bytes:
        """The photo, its hash verified.

        Raises:
            PhotoDamaged: the file is gone or its content does not have that hash.
        """
        ...

    def subscribe(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called after each commit that gives the uplink something to do."""
        ...


class Receipts(Protocol):
    """Takes what the cloud said to the one thread that writes the journal.

    Called from the uplink's thread; must return at once and never raise. What gets lost here (a
    crash before the commit) is told by the cloud again after the next connect.
    """

    def photo_receipted(self, sha256: str) -> None:
        """The cloud has the photo durably: it is not transferred again."""
        ...

    def photo_lost(self, sha256: str) -> None:
        """The photo could not be read as it was written (PhotoDamaged): it is not offered again."""
        ...

    def photos_missing(self, proof_id: str, revision: int, sha256s: Sequence[str]) -> None:
        """The cloud lacks these photos of the manifest, whatever it said of them before.

        Those that the table has are listed again by ``Queue.photos_to_send``; without those that it
        has lost, a next revision is listed by ``Queue.manifests_to_send``.
        """
        ...

    def proof_receipted(self, proof_id: str, revision: int) -> None:
        """The cloud has the manifest and all its photos."""
        ...

    def offer_again(self, restoration: str) -> None:
        """The cloud was put back from a backup, the time that is named so.

        At a name that is new here, everything whole is listed again by ``manifests_to_send``.
        """
        ...

    def proof_refused(self, proof_id: str, revision: int, reason: str) -> None:
        """The cloud will never take this manifest; a person has to look."""
        ...

    def note_progress(self, proof_id: str, state: DispatchState, reason: str) -> None:
        """How far the proof's dispatch has come."""
        ...
