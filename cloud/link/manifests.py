"""Manifests of tables: taken in as everybody's, and each answered."""

import logging

from cloud import metrics
from cloud.database.errors import DatabaseError
from cloud.database.write import Database
from cloud.dispatcher.errors import ManifestRefused
from cloud.dispatcher.taking_in import AskForDispatch, ManifestTaking, Origin, read_manifest
from cloud.link.outbound import Outbound
from cloud.link.photos import PhotoIntake
from cloud.link.senders import Sender
from cloud.photos.errors import PhotoStoreError
from cloud.photos.store import PhotoStore
from cloud.proofs.service import Outcome, Verdict
from wire.messages import Manifest, ProofResult

logger = logging.getLogger(__name__)

_PHOTOS_IN_WORK_S = 10.0

_RESULTS = {
    Outcome.APPLIED: ProofResult.RECEIPTED,
    Outcome.REPEATED: ProofResult.RECEIPTED,
    Outcome.OUTDATED: ProofResult.RECEIPTED,
    Outcome.MISSING_PHOTOS: ProofResult.MISSING,
    Outcome.CONFLICT: ProofResult.CONFLICT,
}


class ManifestIntake:
    """Takes manifests in and answers each one."""

    def __init__(
        self,
        database: Database,
        store: PhotoStore,
        photos: PhotoIntake,
        outbound: Outbound,
        ask_for_dispatch: AskForDispatch,
    ) -> None:
        self._taking = ManifestTaking(database, store, ask_for_dispatch)
        self._photos = photos
        self._outbound = outbound

    def take(self, sender: Sender, proof_id: str, payload: bytes) -> None:
        """Apply one manifest. One that could not be committed is not answered, and comes again."""
        try:
            manifest = read_manifest(proof_id, payload)
        except ManifestRefused as error:
            self._refuse(sender, proof_id, str(error))
            return
        sha256s = [photo.sha256 for photo in manifest.photos]
        self._photos.wait_for(sender.organisation_id, sha256s, _PHOTOS_IN_WORK_S)
        try:
            origin = Origin(sender.organisation_id, sender.device_id, sender.table_id)
            verdict = self._taking.take(origin, manifest, payload)
        except (DatabaseError, PhotoStoreError) as error:
            if isinstance(error, PhotoStoreError):
                metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
            logger.exception(
                "a manifest could not be committed; its table will send it again",
                extra={"device": sender.device_id, "proof": proof_id},
            )
            return
        self._answer(sender, manifest, verdict)

    def _answer(self, sender: Sender, manifest: Manifest, verdict: Verdict) -> None:
        result = _RESULTS[verdict.outcome]
        log = logger.warning if result is ProofResult.CONFLICT else logger.info
        log(
            "manifest %s",
            verdict.outcome,
            extra={
                "device": sender.device_id,
                "proof": manifest.proof_id,
                "revision": manifest.revision,
            },
        )
        self._outbound.proof(
            sender.address,
            manifest.proof_id,
            manifest.revision,
            result,
            missing=verdict.missing,
            reason=verdict.reason,
        )

    def _refuse(self, sender: Sender, proof_id: str, reason: str) -> None:
        logger.warning(
            "a manifest was refused: %s",
            reason,
            extra={"device": sender.device_id, "proof": proof_id},
        )
        self._outbound.proof(sender.address, proof_id, 0, ProofResult.REFUSED, reason=reason)
