"""Taking in photos and manifests: what is new, what is a repeat, what contradicts."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from cloud.database.prepared import Adding, Changing, Reading
from cloud.photos.errors import StoreUnavailable
from cloud.proofs.models import (
    AcceptedManifest,
    LeavingPhoto,
    Photo,
    Proof,
    ProofPhoto,
    QuarantinedManifest,
)
from cloud.proofs.platforms import Platform
from cloud.proofs.queries import stored_among


class PackingArea(NamedTuple):
    """The part of a photo that shows the packing, in ten-thousandths of its upright sides."""

    left: int
    top: int
    width: int
    height: int


_AREA = ("area_left", "area_top", "area_width", "area_height")
_ALL_OF_IT = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """One photo as a manifest names it."""

    sha256: str
    size_bytes: int
    taken_at: datetime
    clock_synced: bool
    source: str
    warnings: tuple[str, ...] = ()
    area: PackingArea | None = None


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """A manifest, parsed, and who published it."""

    proof_key: str
    revision: int
    digest: str
    raw: bytes
    device_id: str
    table_id: int | None
    closing: str
    mode: str
    code: str
    photos: tuple[PhotoFacts, ...]
    sequence: int
    opened_at: datetime
    closed_at: datetime
    clock_synced: bool
    packer: str | None
    platform: Platform = Platform.TABLE


class Outcome(StrEnum):
    """What a manifest did."""

    APPLIED = "applied"
    REPEATED = "repeated"
    OUTDATED = "outdated"
    MISSING_PHOTOS = "missing-photos"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Answer to a manifest. ``proof`` is the row that it made or changed."""

    outcome: Outcome
    proof: Proof | None = None
    missing: tuple[str, ...] = ()
    reason: str = ""
    receipted: bool = field(init=False)

    def __post_init__(self) -> None:
        receipted = self.outcome in {Outcome.APPLIED, Outcome.REPEATED, Outcome.OUTDATED}
        object.__setattr__(self, "receipted", receipted)


# Made once: they run for every photo and proof that comes in.
_ADD_PHOTO = Adding(Photo)
_ADD_PROOF_PHOTOS = Adding(ProofPhoto)
_ADD_MANIFEST = Adding(AcceptedManifest)
_DROP_PHOTOS = Changing(delete(ProofPhoto).where(ProofPhoto.proof_id == bindparam("of_proof")))
_KNOWN_DIGEST = Reading(
    select(AcceptedManifest.digest).where(
        AcceptedManifest.proof_key == bindparam("proof_key"),
        AcceptedManifest.revision == bindparam("revision"),
    )
)
_LEAVING = Reading(select(LeavingPhoto.id).where(LeavingPhoto.sha256 == bindparam("sha256")))
_PHOTO = select(Photo).where(Photo.sha256 == bindparam("sha256"))


def has_photo(session: Session, sha256: str) -> Photo | None:
    """The committed row of a photo of this organisation."""
    return session.scalar(_PHOTO, {"sha256": sha256})


def is_leaving(session: Session, sha256: str) -> bool:
    """Whether a photo's row is deleted, and its bytes are about to follow (a scoped session)."""
    return _LEAVING.first(session, sha256=sha256) is not None


def add_photo(
    session: Session, sha256: str, size_bytes: int, device_id: str, now: datetime
) -> None:
    """Record a photo that is durably stored; a repeat changes nothing.

    Raises:
        StoreUnavailable: retention is deleting just these bytes; store it again in a moment.
    """
    if not stored_among(session, [sha256]):
        if is_leaving(session, sha256):
            raise StoreUnavailable("the same photo is being deleted; it can be stored in a moment")
        _ADD_PHOTO.run(
            session, sha256=sha256, size_bytes=size_bytes, device_id=device_id, stored_at=now
        )


