"""Along which rows the proofs that a filter wants are found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState
from cloud.database.base import UtcDateTime
from cloud.database.prepared import Reading
from cloud.proofs.log_filter import LogFilter, Stretch
from cloud.proofs.log_sources import Along, Shape, Source
from cloud.proofs.models import STEP, Proof
from cloud.proofs.states import CLOSINGS_WITHOUT_DISPATCH, ProofState

_SLACK = timedelta(hours=1)
"""Ids and times of receipt go up together but for so much: several processes give both."""
MOST_OFF_STEP = 1_000
"""Proofs of the days that are off step are listed; more are walked along like the others."""
EVERYTHING = Stretch()
_EARLIEST, _LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_PACKED = (
    Proof.packed_at >= bindparam("packed_from", type_=UtcDateTime()),
    Proof.packed_at < bindparam("packed_before", type_=UtcDateTime()),
)
_OFF_STEP = Reading(
    select(Proof.id).where(Proof.off_step.is_(True), *_PACKED).limit(bindparam("most"))
)
_NEWEST_OFF_STEP = Reading(select(func.max(Proof.id + 0)).where(Proof.off_step.is_(True), *_PACKED))
_AT = bindparam("at", type_=UtcDateTime())
_FIRST_RECEIVED = Reading(
    select(Proof.id).where(Proof.received_at >= _AT).order_by(Proof.received_at).limit(1)
)
_LAST_RECEIVED = Reading(
    select(Proof.id).where(Proof.received_at < _AT).order_by(Proof.received_at.desc()).limit(1)
)
_AT_TABLE = select(Proof.id).where(Proof.table_id == bindparam("table_id")).limit(1)
_FIRST_AT_TABLE = Reading(_AT_TABLE.order_by(Proof.id))
_LAST_AT_TABLE = Reading(_AT_TABLE.order_by(Proof.id.desc()))


@dataclass(frozen=True, slots=True)
class _Part:
    """Proofs among which is looked: a stretch of ids, or some of them."""

    stretch: Stretch = EVERYTHING
    ids: Sequence[int] | None = None
    by_days: bool = False
    values: dict[str, object] = field(default_factory=dict)


def sources_of(
    session: Session, wanted: LogFilter, ids: Sequence[int] | None, *, upwards: bool
) -> list[Source]:
    """Sources whose results together are what a filter wants (a scoped session).

    ``ids``: those that have the code which the filter names.
    """
    return [
        _source(wanted, part, rows, upwards=upwards)
        for part in _parts(session, wanted, ids)
        for rows in _rows(wanted)
    ]


@dataclass(frozen=True, slots=True)
class _Rows:
    along: Along
    values: dict[str, object] = field(default_factory=dict)
    is_of_now: bool = False


def _rows(wanted: LogFilter) -> Iterator[_Rows]:
    if not wanted.states and wanted.shop_id is None:
        yield _Rows(Along.PROOFS)
        return
    for state in wanted.states or tuple(ProofState):
        if wanted.shop_id is None:
            # What has no dispatch has no order either, hence no shop.
            for closing in CLOSINGS_WITHOUT_DISPATCH.get(state, ()):
                yield _Rows(Along.CLOSINGS, {"closing": closing}, is_of_now=True)
        if state is not ProofState.UNSENT:
            yield _of_state(wanted, DispatchState(state.value))


def _of_state(wanted: LogFilter, state: DispatchState) -> _Rows:
    """By the newest dispatch; what was ever sent counts as sent."""
    values: dict[str, object] = {"state": state}
    is_of_now = state is not DispatchState.SENT
    if wanted.shop_id is None:
        return _Rows(Along.STATES, values, is_of_now)
    return _Rows(Along.SHOP_STATES, {**values, "shop_id": wanted.shop_id}, is_of_now)


def _source(wanted: LogFilter, part: _Part, rows: _Rows, *, upwards: bool) -> Source:
    shape = Shape(
        along=rows.along,
        by_days=part.by_days,
        by_table=wanted.table_id is not None,
        by_id=part.ids is not None,
        upwards=upwards,
    )
    values = {**rows.values, **part.values}
    if wanted.table_id is not None:
        values["table_id"] = wanted.table_id
    if part.ids is not None:
        values["ids"] = list(part.ids)
    return Source(shape, values, part.stretch, rows.is_of_now)


def _parts(session: Session, wanted: LogFilter, ids: Sequence[int] | None) -> Iterator[_Part]:
    days = _days(wanted) if wanted.has_dates else {}
    if ids is not None:
        yield _Part(ids=ids, by_days=wanted.has_dates, values=days)
        return
    stretch = Stretch()
    if wanted.table_id is not None and (wanted.states or wanted.shop_id is not None):
        stretch = _ends(
            _FIRST_AT_TABLE.first(session, table_id=wanted.table_id),
            _LAST_AT_TABLE.first(session, table_id=wanted.table_id),
        )
    if not wanted.has_dates:
        yield _Part(stretch)
        return
    received = _received(session, wanted)
    off_step = [proof_id for (proof_id,) in _OFF_STEP.all(session, **days, most=MOST_OFF_STEP + 1)]
    if len(off_step) > MOST_OFF_STEP:
        (newest,) = _NEWEST_OFF_STEP.one(session, **days)
        received = Stretch(received.above, max(received.below, newest + 1))
    elif off_step:
        yield _Part(ids=off_step)
    yield _Part(stretch.within(received), by_days=True, values=days)


def _days(wanted: LogFilter) -> dict[str, object]:
    return {
        "packed_from": wanted.packed_from or _EARLIEST,
        "packed_before": wanted.packed_before or _LATEST,
    }


def _received(session: Session, wanted: LogFilter) -> Stretch:
    """Ids between which all proofs of the days lie, but for those that are off step."""
    margin = STEP + _SLACK
    stretch = Stretch()
    if wanted.packed_from is not None:
        first = _FIRST_RECEIVED.first(session, at=wanted.packed_from - margin)
        stretch = Stretch(above=first[0] - 1) if first else Stretch(below=0)
    if wanted.packed_before is not None:
        last = _LAST_RECEIVED.first(session, at=wanted.packed_before + margin)
        stretch = stretch.within(Stretch(below=last[0] + 1) if last else Stretch(below=0))
    return stretch


def _ends(first: Sequence[int] | None, last: Sequence[int] | None) -> Stretch:
    if first is None or last is None:
        return Stretch(below=0)
    return Stretch(first[0] - 1, last[0] + 1)
