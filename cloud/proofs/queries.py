"""Reading proofs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.database.prepared import Reading
from cloud.proofs.models import Photo, Proof, ProofPhoto

_HASHES = Reading(
    select(ProofPhoto.sha256)
    .where(ProofPhoto.proof_id == bindparam("proof_id"), ProofPhoto.deleted_at.is_(None))
    .order_by(ProofPhoto.position)
)
_STORED = Reading(
    select(Photo.sha256).where(Photo.sha256.in_(bindparam("sha256s", expanding=True)))
)


def photo_hashes(session: Session, proof_id: int | None) -> list[str]:
    """SHA-256 of a proof's photos that are kept, in their order."""
    return [sha256 for (sha256,) in _HASHES.all(session, proof_id=proof_id)]


def photos_of(session: Session, proof_id: int) -> Sequence[ProofPhoto]:
    """A proof's photos, in their order; those that are deleted, too."""
    return session.scalars(
        select(ProofPhoto).where(ProofPhoto.proof_id == proof_id).order_by(ProofPhoto.position)
    ).all()


def photos_of_each(session: Session, proof_ids: Sequence[int]) -> dict[int, list[ProofPhoto]]:
    """The photos of some proofs, in their order; proofs without any are left out."""
    found: dict[int, list[ProofPhoto]] = {}
    rows = session.scalars(
        select(ProofPhoto)
        .where(ProofPhoto.proof_id.in_(proof_ids))
        .order_by(ProofPhoto.proof_id, ProofPhoto.position)
    )
    for row in rows:
        found.setdefault(row.proof_id, []).append(row)
    return found


def stored_among(session: Session, sha256s: Sequence[str]) -> set[str]:
    """Those of the hashes whose photos have arrived."""
    return {sha256 for (sha256,) in _STORED.all(session, sha256s=list(sha256s))}


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """What a row says of a stored photo."""

    sha256: str
    size_bytes: int
    device_id: str


def photo_rows_after(session: Session, sha256: str, most: int) -> list[PhotoRow]:
    """At most so many photos of the organisation, ascending by hash, beyond this one."""
    rows = session.execute(
        select(Photo.sha256, Photo.size_bytes, Photo.device_id)
        .where(Photo.sha256 > sha256)
        .order_by(Photo.sha256)
        .limit(most)
    )
    return [PhotoRow(*row) for row in rows]


def codes_showing(session: Session, sha256: str, most: int) -> tuple[str, ...]:
    """Order or tracking numbers of proofs that show a photo, the oldest first."""
    proofs = session.scalars(
        select(Proof.code)
        .join(ProofPhoto, ProofPhoto.proof_id == Proof.id)
        .where(ProofPhoto.sha256 == sha256)
        .order_by(Proof.id)
        .limit(most)
    )
    return tuple(dict.fromkeys(proofs))
