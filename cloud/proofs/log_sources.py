"""The statements that proofs of the log are found by: each reads one index, in the order of ids.

A statement is made once for each shape of question and run without the ORM. None has a condition
that another proof's rows decide ("is this the newest dispatch?"): the engine could then choose to
look at all of them first. `log_queries` asks that afterwards, about the few ids that were found.
"""

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchKind
from cloud.database.base import UtcDateTime
from cloud.database.prepared import Reading
from cloud.proofs.log_filter import Stretch
from cloud.proofs.models import Proof

LOOKED_AT = 2_000
"""Rows of the index that one look goes through, where not every row fits."""


class Along(Enum):
    """Which rows a source walks along."""

    PROOFS = auto()
    CLOSINGS = auto()
    """Proofs that the table closed in one way."""
    STATES = auto()
    """Dispatches in one state."""
    SHOP_STATES = auto()
    """The same, of one shop."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What makes a statement another one."""

    along: Along
    by_days: bool
    by_table: bool
    by_packer: bool
    by_photos: bool
    by_shops: bool
    """Of some shops, looked through along the dispatches of all."""
    by_id: bool
    """Only some ids are asked about."""
    upwards: bool

    @property
    def by_dispatch(self) -> bool:
        """Whether the rows are dispatches."""
        return self.along in {Along.STATES, Along.SHOP_STATES}

    @property
    def has_rest(self) -> bool:
        """Whether rows of the index are looked at that do not fit in the end."""
        if self.by_id:
            return False
        asked = self.by_table + self.by_packer + self.by_photos
        has_index = self.along is Along.PROOFS and asked == 1
        return self.by_days or self.by_shops or bool(asked and not has_index)

    @property
    def asks_proof(self) -> bool:
        """Whether the proof's own row has to be looked at for a dispatch."""
        return self.by_table or self.by_packer or self.by_photos or self.by_days


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a source found."""

    rows: list[tuple[int, int]]
    """Ids of proofs, each with that of the dispatch it was found by (else of itself)."""
    reached: int | None
    """The id up to which all was looked at, inclusive; None when that is all there is."""

    def within(self, stretch: Stretch) -> "Look":
        """What of it lies in a stretch."""
        rows = [row for row in self.rows if stretch.above < row[0] < stretch.below]
        return Look(rows, self.reached)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A shape with its values."""

    shape: Shape
    values: dict[str, object]
    stretch: Stretch
    """No proof wanted lies outside."""
    is_of_now: bool = False
    """Wanted only where the newest send is the row that was found, or there is none."""

    def newest_send(self, found_by: int) -> int | None:
        """What has to be the newest send of a proof that was found by a row."""
        return found_by if self.shape.by_dispatch else None

    def look(self, session: Session, stretch: Stretch, limit: int) -> Look:
        """At most so many ids of a stretch, from its newest on (or its oldest, upwards)."""
        found, skipping = _readings(self.shape)
        both = stretch.within(self.stretch)
        values = {**self.values, "above": both.above, "below": both.below}
        end = None
        if skipping is not None:
            row = skipping.first(session, **values, skipped=LOOKED_AT)
            if row is not None:
                (end,) = row
                values |= {"below": end + 1} if self.shape.upwards else {"above": end - 1}
        rows = [(proof, by) for proof, by in found.all(session, **values, most=limit)]
        return Look(rows, rows[-1][0] if len(rows) == limit else end)


@lru_cache(maxsize=256)
def _readings(shape: Shape) -> tuple[Reading[int, int], Reading[int] | None]:
    """The statement of a shape; and one that tells how far a look goes, where that is needed."""
    proof_id: InstrumentedAttribute[Any] = Dispatch.proof_id if shape.by_dispatch else Proof.id
    found_by = Dispatch.id if shape.by_dispatch else Proof.id
    driving = [*_driving(shape), *_within(shape, proof_id)]
    found = select(proof_id, found_by).where(*driving, *_rest(shape))
    if shape.by_dispatch and shape.asks_proof:
        found = found.join(Proof, Proof.id == Dispatch.proof_id)
    order = proof_id.asc() if shape.upwards else proof_id.desc()
    # The newest dispatch of a proof first: it is the one that may say where the proof stands.
    found = found.order_by(order, *([Dispatch.id.desc()] if shape.by_dispatch else []))
    found = found.limit(bindparam("most"))
    if not shape.has_rest:
        return Reading(found), None
    skipping: Select[int] = select(proof_id).where(*driving)
    ahead = skipping.order_by(order).offset(bindparam("skipped")).limit(1)
    return Reading(found), Reading(ahead, is_bound=True)


def _driving(shape: Shape) -> list[ColumnElement[bool]]:
    """What the index begins with."""
    match shape.along:
        case Along.STATES:
            return [Dispatch.state == bindparam("state")]
        case Along.SHOP_STATES:
            return [Dispatch.state == bindparam("state"), Dispatch.shop_id == bindparam("shop_id")]
        case Along.CLOSINGS:
            return [Proof.closing == bindparam("closing")]
        case Along.PROOFS:
            # One of them is read along its index; the others are asked of each row.
            return _about_proof(shape)[:1]


def _within(shape: Shape, proof_id: InstrumentedAttribute[Any]) -> list[ColumnElement[bool]]:
    bounds = [proof_id > bindparam("above"), proof_id < bindparam("below")]
    if shape.by_id:
        bounds.append(proof_id.in_(bindparam("ids", expanding=True)))
    return bounds


def _rest(shape: Shape) -> list[ColumnElement[bool]]:
    """What the rows of the index are asked besides."""
    conditions: list[ColumnElement[bool]] = []
    if shape.by_dispatch:
        conditions.append(Dispatch.kind == DispatchKind.PROOF)
    if shape.by_shops:
        conditions.append(Dispatch.shop_id.in_(bindparam("shop_ids", expanding=True)))
    conditions += _about_proof(shape)
    if shape.by_days:
        time = UtcDateTime()
        conditions.append(Proof.packed_at >= bindparam("packed_from", type_=time))
        conditions.append(Proof.packed_at < bindparam("packed_before", type_=time))
    return conditions


def _about_proof(shape: Shape) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if shape.by_packer:
        conditions.append(Proof.packer == bindparam("packer"))
    if shape.by_table:
        conditions.append(Proof.table_id == bindparam("table_id"))
    if shape.by_photos:
        conditions.append(Proof.photo_count == bindparam("photo_count"))
    return conditions
