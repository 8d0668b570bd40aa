"""Taking in manifests, whoever sends them: a table by MQTT, a browser by HTTPS.

One way for all: what was accepted is remembered for ever, the same again gets the same answer, and
the receipt is given only when every photo is stored with its right bytes (invariants 3, 4, 7).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from cloud import metrics
from cloud.database.base import utc_now
from cloud.database.changes import record_change
from cloud.database.scope import Scope, scoped
from cloud.database.write import Database
from cloud.dispatcher.errors import ManifestRefused
from cloud.fleet.badges import packer_of
from cloud.photos.store import PhotoStore
from cloud.proofs.models import Proof
from cloud.proofs.platforms import Platform
from cloud.proofs.service import (
    ManifestFacts,
    Outcome,
    PackingArea,
    PhotoFacts,
    Verdict,
    accept_manifest,
)
from wire.errors import WireError
from wire.messages import Area, Manifest

MOST_BYTES = 64 * 1024
"""Three photos and ten warnings each stay far below; all of it is kept for ever."""

AskForDispatch = Callable[[Session, Proof, datetime], None]
"""Does what a new or changed proof asks for: dispatch it, or take its dispatch back."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sends a manifest."""

    organisation_id: int
    device_id: str
    table_id: int | None
    platform: Platform = Platform.TABLE

    @property
    def scope(self) -> Scope:
        """Everything about it happens in its organisation's scope."""
        return scoped(self.organisation_id)


def read_manifest(proof_id: str, payload: bytes) -> Manifest:
    """Parse a manifest of this proof. Raises ManifestRefused; the text names what is wrong."""
    if len(payload) > MOST_BYTES:
        raise ManifestRefused(f"Manifest: {len(payload)} bytes are more than {MOST_BYTES}")
    try:
        manifest = Manifest.from_bytes(payload)
    except WireError as error:
        raise ManifestRefused(str(error)) from None
    if manifest.proof_id != proof_id:
        raise ManifestRefused("the manifest names another proof than its topic")
    return manifest


class ManifestTaking:
    """From a manifest to a proof and its dispatch, in one transaction."""

    def __init__(
        self, database: Database, store: PhotoStore, ask_for_dispatch: AskForDispatch
    ) -> None:
        self._database = database
        self._store = store
        self._ask_for_dispatch = ask_for_dispatch

    def take(self, origin: Origin, manifest: Manifest, payload: bytes) -> Verdict:
        """Apply a manifest that was read from ``payload``.

        Raises DatabaseError and PhotoStoreError: nothing is known of it, and it must come again.
        """
        sha256s = [photo.sha256 for photo in manifest.photos]
        # The receipt lets the sender free its copies, so this is the last moment to find out.
        unsound = frozenset(
            sha256
            for sha256 in sha256s
            if not self._store.exists_verified(origin.organisation_id, sha256)
        )
        verdict = self._commit(origin, _facts(manifest, origin, payload), unsound)
        if verdict.outcome is Outcome.APPLIED:
            metrics.PROOFS_RECEIVED.labels(manifest.closing).inc()
        return verdict

    def _commit(self, origin: Origin, facts: ManifestFacts, unsound: frozenset[str]) -> Verdict:
        now = utc_now()

        def unit(session: Session) -> Verdict:
            packed_at = facts.opened_at if facts.clock_synced else now
            packer = packer_of(session, facts.packer, packed_at)
            named = replace(facts, packer=packer)
            verdict = accept_manifest(session, named, now, unsound)
            if verdict.outcome is Outcome.APPLIED and verdict.proof is not None:
                self._ask_for_dispatch(session, verdict.proof, now)
                record_change(session, kind="proof", subject=f"proof:{verdict.proof.id}")
            return verdict

        return self._database.write(unit, origin.scope)


def _facts(manifest: Manifest, origin: Origin, payload: bytes) -> ManifestFacts:
    return ManifestFacts(
        proof_key=manifest.proof_id,
        revision=manifest.revision,
        digest=hashlib.sha256(payload).hexdigest(),
        raw=payload,
        device_id=origin.device_id,
        table_id=origin.table_id,
        platform=origin.platform,
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
