"""Legal hold: what somebody keeps from deletion, with the reason, until it is released.

The database itself refuses to delete a proof that was ever held and the row of a photo that is
held; so does whatever deletes by age, however it is written.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.accounts.queries import member_names
from cloud.proofs.models import HOLD_REASON_LENGTH, HeldPhoto, Proof, ProofHold
from cloud.proofs.queries import photo_hashes, stored_among


@dataclass(frozen=True, slots=True)
class ShownHold:
    """A hold as the pages show it."""

    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str
    released_at: datetime | None
    """None: it is in force."""


def place_hold(session: Session, proof_id: int, member_id: int, reason: str, now: datetime) -> bool:
    """Keep a proof and its photos from deletion (a scoped session); twice is as once.

    Returns False, and keeps nothing, without a reason or when there is no such proof.
    """
    reason = " ".join(reason.split())[:HOLD_REASON_LENGTH]
    # Locked, so that of two at once the second finds the hold of the first.
    proof = session.get(Proof, proof_id, with_for_update=True)
    if not reason or proof is None:
        return False
    if _in_force(session, proof_id) is not None:
        return True
    hold = ProofHold(proof_id=proof_id, reason=reason, placed_by_member_id=member_id, placed_at=now)
    session.add(hold)
    session.flush()
    for sha256 in sorted(stored_among(session, photo_hashes(session, proof_id))):
        session.add(HeldPhoto(hold_id=hold.id, sha256=sha256))
    session.flush()
    return True


def release_hold(session: Session, proof_id: int, member_id: int, now: datetime) -> bool:
    """End the hold; what it said stays. False: there is none in force (a scoped session)."""
    hold = _in_force(session, proof_id)
    if hold is None:
        return False
    hold.released_by_member_id, hold.released_at = member_id, now
    session.execute(delete(HeldPhoto).where(HeldPhoto.hold_id == hold.id))
    session.flush()
    return True


def holds_of(session: Session, proof_id: int) -> list[ShownHold]:
    """All holds of a proof, oldest first (a scoped session)."""
    rows = session.scalars(
        select(ProofHold).where(ProofHold.proof_id == proof_id).order_by(ProofHold.id)
    ).all()
    placed = {row.placed_by_member_id for row in rows}
    released = {row.released_by_member_id for row in rows if row.released_by_member_id}
    names = member_names(session, placed | released) if rows else {}
    return [
        ShownHold(
            row.reason,
            names.get(row.placed_by_member_id, ""),
            row.placed_at,
            names.get(row.released_by_member_id or 0, ""),
            row.released_at,
        )
        for row in rows
    ]


def _in_force(session: Session, proof_id: int) -> ProofHold | None:
    return session.scalar(
        select(ProofHold).where(ProofHold.proof_id == proof_id, ProofHold.released_at.is_(None))
    )
