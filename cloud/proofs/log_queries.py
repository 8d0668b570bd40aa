"""The log of proofs: one entry per packed parcel, with what became of it; newest first.

Pages are cut by proof id (keyset), and each filter is read along an index in the order of that id,
so that a page costs the same in a log of a thousand proofs and of a million. Filters that no index
holds together are looked through for so many rows a page; a page says where it stopped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchKind
from cloud.database.prepared import Reading
from cloud.orders.queries import ids_of_orders
from cloud.proofs.entries import LogEntry, entries_of
from cloud.proofs.log_filter import LogFilter, Stretch, Window
from cloud.proofs.log_sources import Look, Source
from cloud.proofs.log_wanted import sources_of
from cloud.proofs.models import Proof

_MOST_MATCHES = 500
"""Proofs that one order or tracking number may have; more are cut off, the oldest first."""
_LOOKS = 2
"""At every source, before a page is given with what was found so far."""
_NEWEST_SENDS = Reading(
    select(Dispatch.proof_id, func.max(Dispatch.id))
    .where(
        Dispatch.proof_id.in_(bindparam("ids", expanding=True)),
        Dispatch.kind == DispatchKind.PROOF,
    )
    .group_by(Dispatch.proof_id)
)
_SCANNED = Reading(
    select(Proof.id)
    .where(Proof.code == bindparam("code"))
    .order_by(Proof.id.desc())
    .limit(_MOST_MATCHES)
)
_SENT_OF_ORDERS = Reading(
    select(Dispatch.proof_id)
    .where(
        Dispatch.order_id.in_(bindparam("orders", expanding=True)), Dispatch.proof_id.is_not(None)
    )
    .order_by(Dispatch.id.desc())
    .limit(_MOST_MATCHES)
)


@dataclass(frozen=True, slots=True)
class Found:
    """Entries of a part of the log, newest first."""

    entries: list[LogEntry]
    stopped_at: int | None
    """Looking ended at this id, before the part was full; go on from there. None: it did not."""


def log_entries(session: Session, wanted: LogFilter, window: Window) -> Found:
    """At most ``window.limit`` entries, newest first (a scoped session)."""
    ids, stopped_at = _ids(session, wanted, window)
    return Found(entries_of(session, ids), stopped_at)


def count_above(session: Session, wanted: LogFilter, proof_id: int, most: int) -> int:
    """How many entries are newer than one, counted up to ``most`` (a scoped session)."""
    return len(_ids(session, wanted, Window(most, after=proof_id))[0])


def _ids(session: Session, wanted: LogFilter, window: Window) -> tuple[list[int], int | None]:
    upwards = window.after is not None
    matches = _matching_ids(session, wanted.code) if wanted.code else None
    if matches is not None and not matches:
        return [], None
    sources = sources_of(session, wanted, matches, upwards=upwards)
    walk = _Walk(session, sources, window, upwards=upwards)
    stopped_at = walk.go()
    return sorted(walk.found, reverse=True), stopped_at


def newest_sends(session: Session, ids: set[int]) -> dict[int | None, int]:
    """The newest dispatch of each of some proofs; those without one are left out."""
    if not ids:
        return {}
    rows = _NEWEST_SENDS.all(session, ids=sorted(ids))
    return dict(rows)


class _Walk:
    """Goes along all sources together, from one end of a stretch towards the other."""

    def __init__(
        self, session: Session, sources: Sequence[Source], window: Window, *, upwards: bool
    ) -> None:
        self._session = session
        self._sources = sources
        self._limit = window.limit
        self._stretch = window.stretch
        self._upwards = upwards
        self._read: dict[Source, Look] = {}
        self.found: list[int] = []
        """In the order of the walk, at most as many as were asked for."""

    def go(self) -> int | None:
        """Walk until enough is found, or the end; give the id where it stopped in between."""
        for _ in range(_LOOKS):
            looks = [self._look(one) for one in self._sources]
            reached = self._common(looks)
            fitting = self._fitting(looks, reached)
            self.found += sorted(fitting, reverse=not self._upwards)
            if reached is None or len(self.found) >= self._limit:
                del self.found[self._limit :]
                return None
            self._move_to(reached)
        return self._stretch.above if self._upwards else self._stretch.below

    def _look(self, source: Source) -> Look:
        """What was read to its end is not read again."""
        if source in self._read:
            return self._read[source].within(self._stretch)
        look = source.look(self._session, self._stretch, self._limit)
        if look.reached is None:
            self._read[source] = look
        return look

    def _common(self, looks: Iterable[Look]) -> int | None:
        """Up to where every source was looked at."""
        ends = [one.reached for one in looks if one.reached is not None]
        if not ends:
            return None
        return min(ends) if self._upwards else max(ends)

    def _fitting(self, looks: Iterable[Look], reached: int | None) -> set[int]:
        rows = [
            (source, proof_id, found_by)
            for source, look in zip(self._sources, looks, strict=True)
            for proof_id, found_by in look.rows
            if not self._is_beyond(proof_id, reached)
        ]
        of_now = {proof_id for source, proof_id, _ in rows if source.is_of_now}
        newest = newest_sends(self._session, of_now)
        return {
            proof_id
            for source, proof_id, found_by in rows
            if not source.is_of_now or newest.get(proof_id) == source.newest_send(found_by)
        }

    def _is_beyond(self, proof_id: int, reached: int | None) -> bool:
        if reached is None:
            return False
        return proof_id > reached if self._upwards else proof_id < reached

    def _move_to(self, reached: int) -> None:
        if self._upwards:
            self._stretch = Stretch(reached, self._stretch.below)
        else:
            self._stretch = Stretch(self._stretch.above, reached)


def _matching_ids(session: Session, code: str) -> list[int]:
    found = {proof_id for (proof_id,) in _SCANNED.all(session, code=code)}
    orders = ids_of_orders(session, code)
    if orders:
        sent = _SENT_OF_ORDERS.all(session, orders=sorted(orders))
        found.update(proof_id for (proof_id,) in sent if proof_id is not None)
    return sorted(found)
