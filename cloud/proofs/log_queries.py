"""The log of proofs: one entry per packed parcel, with what became of it; newest first.

Pages are cut by proof id (keyset), and each filter is read along an index in the order of that id,
so that a page costs the same in a log of a thousand proofs and of a million.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchKind, DispatchState
from cloud.database.base import utc_now
from cloud.orders.queries import ids_of_orders
from cloud.proofs.entries import LogEntry, entries_of
from cloud.proofs.models import Proof
from cloud.proofs.states import CLOSINGS_WITHOUT_DISPATCH, ProofState

_MOST_MATCHES = 500
"""Proofs that one order or tracking number may have; more are cut off, the oldest first."""
_SORTED_DAYS = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What the log shows. Empty: everything."""

    states: tuple[ProofState, ...] = ()
    shop_id: int | None = None
    table_id: int | None = None
    packed_from: datetime | None = None
    packed_before: datetime | None = None
    code: str = ""
    """Order number, tracking number, or the code as it was scanned."""

    @property
    def has_dates(self) -> bool:
        """Whether it names days."""
        return self.packed_from is not None or self.packed_before is not None


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the log: below ``before``, above ``after``, or not above ``upto``."""

    limit: int
    before: int | None = None
    after: int | None = None
    upto: int | None = None


def log_entries(session: Session, wanted: LogFilter, window: Window) -> list[LogEntry]:
    """At most ``window.limit`` entries, newest first (a scoped session)."""
    return entries_of(session, _page_of_ids(session, wanted, window))


def count_above(session: Session, wanted: LogFilter, proof_id: int, most: int) -> int:
    """How many entries are newer than one, counted up to ``most`` (a scoped session)."""
    return len(_page_of_ids(session, wanted, Window(most, after=proof_id)))


def _page_of_ids(session: Session, wanted: LogFilter, window: Window) -> list[int]:
    matches = _matching_ids(session, wanted.code) if wanted.code else None
    ids: set[int] = set()
    for source in _sources(wanted):
        statement = source.statement
        if matches is not None:
            statement = statement.where(source.proof_id.in_(matches))
        ids.update(session.scalars(_cut(statement, source.proof_id, window)))
    if window.after is not None:
        return sorted(sorted(ids)[: window.limit], reverse=True)
    return sorted(ids, reverse=True)[: window.limit]


def _cut(statement: Select[Any], proof_id: ColumnElement[Any], window: Window) -> Select[Any]:
    if window.before is not None:
        statement = statement.where(proof_id < window.before)
    if window.upto is not None:
        statement = statement.where(proof_id <= window.upto)
    if window.after is not None:
        return statement.where(proof_id > window.after).order_by(proof_id).limit(window.limit)
    return statement.order_by(proof_id.desc()).limit(window.limit)


@dataclass(frozen=True, slots=True)
class _Source:
    """A statement for ids of proofs, and what to cut and order it by."""

    statement: Select[Any]
    proof_id: ColumnElement[Any]


def _sources(wanted: LogFilter) -> Iterator[_Source]:
    """Statements whose results together are the proofs wanted."""
    if wanted.states or wanted.shop_id is not None:
        for state in wanted.states or tuple(ProofState):
            yield from _in_state(wanted, state)
    elif wanted.table_id is None and wanted.has_dates:
        yield from _of_days(wanted)
    else:
        yield _Source(_by_proof(wanted), Proof.id.expression)


def _in_state(wanted: LogFilter, state: ProofState) -> Iterator[_Source]:
    untouched = ~select(Dispatch.id).where(Dispatch.proof_id == Proof.id).exists()
    # What has no dispatch has no order either, hence no shop.
    closings = CLOSINGS_WITHOUT_DISPATCH.get(state, ()) if wanted.shop_id is None else ()
    for closing in closings:
        statement = _by_proof(wanted).where(Proof.closing == closing, untouched)
        yield _Source(statement, Proof.id.expression)
    if state is not ProofState.UNSENT:
        statement = _by_dispatch(wanted, DispatchState(state.value))
        yield _Source(statement, Dispatch.proof_id.expression)


def _of_days(wanted: LogFilter) -> Iterator[_Source]:
    """A few days are read by day and then sorted; many days hold the newest proofs soon enough.

    The sum keeps both engines from walking down the ids to days of long ago.
    """
    start, end = wanted.packed_from, wanted.packed_before
    is_short = start is not None and (end or utc_now()) - start <= _SORTED_DAYS
    proof_id = Proof.id + 0 if is_short else Proof.id.expression
    for is_synced, time in ((True, Proof.closed_at), (False, Proof.received_at)):
        conditions = (Proof.clock_synced == is_synced, *_between(time, start, end))
        yield _Source(select(Proof.id).where(*conditions), proof_id)


def _by_proof(wanted: LogFilter) -> Select[Any]:
    return select(Proof.id).where(*_about_proof(wanted))


def _by_dispatch(wanted: LogFilter, state: DispatchState) -> Select[Any]:
    """Proofs whose newest dispatch is in a state; for `sent`, proofs that were ever sent."""
    statement = select(Dispatch.proof_id).where(
        Dispatch.kind == DispatchKind.PROOF,
        Dispatch.state == state,
        Dispatch.proof_id.is_not(None),
    )
    if state is DispatchState.SENT:
        statement = statement.distinct()
    else:
        newer = aliased(Dispatch)
        statement = statement.where(
            ~select(newer.id)
            .where(newer.proof_id == Dispatch.proof_id, newer.id > Dispatch.id)
            .exists()
        )
    if wanted.shop_id is not None:
        statement = statement.where(Dispatch.shop_id == wanted.shop_id)
    about = _about_proof(wanted)
    return (
        statement.join(Proof, Proof.id == Dispatch.proof_id).where(*about) if about else statement
    )


def _about_proof(wanted: LogFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.table_id is not None:
        conditions.append(Proof.table_id == wanted.table_id)
    if wanted.has_dates:
        conditions.append(_packed_within(wanted.packed_from, wanted.packed_before))
    return conditions


def _packed_within(start: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    """By the table's clock where it was right, else by when the proof came here."""
    return or_(
        and_(Proof.clock_synced.is_(True), *_between(Proof.closed_at, start, end)),
        and_(Proof.clock_synced.is_(False), *_between(Proof.received_at, start, end)),
    )


def _between(
    time: InstrumentedAttribute[datetime], start: datetime | None, end: datetime | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if start is not None:
        conditions.append(time >= start)
    if end is not None:
        conditions.append(time < end)
    return conditions


def _matching_ids(session: Session, code: str) -> Sequence[int]:
    scanned = session.scalars(
        select(Proof.id).where(Proof.code == code).order_by(Proof.id.desc()).limit(_MOST_MATCHES)
    )
    found = set(scanned)
    orders = ids_of_orders(session, code)
    if orders:
        sent = session.scalars(
            select(Dispatch.proof_id)
            .where(Dispatch.order_id.in_(orders), Dispatch.proof_id.is_not(None))
            .order_by(Dispatch.id.desc())
            .limit(_MOST_MATCHES)
        )
        found.update(one for one in sent if one is not None)
    return sorted(found)
