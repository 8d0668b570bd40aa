"""Which photos are old enough, and what becomes of each: for the page that shows it, and for what
deletes. Both read this, so that what is shown is what is done.

The age of a photo is that of its arrival here; a table's clock says nothing about it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchKind, DispatchState
from cloud.database.base import UtcDateTime
from cloud.database.prepared import Reading
from cloud.privacy.judging import Shower, Verdict, judged
from cloud.proofs.models import HeldPhoto, Photo, Proof, ProofPhoto

_TIME = UtcDateTime()
_OLDEST = Reading(
    select(Photo.id, Photo.sha256, Photo.size_bytes, Photo.stored_at)
    .where(
        Photo.stored_at < bindparam("older_than", type_=_TIME),
        Photo.stored_at >= bindparam("from_time", type_=_TIME),
        or_(
            Photo.stored_at > bindparam("after_time", type_=_TIME),
            and_(
                Photo.stored_at == bindparam("same_time", type_=_TIME),
                Photo.id > bindparam("after_id"),
            ),
        ),
    )
    .order_by(Photo.stored_at, Photo.id)
    .limit(bindparam("most"))
)
# Two statements: as a join SQLite begins with all proofs of the organisation where there are many.
_SHOWING = Reading(
    select(ProofPhoto.sha256, ProofPhoto.proof_id).where(
        ProofPhoto.sha256.in_(bindparam("sha256s", expanding=True)),
        ProofPhoto.deleted_at.is_(None),
    )
)
_PROOFS = Reading(
    select(Proof.id, Proof.received_at, Proof.closing).where(
        Proof.id.in_(bindparam("proof_ids", expanding=True))
    )
)
_STATES = Reading(
    # The kind stands in no index: else SQLite walks through all of an organisation's in one.
    select(Dispatch.proof_id, Dispatch.state).where(
        Dispatch.proof_id.in_(bindparam("proof_ids", expanding=True)),
        Dispatch.kind == DispatchKind.PROOF,
    )
)
_HELD = Reading(
    select(HeldPhoto.sha256).where(HeldPhoto.sha256.in_(bindparam("sha256s", expanding=True)))
)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 500


class OldPhoto(NamedTuple):
    """A photo that is old enough."""

    id: int
    sha256: str
    size_bytes: int
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """How far a walk along the oldest photos is."""

    stored_at: datetime = _EARLIEST
    photo_id: int = 0


START = Place()


@dataclass(slots=True)
class Tally:
    """Photos of one verdict."""

    photos: int = 0
    size_bytes: int = 0
    oldest_at: datetime | None = None

    def add(self, photo: OldPhoto) -> None:
        """One more; they come oldest first."""
        self.photos += 1
        self.size_bytes += photo.size_bytes
        self.oldest_at = self.oldest_at or photo.stored_at


@dataclass(slots=True)
class Forecast:
    """What would be deleted, and what would stay although it is old enough."""

    goes: Tally = field(default_factory=Tally)
    held: Tally = field(default_factory=Tally)
    needed: Tally = field(default_factory=Tally)
    is_whole: bool = True
    """False: only the oldest were looked at."""


def oldest_photos(
    session: Session, older_than: datetime, after: Place, most: int
) -> list[OldPhoto]:
    """Photos that came before a time, the oldest first (a scoped session)."""
    rows = _OLDEST.all(
        session,
        older_than=older_than,
        from_time=after.stored_at,
        after_time=after.stored_at,
        same_time=after.stored_at,
        after_id=after.photo_id,
        most=most,
    )
    return [OldPhoto._make(row) for row in rows]


def verdicts(session: Session, sha256s: Sequence[str], older_than: datetime) -> dict[str, Verdict]:
    """What becomes of each photo (a scoped session)."""
    if not sha256s:
        return {}
    held = {sha256 for (sha256,) in _HELD.all(session, sha256s=list(sha256s))}
    showers = _showers(session, sha256s)
    return {
        sha256: judged(showers[sha256], older_than, is_held=sha256 in held) for sha256 in sha256s
    }


def forecast(session: Session, older_than: datetime, most: int) -> Forecast:
    """What deleting photos from before a time would do; ``most`` photos are looked at."""
    found = Forecast()
    tallies = {
        Verdict.GOES: found.goes,
        Verdict.HELD: found.held,
        Verdict.NEEDED: found.needed,
        Verdict.YOUNG: Tally(),
    }
    looked_at = 0
    for batch in walk(session, older_than):
        verdict_of = verdicts(session, [one.sha256 for one in batch], older_than)
        for photo in batch:
            tallies[verdict_of[photo.sha256]].add(photo)
        looked_at += len(batch)
        if looked_at >= most:
            last = Place(batch[-1].stored_at, batch[-1].id)
            found.is_whole = not oldest_photos(session, older_than, last, 1)
            break
    return found


def walk(session: Session, older_than: datetime) -> Iterator[list[OldPhoto]]:
    """All photos from before a time, some at once, the oldest first."""
    place = START
    while True:
        batch = oldest_photos(session, older_than, place, _AT_ONCE)
        if batch:
            yield batch
        if len(batch) < _AT_ONCE:
            return
        place = Place(batch[-1].stored_at, batch[-1].id)


def _showers(session: Session, sha256s: Sequence[str]) -> dict[str, list[Shower]]:
    showing = _SHOWING.all(session, sha256s=list(sha256s))
    states: defaultdict[int | None, set[DispatchState]] = defaultdict(set)
    found: defaultdict[str, list[Shower]] = defaultdict(list)
    proof_ids = sorted({proof_id for _sha256, proof_id in showing})
    if not proof_ids:
        return found
    for proof_id, state in _STATES.all(session, proof_ids=proof_ids):
        states[proof_id].add(DispatchState(state))
    shower_of = {
        proof_id: Shower(received_at, closing, frozenset(states[proof_id]))
        for proof_id, received_at, closing in _PROOFS.all(session, proof_ids=proof_ids)
    }
    for sha256, proof_id in showing:
        found[sha256].append(shower_of[proof_id])
    return found
