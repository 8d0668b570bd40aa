"""When the code of a dispatch was scanned, and the orders that it meant then."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.database.base import utc_now
from cloud.database.prepared import Reading
from cloud.orders.queries import Candidate, candidates
from cloud.proofs.models import Proof

_PACKED = Reading(
    select(Proof.packed_at, Proof.received_at)
    .join(Dispatch, Dispatch.proof_id == Proof.id)
    .where(Dispatch.id == bindparam("dispatch_id"))
)


def orders_meant(
    session: Session, dispatch_id: int, code: str, *, tracking_counts_for: timedelta
) -> Sequence[Candidate]:
    """All orders that the dispatch's code meant when its proof was packed.

    Sent again a year later, it means the same order still, though the carrier may have given its
    tracking number to another parcel since.
    """
    return candidates(
        session,
        code,
        scanned_at=_scanned_at(session, dispatch_id),
        tracking_counts_for=tracking_counts_for,
    )


def _scanned_at(session: Session, dispatch_id: int) -> datetime:
    """By the table's clock, unless that ran ahead."""
    row = _PACKED.first(session, dispatch_id=dispatch_id)
    return min(row) if row is not None else utc_now()
