"""Counting the proofs of hours anew, and reading what was counted (scoped sessions)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch, Message
from cloud.conversations.states import DispatchKind, DispatchState
from cloud.database.base import UtcDateTime
from cloud.database.prepared import Reading
from cloud.proofs.models import Proof
from cloud.proofs.states import ProofState, state_of_proof
from cloud.reports.figures import NOBODY, Figures, read_figures
from cloud.reports.models import CountedHour, CountingMark

HOUR = timedelta(hours=1)
_NOT_COUNTED = ("cancelled", "withdrawn")
_ON_THE_WAY = frozenset(
    {
        ProofState.SENT,
        ProofState.WAITING_FOR_ORDER,
        ProofState.QUEUED,
        ProofState.SENDING,
        ProofState.CANCELLED,
    }
)
_TIME = UtcDateTime()
# Both of the index's halves are named, so that it is read for a time.
_EVERY_STEP = Proof.off_step.in_((False, True))
_PACKED = (
    _EVERY_STEP,
    Proof.packed_at >= bindparam("since", type_=_TIME),
    Proof.packed_at < bindparam("until", type_=_TIME),
)
_COUNTS = (Proof.mode == "packing", Proof.closing.not_in(_NOT_COUNTED))
_PROOFS = Reading(
    select(
        Proof.id, Proof.packed_at, Proof.table_id, Proof.platform, Proof.packer, Proof.closing
    ).where(*_PACKED, *_COUNTS)
)
_SENDS = Reading(
    select(Dispatch.proof_id, Dispatch.state, Dispatch.reason)
    .select_from(Proof)
    .join(Dispatch, Dispatch.proof_id == Proof.id)
    .where(*_PACKED, *_COUNTS, Dispatch.kind == DispatchKind.PROOF)
    .order_by(Dispatch.id)
)
_TIMES = Reading(
    select(Proof.packed_at, Dispatch.asked_at, func.max(Message.sent_at))
    .select_from(Proof)
    .join(Dispatch, Dispatch.proof_id == Proof.id)
    .join(Message, Message.dispatch_id == Dispatch.id)
    .where(
        *_PACKED,
        *_COUNTS,
        Dispatch.kind == DispatchKind.PROOF,
        Dispatch.state == DispatchState.SENT,
        Dispatch.resend_of_id.is_(None),
    )
    .group_by(Dispatch.id, Proof.packed_at, Dispatch.asked_at)
)
_NEXT_PACKED = Reading(
    select(Proof.packed_at)
    .where(
        Proof.off_step == bindparam("off_step"),
        Proof.packed_at >= bindparam("since", type_=_TIME),
    )
    .order_by(Proof.packed_at)
    .limit(1)
)
_TIMES_OF = Reading(
    select(Proof.packed_at, Proof.received_at, Proof.opened_at).where(
        Proof.id.in_(bindparam("proof_ids", expanding=True))
    )
)
_COUNTED = Reading(
    select(CountedHour.hour, CountedHour.figures)
    .where(
        CountedHour.hour >= bindparam("since", type_=_TIME),
        CountedHour.hour < bindparam("until", type_=_TIME),
    )
    .order_by(CountedHour.hour)
)


def hour_of(at: datetime) -> datetime:
    """When the hour of a time began."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def count(session: Session, since: datetime, until: datetime) -> dict[datetime, Figures]:
    """The figures of all proofs that were packed in a time, by the hour."""
    time = {"since": since, "until": until}
    found: dict[datetime, Figures] = defaultdict(Figures)
    # The newest send of a proof comes last, and counts.
    sends = {proof_id: (state, reason) for proof_id, state, reason in _SENDS.all(session, **time)}
    for proof_id, packed_at, table_id, platform, packer, closing in _PROOFS.all(session, **time):
        figures = found[hour_of(packed_at)]
        place = platform if table_id is None else str(table_id)
        figures.note_proof(place, packer or NOBODY)
        sent, reason = sends.get(proof_id, (None, ""))
        state = state_of_proof(closing, sent)
        if state not in _ON_THE_WAY:
            figures.note_not_sent(state.value, reason)
    for packed_at, asked_at, sent_at in _TIMES.all(session, **time):
        if sent_at is not None:  # a person sent it by hand
            found[hour_of(packed_at)].note_sent((sent_at - asked_at).total_seconds())
    return dict(found)


def put(
    session: Session, since: datetime, until: datetime, figures: Mapping[datetime, Figures]
) -> None:
    """Keep the figures of all hours of a time, instead of what was kept of them."""
    known = {
        row.hour: row
        for row in session.scalars(
            select(CountedHour).where(CountedHour.hour >= since, CountedHour.hour < until)
        )
    }
    for hour in known.keys() - figures.keys():
        session.delete(known[hour])
    for hour, one in figures.items():
        if hour in known:
            known[hour].figures = one.written()
        else:
            session.add(CountedHour(hour=hour, figures=one.written()))


def counted(session: Session, since: datetime, until: datetime) -> list[tuple[datetime, Figures]]:
    """The figures of the hours that began in a time, oldest first."""
    rows = _COUNTED.all(session, since=since, until=until)
    return [(hour, read_figures(written)) for hour, written in rows]


def next_packed(session: Session, since: datetime) -> datetime | None:
    """When the first proof from a time on was packed; None: there is none."""
    found = [_NEXT_PACKED.first(session, since=since, off_step=one) for one in (False, True)]
    return min((row[0] for row in found if row is not None), default=None)


def hours_of(session: Session, proof_ids: Sequence[int]) -> set[datetime]:
    """The hours that some proofs were packed in, or may have counted for before they changed."""
    rows = _TIMES_OF.all(session, proof_ids=list(proof_ids))
    return {hour_of(at) for times in rows for at in times}


def counted_at(session: Session) -> datetime | None:
    """Up to when all is counted; None: the first counting is under way."""
    return session.scalar(select(CountingMark.counted_at))
