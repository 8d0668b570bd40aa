"""Inventories: a table says what it has no receipt for, the cloud compares and answers."""

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud import metrics
from cloud.database.base import utc_now
from cloud.database.restorations import newest_mark
from cloud.database.write import Database
from cloud.link.assembly import Assembly
from cloud.link.outbound import Outbound
from cloud.link.photos import PhotoIntake
from cloud.link.progress import ProgressTeller
from cloud.link.senders import Sender
from cloud.photos.errors import PhotoStoreError
from cloud.photos.store import PhotoStore
from cloud.proofs.models import AcceptedManifest, Photo
from wire.messages import (
    Answer,
    Inventory,
    PhotoAnswer,
    PhotoResult,
    PhotoState,
    ProofAnswer,
    ProofResult,
    ProofState,
)

logger = logging.getLogger(__name__)

_PHOTOS_IN_WORK_S = 10.0
_MOST_MISSING_RANGES = 64
"""Per photo in one answer, so that a long inventory's answer stays below every packet limit; a
table that has sent these asks again."""


class InventoryAnswers:
    """Answers inventories from the database, never from memory of what was sent."""

    def __init__(
        self,
        database: Database,
        *,
        store: PhotoStore,
        assembly: Assembly,
        photos: PhotoIntake,
        progress: ProgressTeller,
        outbound: Outbound,
    ) -> None:
        self._database = database
        self._store = store
        self._assembly = assembly
        self._photos = photos
        self._progress = progress
        self._outbound = outbound

    def take(self, sender: Sender, inventory: Inventory) -> None:
        """Answer one inventory, or a part of a long one."""
        # One that is complete and not committed yet would be asked for as a whole again.
        sha256s = [photo.sha256 for photo in inventory.photos]
        self._photos.wait_for(sender.organisation_id, sha256s, _PHOTOS_IN_WORK_S)
        with self._database.read(sender.scope) as session:
            committed = _committed_photos(session, inventory.photos)
            proofs = _proof_answers(session, inventory.proofs)
            restored = newest_mark(session)
        photos = [self._photo_answer(sender, photo, committed) for photo in inventory.photos]
        self._outbound.answer(
            sender.address,
            Answer(
                correlation=inventory.correlation,
                photos=photos,
                proofs=proofs,
                restored=restored,
                now=utc_now(),
            ),
        )
        # What is receipted only now may have been sent while the table was away.
        receipted = [one.proof_id for one in proofs if one.result is ProofResult.RECEIPTED]
        if inventory.following or receipted:
            self._progress.tell(sender, [*inventory.following, *receipted])

    def _photo_answer(
        self, sender: Sender, photo: PhotoState, committed: dict[str, int]
    ) -> PhotoAnswer:
        if committed.get(photo.sha256) == photo.size_bytes and self._is_sound(sender, photo):
            return PhotoAnswer(sha256=photo.sha256, result=PhotoResult.RECEIPTED)
        missing = self._assembly.missing(sender.device_id, photo.sha256, photo.size_bytes)
        return PhotoAnswer(
            sha256=photo.sha256,
            result=PhotoResult.PARTIAL,
            missing=[(0, photo.size_bytes)] if missing is None else missing[:_MOST_MISSING_RANGES],
        )

    def _is_sound(self, sender: Sender, photo: PhotoState) -> bool:
        """A row alone is no receipt: the file must be there with the right bytes (invariant 4)."""
        try:
            return self._store.exists_verified(sender.organisation_id, photo.sha256)
        except PhotoStoreError as error:
            metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
            logger.exception("a stored photo cannot be checked", extra={"photo": photo.sha256})
            return False


def _committed_photos(session: Session, photos: list[PhotoState]) -> dict[str, int]:
    wanted = [photo.sha256 for photo in photos]
    rows = session.execute(select(Photo.sha256, Photo.size_bytes).where(Photo.sha256.in_(wanted)))
    return {sha256: size_bytes for sha256, size_bytes in rows}  # noqa: C416  rows are no pairs


def _proof_answers(session: Session, proofs: list[ProofState]) -> list[ProofAnswer]:
    wanted = [proof.proof_id for proof in proofs]
    rows = session.execute(
        select(
            AcceptedManifest.proof_key, AcceptedManifest.revision, AcceptedManifest.digest
        ).where(AcceptedManifest.proof_key.in_(wanted))
    )
    digests = {(proof_key, revision): digest for proof_key, revision, digest in rows}
    return [
        ProofAnswer(
            proof_id=proof.proof_id,
            revision=proof.revision,
            result=_result(digests.get((proof.proof_id, proof.revision)), proof.digest),
        )
        for proof in proofs
    ]


def _result(known_digest: str | None, digest: str) -> ProofResult:
    if known_digest is None:
        return ProofResult.UNKNOWN
    return ProofResult.RECEIPTED if known_digest == digest else ProofResult.CONFLICT
