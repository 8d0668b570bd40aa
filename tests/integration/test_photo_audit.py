"""Auditing the database against the photo store (issue 3), on both engines and every store."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.photos.errors import StoreUnavailable
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.photos.store import StoredPhoto
from cloud.proofs.audit import Audit, Finding, Wrong
from cloud.proofs.models import Photo
from cloud.proofs.service import add_photo
from tests.database_rows import only_sqlite

LATER = utc_now() + timedelta(days=2)
"""Long after any run of the tests began, so that what has no row counts."""
"""By then, what the tests stored is old enough to have its row."""


def photo(number: int) -> bytes:
    return b"\xff\xd8" + str(number).encode() * 50


def sha(number: int) -> str:
    return hashlib.sha256(photo(number)).hexdigest()


class World:
    """One organisation with ten sound photos, and a second one."""

    def __init__(self, database: Database, store: SimulatedPhotoStore) -> None:
        self.database, self.store = database, store
        self.organisation_id, self.other_id = self._organisation("One"), self._organisation("Two")
        for number in range(10):
            self.add(number)

    def _organisation(self, name: str) -> int:
        def unit(session: Session) -> int:
            made = Organisation(name=name, created_at=utc_now())
            session.add(made)
            session.flush()
            return made.id

        return self.database.write(unit, system("test"))

    def add(self, number: int, *, organisation_id: int = 0) -> None:
        owner = organisation_id or self.organisation_id
        self.store.put(owner, sha(number), photo(number))
        self.add_row(number, len(photo(number)), owner)

    def add_row(self, number: int, size_bytes: int, organisation_id: int = 0) -> None:
        self.database.write(
            lambda session: add_photo(session, sha(number), size_bytes, "table-1", utc_now()),
            scoped(organisation_id or self.organisation_id),
        )

    def audit(self, *, quick: bool = False) -> Audit:
        return Audit(self.database, self.store, quick=quick, now=LATER)

    def found(self, *, quick: bool = False) -> list[Finding]:
        return list(self.audit(quick=quick).organisation(self.organisation_id))


@pytest.fixture
def world(database: Database) -> World:
    return World(database, SimulatedPhotoStore())


@pytest.mark.parametrize("quick", [True, False])
def test_nothing_is_found_where_all_is_well(world: World, quick: bool) -> None:
    audit = world.audit(quick=quick)
    assert list(audit.organisation(world.organisation_id)) == []
    assert (audit.counts.photos, audit.counts.objects) == (10, 10)


@pytest.mark.parametrize("quick", [True, False])
def test_each_kind_is_found(world: World, quick: bool) -> None:
    store, owner = world.store, world.organisation_id
    store.delete(owner, sha(0))
    store.damage(owner, sha(1))
    store._photos[next(k for k in store._photos if k.sha256 == sha(2))] = photo(3)
    world.add_row(20, 7)
    store.put(owner, sha(20), photo(20))
    store.put(owner, sha(21), photo(21))
    kinds = {one.sha256: one.wrong for one in world.found(quick=quick)}
    expected = {
        sha(0): Wrong.MISSING,
        sha(1): Wrong.WRONG_SIZE,
        sha(20): Wrong.WRONG_ROW,
        sha(21): Wrong.UNNAMED,
    }
    if not quick:  # the same size with other bytes is seen by reading alone
        expected[sha(2)] = Wrong.DAMAGED
    assert kinds == expected


def test_findings_come_in_order_with_sizes_and_sender(world: World) -> None:
    world.store.damage(world.organisation_id, sha(4))
    world.store.delete(world.organisation_id, sha(5))
    found = world.found()
    assert [one.sha256 for one in found] == sorted([sha(4), sha(5)])
    by_hash = {one.sha256: one for one in found}
    assert by_hash[sha(4)].stored_bytes == by_hash[sha(4)].size_bytes - 1
    assert by_hash[sha(5)].stored_bytes is None
    assert {one.device_id for one in found} == {"table-1"}


def test_same_picture_of_another_organisation_does_not_stand_in(world: World) -> None:
    world.add(0, organisation_id=world.other_id)
    world.store.delete(world.organisation_id, sha(0))
    assert [one.wrong for one in world.found()] == [Wrong.MISSING]
    assert list(world.audit().organisation(world.other_id)) == []


@only_sqlite
def test_photo_on_its_way_is_no_finding(world: World) -> None:
    """It is stored before its row is committed."""
    world.store.put(world.organisation_id, sha(30), photo(30))
    audit = Audit(world.database, world.store, quick=False, now=utc_now())
    assert list(audit.organisation(world.organisation_id)) == []
    assert [one.sha256 for one in world.found()] == [sha(30)]


class ListedTooEarly(SimulatedPhotoStore):
    """Its list is older than the rows: photos that come during an audit are not in it."""

    unlisted: frozenset[str] = frozenset()

    def listing(self, organisation_id: int) -> Iterator[StoredPhoto]:
        for one in super().listing(organisation_id):
            if one.key.sha256 not in self.unlisted:
                yield one


@only_sqlite
def test_photo_that_comes_during_the_audit_is_not_called_missing(database: Database) -> None:
    store = ListedTooEarly()
    world = World(database, store)
    store.unlisted = frozenset({sha(3)})
    assert world.found() == world.found(quick=True) == []


@only_sqlite
def test_photo_whose_row_comes_during_the_audit_is_no_finding(database: Database) -> None:
    class RowLater(SimulatedPhotoStore):
        def listing(self, organisation_id: int) -> Iterator[StoredPhoto]:
            for one in super().listing(organisation_id):
                if one.key.sha256 == sha(30):
                    made.add_row(30, len(photo(30)))
                yield one

    store = RowLater()
    made = World(database, store)
    store.put(made.organisation_id, sha(30), photo(30))
    assert made.found() == []


@only_sqlite
def test_photo_that_is_deleted_during_the_audit_is_no_finding(database: Database) -> None:
    class Deleting(SimulatedPhotoStore):
        def read(self, organisation_id: int, sha256: str) -> bytes:
            if sha256 == sha(3):
                super().delete(organisation_id, sha256)
                database.write(
                    lambda session: session.execute(delete(Photo).where(Photo.sha256 == sha256)),
                    scoped(organisation_id),
                )
            return super().read(organisation_id, sha256)

    assert World(database, Deleting()).found() == []


@only_sqlite
def test_photo_that_cannot_be_read_is_a_finding_and_the_rest_is_checked(world: World) -> None:
    world.store.delete(world.organisation_id, sha(0))

    class OneBadSector(SimulatedPhotoStore):
        def read(self, organisation_id: int, sha256: str) -> bytes:
            if sha256 == sha(7):
                raise StoreUnavailable("the disk: Input/output error")
            return super().read(organisation_id, sha256)

    world.store.__class__ = OneBadSector
    by_hash = {one.sha256: one for one in world.found()}
    assert by_hash[sha(0)].wrong is Wrong.MISSING
    assert by_hash[sha(7)].wrong is Wrong.UNREADABLE
    assert by_hash[sha(7)].reason == "the disk: Input/output error"
    assert len(by_hash) == 2


@only_sqlite
def test_store_that_fails_altogether_ends_the_audit(world: World) -> None:
    for number in range(10, 40):
        world.add(number)

    class Down(SimulatedPhotoStore):
        def read(self, organisation_id: int, sha256: str) -> bytes:
            raise StoreUnavailable(f"the server is down: {organisation_id}/{sha256}")

    world.store.__class__ = Down
    with pytest.raises(StoreUnavailable, match="the server is down"):
        world.found()


@only_sqlite
def test_only_a_part_is_in_memory_at_a_time(database: Database) -> None:
    class Counting(SimulatedPhotoStore):
        listed = 0

        def listing(self, organisation_id: int) -> Iterator[StoredPhoto]:
            for one in super().listing(organisation_id):
                self.listed += 1
                yield one

    store = Counting()
    world = World(database, store)
    for number in range(100, 1100):
        store.put(world.organisation_id, sha(number), photo(number))
    findings = world.audit(quick=True).organisation(world.organisation_id)
    next(findings)
    assert store.listed < 600
    assert len(list(findings)) == 999