def accept_manifest(
    session: Session,
    facts: ManifestFacts,
    now: datetime,
    unsound: frozenset[str] = frozenset(),
) -> Verdict:
    """Apply a manifest (a session scoped to the device's organisation; safe to run twice).

    The same manifest again gets the same answer for ever, also after its photos were deleted by
    retention; another content under the same proof and revision is quarantined (invariant 7).
    Photos in ``unsound`` count as missing, although rows may say that they are stored.
    """
    known = _KNOWN_DIGEST.first(session, proof_key=facts.proof_key, revision=facts.revision)
    if known is not None:
        if known[0] == facts.digest:
            return Verdict(Outcome.REPEATED)
        return _quarantine(session, facts, "another manifest has this proof and revision", now)
    proof = session.scalar(select(Proof).where(Proof.proof_key == facts.proof_key))
    is_outdated = proof is not None and facts.revision < proof.revision
    if proof is not None and not is_outdated and not _may_follow(proof.closing, facts.closing):
        reason = f"{facts.closing} cannot follow {proof.closing}"
        return _quarantine(session, facts, reason, now)
    # Also when it is outdated: its receipt lets the table free what it names.
    missing = _missing_photos(session, facts, unsound)
    if missing:
        return Verdict(Outcome.MISSING_PHOTOS, missing=missing)
    if is_outdated:
        _remember(session, facts, Outcome.OUTDATED, now)
        return Verdict(Outcome.OUTDATED, proof)
    return Verdict(Outcome.APPLIED, _apply(session, proof, facts, now))


def _may_follow(before: str, after: str) -> bool:
    return before == "unsent" or (before == "send" and after == "withdrawn")


def _missing_photos(
    session: Session, facts: ManifestFacts, unsound: frozenset[str]
) -> tuple[str, ...]:
    wanted = [photo.sha256 for photo in facts.photos]
    there = stored_among(session, wanted) - unsound
    return tuple(sha256 for sha256 in dict.fromkeys(wanted) if sha256 not in there)


def _apply(session: Session, proof: Proof | None, facts: ManifestFacts, now: datetime) -> Proof:
    is_new = proof is None
    if proof is None:
        proof = Proof(proof_key=facts.proof_key, received_at=now)
        session.add(proof)
    proof.device_id = facts.device_id
    proof.table_id = facts.table_id
    proof.platform = facts.platform
    proof.code = facts.code
    proof.closing = facts.closing
    proof.mode = facts.mode
    proof.revision = facts.revision
    proof.sequence = facts.sequence
    proof.opened_at = facts.opened_at
    proof.close(facts.closed_at, clock_synced=facts.clock_synced)
    proof.packer = facts.packer
    proof.photo_count = len(facts.photos)
    session.flush()
    _put_photos(session, proof, facts.photos, is_new=is_new)
    _remember(session, facts, Outcome.APPLIED, now)
    return proof


def _put_photos(
    session: Session, proof: Proof, photos: tuple[PhotoFacts, ...], *, is_new: bool
) -> None:
    if not is_new:
        _DROP_PHOTOS.run(session, of_proof=proof.id)
    _ADD_PROOF_PHOTOS.run_all(
        session,
        [
            {
                "organisation_id": proof.organisation_id,
                "proof_id": proof.id,
                "position": position,
                "sha256": photo.sha256,
                "size_bytes": photo.size_bytes,
                "taken_at": photo.taken_at,
                "clock_synced": photo.clock_synced,
                "source": photo.source,
                "warnings": "\n".join(photo.warnings),
                **dict(zip(_AREA, photo.area or _ALL_OF_IT, strict=True)),
            }
            for position, photo in enumerate(photos)
        ],
    )


def _remember(session: Session, facts: ManifestFacts, effect: Outcome, now: datetime) -> None:
    _ADD_MANIFEST.run(
        session,
        proof_key=facts.proof_key,
        revision=facts.revision,
        digest=facts.digest,
        device_id=facts.device_id,
        raw=facts.raw,
        effect=effect,
        received_at=now,
    )


def _quarantine(session: Session, facts: ManifestFacts, reason: str, now: datetime) -> Verdict:
    there = session.scalar(
        select(QuarantinedManifest.id).where(
            QuarantinedManifest.proof_key == facts.proof_key,
            QuarantinedManifest.revision == facts.revision,
            QuarantinedManifest.digest == facts.digest,
        )
    )
    if there is None:
        session.add(
            QuarantinedManifest(
                proof_key=facts.proof_key,
                revision=facts.revision,
                digest=facts.digest,
                device_id=facts.device_id,
                raw=facts.raw,
                reason=reason,
                received_at=now,
            )
        )
        session.flush()
    return Verdict(Outcome.CONFLICT, reason=reason)
