"""Reading proofs."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.proofs.models import Photo, ProofPhoto


def photo_hashes(session: Session, proof_id: int | None) -> list[str]:
    """SHA-256 of a proof's photos, in their order."""
    return list(
        session.scalars(
            select(ProofPhoto.sha256)
            .where(ProofPhoto.proof_id == proof_id)
            .order_by(ProofPhoto.position)
        )
    )


def photos_of(session: Session, proof_id: int) -> Sequence[ProofPhoto]:
    """A proof's photos, in their order."""
    return session.scalars(
        select(ProofPhoto).where(ProofPhoto.proof_id == proof_id).order_by(ProofPhoto.position)
    ).all()


def stored_among(session: Session, sha256s: Sequence[str]) -> set[str]:
    """Those of the hashes whose photos have arrived."""
    return set(session.scalars(select(Photo.sha256).where(Photo.sha256.in_(sha256s))))
