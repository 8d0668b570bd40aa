"""Along which rows the proofs that a filter wants are found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState
from cloud.database.base import UtcDateTime
from cloud.database.prepared import Reading
from cloud.database.scope import scope_of
from cloud.proofs.log_filter import LogFilter, Stretch
from cloud.proofs.log_sources import Along, Shape, Source
from cloud.proofs.models import STEP, Proof
from cloud.proofs.states import CLOSINGS_WITHOUT_DISPATCH, ProofState
from cloud.shops.models import Shop

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
# Bounds: where to look, whoever asks. What is found there is narrowed to what they may see.
_OFF_STEP = Reading(
    select(Proof.id).where(Proof.off_step.is_(True), *_PACKED).limit(bindparam("most")),
    is_bound=True,
)
_NEWEST_OFF_STEP = Reading(
    select(func.max(Proof.id + 0)).where(Proof.off_step.is_(True), *_PACKED), is_bound=True
)
_AT = bindparam("at", type_=UtcDateTime())
_FIRST_RECEIVED = Reading(
    select(Proof.id).where(Proof.received_at >= _AT).order_by(Proof.received_at).limit(1),
    is_bound=True,
)
_LAST_RECEIVED = Reading(
    select(Proof.id).where(Proof.received_at < _AT).order_by(Proof.received_at.desc()).limit(1),
    is_bound=True,
)
_AT_TABLE = select(Proof.id).where(Proof.table_id == bindparam("table_id")).limit(1)
_FIRST_AT_TABLE = Reading(_AT_TABLE.order_by(Proof.id), is_bound=True)
_LAST_AT_TABLE = Reading(_AT_TABLE.order_by(Proof.id.desc()), is_bound=True)
_BY_PACKER = select(Proof.id).where(Proof.packer == bindparam("packer")).limit(1)
_FIRST_BY_PACKER = Reading(_BY_PACKER.order_by(Proof.id), is_bound=True)
_LAST_BY_PACKER = Reading(_BY_PACKER.order_by(Proof.id.desc()), is_bound=True)
_SHOPS_OF_CHANNEL = Reading(select(Shop.id).where(Shop.channel == bindparam("channel")))
MOST_WALKS = 48
"""Rows of each shop and state are read apart up to so many; more shops are looked through along
the states of all, which takes as many statements at most."""


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
    rows = list(_rows(wanted, _shops(session, wanted)))
    return [
        _source(wanted, part, one, upwards=upwards)
        for part in (_parts(session, wanted, ids) if rows else ())
        for one in rows
    ]


def _shops(session: Session, wanted: LogFilter) -> Sequence[int] | None:
    """The shops that a filter names, or that its reader may see; None: it does not matter."""
    if wanted.channel:
        shops = [shop_id for (shop_id,) in _SHOPS_OF_CHANNEL.all(session, channel=wanted.channel)]
        return [one for one in shops if wanted.shop_id in (None, one)]
    if wanted.shop_id is not None:
        return [wanted.shop_id]
    sight = scope_of(session).sight
    return None if sight is None else sorted(sight.shops)


@dataclass(frozen=True, slots=True)
class _Rows:
    along: Along
    values: dict[str, object] = field(default_factory=dict)
    is_of_now: bool = False
    by_shops: bool = False


def _rows(wanted: LogFilter, shops: Sequence[int] | None) -> Iterator[_Rows]:
    if not wanted.states and shops is None:
        yield _Rows(Along.PROOFS)
        return
    states = wanted.states or tuple(ProofState)
    for state in states:
        if shops is None:
            # What has no dispatch has no order either, hence no shop.
            for closing in CLOSINGS_WITHOUT_DISPATCH.get(state, ()):
                yield _Rows(Along.CLOSINGS, {"closing": closing}, is_of_now=True)
            if state is not ProofState.UNSENT:
                yield _of_state(DispatchState(state.value))
        elif state is not ProofState.UNSENT:
            yield from _of_shops(DispatchState(state.value), shops, len(states))


def _of_state(state: DispatchState) -> _Rows:
    """By the newest dispatch; what was ever sent counts as sent."""
    return _Rows(Along.STATES, {"state": state}, is_of_now=state is not DispatchState.SENT)


def _of_shops(state: DispatchState, shops: Sequence[int], states: int) -> Iterator[_Rows]:
    every = _of_state(state)
    if len(shops) * states > MOST_WALKS:
        values = {**every.values, "shop_ids": list(shops)}
        yield replace(every, values=values, by_shops=True)
        return
    for shop_id in shops:
        values = {**every.values, "shop_id": shop_id}
        yield replace(every, along=Along.SHOP_STATES, values=values)


def _source(wanted: LogFilter, part: _Part, rows: _Rows, *, upwards: bool) -> Source:
    shape = Shape(
        along=rows.along,
        by_days=part.by_days,
        by_table=wanted.table_id is not None,
        by_packer=bool(wanted.packer),
        by_photos=wanted.photo_count is not None,
        by_shops=rows.by_shops,
        by_id=part.ids is not None,
        upwards=upwards,
    )
    values = {**rows.values, **part.values}
    asked = {
        "table_id": wanted.table_id,
        "packer": wanted.packer or None,
        "photo_count": wanted.photo_count,
    }
    values |= {name: value for name, value in asked.items() if value is not None}
    if part.ids is not None:
        values["ids"] = list(part.ids)
    return Source(shape, values, part.stretch, rows.is_of_now)


def _parts(session: Session, wanted: LogFilter, ids: Sequence[int] | None) -> Iterator[_Part]:
    days = _days(wanted) if wanted.has_dates else {}
    if ids is not None:
        yield _Part(ids=ids, by_days=wanted.has_dates, values=days)
        return
    stretch = _life(session, wanted)
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


def _life(session: Session, wanted: LogFilter) -> Stretch:
    """Ids between which a table or a packer was at work, where no index says it at once."""
    asked = (wanted.table_id is not None) + bool(wanted.packer) + bool(wanted.states)
    if asked + wanted.has_shops < 2:
        return EVERYTHING
    stretch = EVERYTHING
    if wanted.table_id is not None:
        at = {"table_id": wanted.table_id}
        ends = _FIRST_AT_TABLE.first(session, **at), _LAST_AT_TABLE.first(session, **at)
        stretch = stretch.within(_ends(*ends))
    if wanted.packer:
        by = {"packer": wanted.packer}
        ends = _FIRST_BY_PACKER.first(session, **by), _LAST_BY_PACKER.first(session, **by)
        stretch = stretch.within(_ends(*ends))
    return stretch


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
