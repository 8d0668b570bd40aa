"""Manifests: from a table's words to a proof and its dispatch, in one transaction."""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from cloud import metrics
from cloud.database.base import utc_now
from cloud.database.changes import record_change
from cloud.database.errors import DatabaseError
from cloud.database.write import Database
from cloud.link.outbound import Outbound
from cloud.link.photos import PhotoIntake
from cloud.link.senders import Sender
from cloud.photos.errors import PhotoStoreError
from cloud.photos.store import PhotoStore
from cloud.proofs.models import Proof
from cloud.proofs.service import (
    ManifestFacts,
    Outcome,
    PackingArea,
    PhotoFacts,
    Verdict,
    accept_manifest,
)
from wire.errors import BadMessage, WireError
from wire.messages import Area, Manifest, ProofResult

logger = logging.getLogger(__name__)

_PHOTOS_IN_WORK_S = 10.0
_MOST_BYTES = 64 * 1024
"""Three photos and ten warnings each stay far below; all of it is kept for ever."""

AskForDispatch = Callable[[Session, Proof, datetime], None]
"""Does what a new or changed proof asks for: dispatch it, or take its dispatch back."""

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
        self._database = database
        self._store = store
        self._photos = photos
        self._outbound = outbound
        self._ask_for_dispatch = ask_for_dispatch

    def take(self, sender: Sender, proof_id: str, payload: bytes) -> None:
        """Apply one manifest. One that could not be committed is not answered, and comes again."""
        try:
            manifest = _parse(proof_id, payload)
        except WireError as error:
            self._refuse(sender, proof_id, str(error))
            return
        sha256s = [photo.sha256 for photo in manifest.photos]
        self._photos.wait_for(sender.organisation_id, sha256s, _PHOTOS_IN_WORK_S)
        try:
            unsound = self._unsound(sender, sha256s)
            verdict = self._commit(sender, _facts(manifest, sender, payload), unsound)
        except (DatabaseError, PhotoStoreError) as error:
            if isinstance(error, PhotoStoreError):
                metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
            logger.exception(
                "a manifest could not be committed; its table will send it again",
                extra={"device": sender.device_id, "proof": proof_id},
            )
            return
        self._answer(sender, manifest, verdict)

    def _unsound(self, sender: Sender, sha256s: list[str]) -> frozenset[str]:
        """Photos whose bytes are not there, whatever the rows say.

        The receipt lets the table free its copies, so this is the last moment to find out.
        """
        organisation_id = sender.organisation_id
        return frozenset(
            sha256 for sha256 in sha256s if not self._store.exists_verified(organisation_id, sha256)
        )

    def _commit(self, sender: Sender, facts: ManifestFacts, unsound: frozenset[str]) -> Verdict:
        now = utc_now()

        def unit(session: Session) -> Verdict:
            verdict = accept_manifest(session, facts, now, unsound)
            if verdict.outcome is Outcome.APPLIED and verdict.proof is not None:
                self._ask_for_dispatch(session, verdict.proof, now)
                record_change(session, kind="proof", subject=f"proof:{verdict.proof.id}")
            return verdict

        return self._database.write(unit, sender.scope)

    def _answer(self, sender: Sender, manifest: Manifest, verdict: Verdict) -> None:
        if verdict.outcome is Outcome.APPLIED:
            metrics.PROOFS_RECEIVED.labels(manifest.closing).inc()
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


def _parse(proof_id: str, payload: bytes) -> Manifest:
    if len(payload) > _MOST_BYTES:
        raise BadMessage(f"Manifest: {len(payload)} bytes are more than {_MOST_BYTES}")
    manifest = Manifest.from_bytes(payload)
    if manifest.proof_id != proof_id:
        raise BadMessage("the manifest names another proof than its topic")
    return manifest


def _facts(manifest: Manifest, sender: Sender, payload: bytes) -> ManifestFacts:
    return ManifestFacts(
        proof_key=manifest.proof_id,
        revision=manifest.revision,
        digest=hashlib.sha256(payload).hexdigest(),
        raw=payload,
        device_id=sender.device_id,
        table_id=sender.table_id,
        closing=manifest.closing,
        mode=manifest.mode,
        code=manifest.code,
        photos=tuple(
            PhotoFacts(
                sha256=photo.sha256,
                size_bytes=photo.size_bytes,
                taken_at=photo.taken_at,
                clock_synced=photo.clock_synced,
                source=photo.source,
                warnings=tuple(photo.warnings),
                area=_area(photo.packing_area),
            )
            for photo in manifest.photos
        ),
        sequence=manifest.sequence,
        opened_at=manifest.opened_at,
        closed_at=manifest.closed_at,
        clock_synced=manifest.clock_synced,
        packer=manifest.packer,
    )


def _area(area: Area | None) -> PackingArea | None:
    return PackingArea(area.left, area.top, area.width, area.height) if area else None
