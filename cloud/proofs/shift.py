"""A packer's own shift: what they packed themselves in the last hours, and nobody else's.

It goes by the hours and not by a sign-in: a browser stays signed in for two weeks, and who packs at
a table may sign in at a browser afterwards.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.database.base import UtcDateTime
from cloud.database.prepared import Reading
from cloud.proofs.log_filter import LogFilter
from cloud.proofs.models import PACKER_LENGTH, Proof, ProofPhoto

LASTS = timedelta(hours=12)
_SHOWN = Reading(
    select(ProofPhoto.id)
    .join(Proof, Proof.id == ProofPhoto.proof_id)
    .where(
        ProofPhoto.sha256 == bindparam("sha256"),
        Proof.packer == bindparam("packer"),
        Proof.packed_at >= bindparam("since", type_=UtcDateTime()),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Shift:
    """What one packer may see."""

    packer: str
    """As proofs name them."""
    since: datetime

    def covers(self, proof: Proof) -> bool:
        """Whether a proof was packed in it."""
        return proof.packer == self.packer and proof.packed_at >= self.since

    def shows(self, session: Session, sha256: str) -> bool:
        """Whether a photo is of a proof that was packed in it (a scoped session)."""
        shown = _SHOWN.first(session, sha256=sha256, packer=self.packer, since=self.since)
        return shown is not None

    def within(self, wanted: LogFilter) -> LogFilter:
        """What of a filter lies in it."""
        since = max(self.since, wanted.packed_from or self.since)
        own = replace(wanted, packer=self.packer, packed_from=since)
        if wanted.packer in {"", self.packer}:
            return own
        # Somebody else's: no time at all, so that nothing is found.
        return replace(own, packed_before=since)


def shift_of(email: str, now: datetime) -> Shift:
    """The shift of the member with this address, as browsers and badges name who packs."""
    return Shift(email[:PACKER_LENGTH], now - LASTS)
