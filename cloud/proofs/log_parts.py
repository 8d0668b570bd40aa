"""Everything that a filter of the log finds, part by part: for what has no pages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchKind
from cloud.orders.models import Parcel
from cloud.proofs.entries import LogEntry
from cloud.proofs.log_filter import LogFilter, Window
from cloud.proofs.log_queries import log_entries

PART = 500
"""Entries that are in memory at once."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some entries, newest first."""

    entries: Sequence[LogEntry]
    tracking_numbers: Mapping[int, Sequence[str]]
    """Of each proof: those of all parcels of its order."""


def log_in_parts(
    reading: Callable[[], AbstractContextManager[Session]], wanted: LogFilter
) -> Iterator[LogPart]:
    """All entries of a filter, newest first; what comes meanwhile is left out.

    Each part is read in a session of its own (a scoped one), so that no transaction stays open
    while somebody takes their time with what they get. Raises what reading raises.
    """
    before: int | None = None
    while True:
        with reading() as session:
            found = log_entries(session, wanted, Window(PART, before=before))
            ids = [one.proof.id for one in found.entries]
            part = LogPart(found.entries, tracking_numbers(session, ids))
        if part.entries:
            yield part
        before = _next(found.stopped_at, ids)
        if before is None:
            return


def _next(stopped_at: int | None, ids: Sequence[int]) -> int | None:
    if stopped_at is not None:
        return stopped_at
    return ids[-1] if len(ids) == PART else None


def tracking_numbers(session: Session, proof_ids: Sequence[int]) -> dict[int, list[str]]:
    """The tracking numbers of the orders that proofs show, each once; none where none is known."""
    # From the dispatches on: for a list of orders SQLite would walk through all parcels.
    rows = session.execute(
        select(Dispatch.proof_id, Parcel.tracking_number)
        .outerjoin(Parcel, Parcel.order_id == Dispatch.order_id)
        .where(Dispatch.proof_id.in_(proof_ids), Dispatch.kind == DispatchKind.PROOF)
        .order_by(Dispatch.proof_id, Dispatch.id, Parcel.id)
    )
    found: dict[int, dict[str, None]] = {}
    for proof_id, number in rows:
        if proof_id is not None and number:
            found.setdefault(proof_id, {})[number] = None
    return {proof_id: list(numbers) for proof_id, numbers in found.items()}
