"""Deleting photos, so that a power cut at any point leaves nothing that points at nothing.

1. One transaction deletes the rows of some photos, notes at each place where they were shown when
   and why they went, and remembers them as leaving (`LeavingPhoto`).
2. The bytes are deleted from the store; what is not there is no error.
3. One transaction forgets that they are leaving, and counts the bytes as freed.

Whoever dies in between has left rows that say "deleted" and bytes that go next time. While a photo
is leaving it is not taken in again (`proofs.service.add_photo`). The database refuses step 1 for
what a hold needs, whoever placed it a moment ago.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from cloud.database.base import UtcDateTime
from cloud.database.errors import ConstraintViolated, DatabaseBusy
from cloud.database.prepared import Adding, Changing, Reading
from cloud.database.scope import Scope
from cloud.database.write import Database
from cloud.photos.store import PhotoStore
from cloud.privacy.due import START, OldPhoto, Place, oldest_photos, verdicts
from cloud.privacy.judging import Verdict
from cloud.privacy.kinds import Cause, Kind
from cloud.privacy.runs import count_deleted, count_freed, end_run, open_run
from cloud.proofs.models import LeavingPhoto, Photo, ProofPhoto

logger = logging.getLogger(__name__)

AT_ONCE = 16
"""Photos in one transaction. PostgreSQL takes one that reads more than 32 rows of a table for one
that reads the whole table, and refuses it, or those who take photos in meanwhile."""
_TRIES = 5
_LEAVING = Reading(
    select(LeavingPhoto.id, LeavingPhoto.sha256, LeavingPhoto.size_bytes, LeavingPhoto.run_id)
    .order_by(LeavingPhoto.id)
    .limit(bindparam("most"))
)
_ADD_LEAVING = Adding(LeavingPhoto)
# One by one: for a list SQLite walks through all photos of an organisation.
_DROP_ROW = Changing(delete(Photo).where(Photo.id == bindparam("photo_id")))
_NOTE = Changing(
    update(ProofPhoto)
    .where(
        ProofPhoto.sha256.in_(bindparam("sha256s", expanding=True)),
        ProofPhoto.deleted_at.is_(None),
    )
    .values(deleted_at=bindparam("now", type_=UtcDateTime()), deleted_for=bindparam("cause"))
)
_FORGET = Changing(delete(LeavingPhoto).where(LeavingPhoto.id == bindparam("leaving_id")))

GoesOn = Callable[[], bool]
"""Asked after each step; False: end here, the rest is for another time."""


def let_photos_go(
    session: Session, photos: Sequence[OldPhoto], *, run_id: int, cause: Cause, now: datetime
) -> None:
    """Step 1 for photos that nothing speaks for any more (a unit; a scoped session)."""
    sha256s = [one.sha256 for one in photos]
    if not sha256s:
        return
    _NOTE.run(session, sha256s=sha256s, now=now, cause=cause)
    _DROP_ROW.run_all(session, [{"photo_id": one.id} for one in photos])
    _ADD_LEAVING.run_all(
        session,
        [{"sha256": one.sha256, "size_bytes": one.size_bytes, "run_id": run_id} for one in photos],
    )


def free_bytes(database: Database, store: PhotoStore, scope: Scope, goes_on: GoesOn) -> bool:
    """Steps 2 and 3 for all that is leaving. False: it was ended before.

    Raises PhotoStoreError and DatabaseError; what is left then goes another time.
    """
    organisation_id = scope.organisation_id
    if organisation_id is None:
        raise ValueError("photos are deleted for one organisation at a time")
    while True:
        with database.read(scope) as session:
            leaving = [_Leaving._make(row) for row in _LEAVING.all(session, most=AT_ONCE)]
        if not leaving:
            return True
        for one in leaving:
            store.delete(organisation_id, one.sha256)
        database.write(partial(_forget, leaving=leaving), scope)
        if not goes_on():
            return False


class _Leaving(NamedTuple):
    """A row of _LEAVING."""

    id: int
    sha256: str
    size_bytes: int
    run_id: int


def _forget(session: Session, leaving: Sequence[_Leaving]) -> None:
    """Step 3 for photos whose bytes are gone; what another process has counted is not again."""
    for one in leaving:
        if _FORGET.run(session, leaving_id=one.id):
            count_freed(session, one.run_id, one.size_bytes)


@dataclass(frozen=True, slots=True)
class _Step:
    place: Place
    is_last: bool


class PhotoRetention:
    """Deletes the photos of one organisation that are too old, part by part."""

    def __init__(self, database: Database, store: PhotoStore, goes_on: GoesOn) -> None:
        self._database = database
        self._store = store
        self._goes_on = goes_on

    def run(self, scope: Scope, older_than: datetime, now: datetime) -> None:
        """Delete what came before a time, and finish what an earlier run began.

        Raises PhotoStoreError and DatabaseError; the next run goes on from there.
        """
        place = START
        while True:
            if not free_bytes(self._database, self._store, scope, self._goes_on):
                return
            step = self._next(scope, partial(_step, older_than=older_than, place=place, now=now))
            if step.is_last:
                free_bytes(self._database, self._store, scope, self._goes_on)
                self._database.write(lambda session: end_run(session, Kind.PHOTOS, now), scope)
                return
            place = step.place
            if not self._goes_on():
                return

    def _next(self, scope: Scope, unit: Callable[[Session], "_Step"]) -> "_Step":
        """Again where a hold came between reading and deleting, which is seen then; and where
        those who pack were at the same rows time and again.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._database.write(unit, scope)
            except (ConstraintViolated, DatabaseBusy):
                logger.debug("the next photos are looked at once more")
        return self._database.write(unit, scope)


def _step(session: Session, older_than: datetime, place: Place, now: datetime) -> _Step:
    """Step 1 for the next photos; decided here, in the transaction that deletes them."""
    batch = oldest_photos(session, older_than, place, AT_ONCE)
    verdict_of = verdicts(session, [one.sha256 for one in batch], older_than)
    going = [one for one in batch if verdict_of[one.sha256] is Verdict.GOES]
    if going:
        run_id = open_run(session, Kind.PHOTOS, older_than, now)
        let_photos_go(session, going, run_id=run_id, cause=Cause.RETENTION, now=now)
        count_deleted(session, run_id, len(going))
    if len(batch) < AT_ONCE:
        return _Step(place, is_last=True)
    return _Step(Place(batch[-1].stored_at, batch[-1].id), is_last=False)
