"""Reading proofs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.proofs.models import ProofPhoto


def photo_hashes(session: Session, proof_id: int | None) -> list[str]:
    """SHA-256 of a proof's photos, in their order."""
    return list(
        session.scalars(
            select(ProofPhoto.sha256)
            .where(ProofPhoto.proof_id == proof_id)
            .order_by(ProofPhoto.position)
        )
    )
