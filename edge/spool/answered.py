"""The uplink's side of the spool: what there is to send, and what the cloud said of it."""

import logging
from collections.abc import Callable, Collection
from pathlib import Path

from edge.clock import Moment
from edge.spool import answers, proofs
from edge.spool.files import FileSystem, set_aside
from edge.spool.journal import Journal
from edge.spool.opening import Opened
from edge.spool.reader import SpoolReader
from edge.spool.records import StoredManifest
from wire.messages import DispatchState

logger = logging.getLogger(__name__)


class AnsweredSpool(SpoolReader):
    """A spool that notes the cloud's answers. ``Spool`` has the packer's side."""

    def __init__(self, directory: Path, opened: Opened, reader: Journal, files: FileSystem) -> None:
        super().__init__(directory, reader, files)
        self._journal = opened.journal
        self._numbers = opened.numbers
        self._wakes: list[Callable[[], None]] = []

    def subscribe(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` after each commit that gives the uplink something to do.

        It runs in the thread that made the commit, must return at once and must not raise.
        """
        self._wakes.append(wake)

    def hold(self, proof_id: str) -> None:
        """Keep a proof's manifest back; call it before closing. A restart forgets it."""
        with self._held_lock:
            self._held.add(proof_id)

    def release(self, proof_id: str) -> None:
        """Let a held manifest go. Harmless when it was not held."""
        with self._held_lock:
            self._held.discard(proof_id)
        self._wake()

    def _wake(self) -> None:
        for wake in self._wakes:
            wake()

    # --- the cloud's answers --------------------------------------------------------------------

    def photo_receipted(self, sha256: str) -> None:
        """The cloud has these bytes: they are not sent again, and nothing more."""
        with self._journal.transaction("noting a photo's receipt") as connection:
            proof_ids = answers.photo_receipted(connection, sha256)
        for one in proof_ids:
            logger.info("photo uploaded", extra={"proof": one, "sha8": sha256[:8]})

    def photos_missing(
        self, proof_id: str, revision: int, sha256s: Collection[str], at: Moment
    ) -> StoredManifest | None:
        """The cloud lacks photos that this manifest names, whatever it said of them before.

        Those that are here are offered again. What is lost cannot come any more, so that the proof
        would wait for ever: its next revision, which is given back, leaves it out.
        """
        with self._journal.transaction("noting missing photos") as connection:
            answers.photos_wanted(connection, sha256s)
            manifest = proofs.leave_out_lost(
                connection, proof_id, revision, sha256s, at=at, numbers=self._numbers
            )
        if manifest is not None:
            logger.error("proof goes on without its lost photos", extra={"proof": proof_id})
        self._wake()
        return manifest

    def photo_lost(self, sha256: str) -> None:
        """A stored photo is not what was written: it is counted, not offered, and set aside."""
        with self._journal.transaction("noting a lost photo") as connection:
            lost = answers.photo_lost(connection, sha256)
        for proof_id, path in lost:
            set_aside(self._files, self._directory / path)
            logger.error("photo is damaged", extra={"proof": proof_id, "sha8": sha256[:8]})

    def proof_receipted(self, proof_id: str, revision: int) -> None:
        """The cloud holds this manifest and all it names; retention may free the photos."""
        with self._journal.transaction("noting a proof's receipt") as connection:
            answers.proof_receipted(connection, proof_id, revision)

    def offer_again(self, restoration: str) -> None:
        """The cloud was put back from a backup and may not know what it gave receipts for."""
        with self._journal.transaction("noting that the cloud was put back") as connection:
            count = answers.offer_again(connection, restoration)
        if count is not None:
            logger.warning(
                "the cloud was put back from a backup: %d proofs are offered again", count
            )
            self._wake()

    def proof_refused(self, proof_id: str, revision: int, reason: str) -> None:
        """The cloud will not take this manifest: it is not sent again, its photos stay."""
        with self._journal.transaction("noting a refused proof") as connection:
            answers.proof_refused(connection, proof_id, revision, reason)
        logger.error("proof refused", extra={"proof": proof_id, "reason": reason})

    def note_progress(self, proof_id: str, state: DispatchState, reason: str = "") -> None:
        """How far the proof's dispatch has come; a final state ends ``following``."""
        with self._journal.transaction("noting progress") as connection:
            answers.note_progress(connection, proof_id, state, reason)
