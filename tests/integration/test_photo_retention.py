"""Photos go when they are old enough, and nothing is ever left pointing at nothing (issue 6)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.audit import Event, Wanted, entries
from cloud.conversations.states import DispatchState
from cloud.database.write import Database
from cloud.main.retention import Retention
from cloud.photos.errors import PhotoMissing, StoreUnavailable
from cloud.photos.local import LocalPhotoStore
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.photos.store import PhotoStore
from cloud.privacy import deleting
from cloud.privacy.decisions import decide, rule_of
from cloud.privacy.due import forecast
from cloud.privacy.kinds import Kind
from cloud.privacy.runs import count_leaving, newest_runs
from cloud.proofs.holds import place_hold, release_hold
from cloud.proofs.models import Photo, ProofPhoto
from cloud.proofs.service import add_photo
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import DAY, World, add_world

LATER = DAY + timedelta(days=121)
"""Everything that arrived on the day of the tests is old enough then."""


class Killed(BaseException):
    """The power goes."""


@pytest.fixture(params=["simulated", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PhotoStore:
    if request.param == "local":
        return LocalPhotoStore(tmp_path / "photos")
    return SimulatedPhotoStore()


@pytest.fixture
def world(database: Database, store: PhotoStore) -> World:
    return add_world(database, store, "owner@demo.test")


def run(world: World, now: Any = LATER) -> None:
    Retention(world.database, world.store).run(now, lambda: True)


def shown(world: World) -> dict[int, list[ProofPhoto]]:
    """All photos of each proof."""
    found: dict[int, list[ProofPhoto]] = {}
    with world.database.read(world.scope) as session:
        for one in session.scalars(select(ProofPhoto).order_by(ProofPhoto.id)):
            found.setdefault(one.proof_id, []).append(one)
    return found


def is_kept(world: World, proof_id: int) -> bool:
    """Whether all photos of a proof are there; that they are all there or all gone is asserted."""
    said = {one.deleted_at is None for one in shown(world)[proof_id]}
    assert len(said) == 1
    return said.pop()


def assert_nothing_points_at_nothing(world: World) -> None:
    """What is not said to be deleted has its row, and each row has its bytes."""
    with world.database.read(world.scope) as session:
        rows = set(session.scalars(select(Photo.sha256)))
        said_kept = set(
            session.scalars(select(ProofPhoto.sha256).where(ProofPhoto.deleted_at.is_(None)))
        )
    assert said_kept <= rows
    for sha256 in rows:
        assert world.store.read(world.organisation_id, sha256)


def test_what_is_old_goes_and_what_is_held_unsent_or_waiting_stays(world: World) -> None:
    order = world.add_order("2611210MINE", "TRACK-MINE")
    sent = world.add_proof("2611210MINE", DispatchState.SENT, order_id=order)
    failed = world.add_proof("2611210FAIL", DispatchState.FAILED)
    held = world.add_proof("2611210HELD", DispatchState.SENT, order_id=order)
    unsent = world.add_proof("2611210LEFT", None, closing="unsent")
    waiting = world.add_proof("2611210ASK", DispatchState.NEEDS_PERSON)
    young = world.add_proof("2611210NEW", came_at=DAY + timedelta(days=2))
    world.database.write(
        lambda session: place_hold(session, held, world.member_id, "Dispute", DAY), world.scope
    )
    with world.database.read(world.scope) as session:
        told = forecast(session, LATER - timedelta(days=120), 1_000)
    run(world)
    assert {one: is_kept(world, one) for one in (sent, failed, held, unsent, waiting, young)} == {
        sent: False,
        failed: False,
        held: True,
        unsent: True,
        waiting: True,
        young: True,
    }
    assert_nothing_points_at_nothing(world)
    for one in shown(world)[sent]:
        assert (one.deleted_at, one.deleted_for) == (LATER, "retention")
        with pytest.raises(PhotoMissing):
            world.store.read(world.organisation_id, one.sha256)
    with world.database.read(world.scope) as session:
        (done,) = newest_runs(session)
        (entry,) = entries(session, Wanted(event=Event.RETENTION))
    # What was told before is what was done, and what stayed.
    assert (done.deleted_count, done.freed_bytes) == (told.goes.photos, told.goes.size_bytes)
    assert (told.goes.photos, told.held.photos, told.needed.photos) == (4, 2, 4)
    assert told.goes.oldest_at == DAY
    assert done.ended_at == LATER
    assert entry.what == f"photos: 4; bytes: {done.freed_bytes}"
    # A run that finds nothing is no run.
    run(world)
    with world.database.read(world.scope) as session:
        assert len(newest_runs(session)) == 1


def test_a_hold_that_ends_lets_go_at_the_next_run(world: World) -> None:
    held = world.add_proof("2611210HELD", DispatchState.SENT)
    world.database.write(
        lambda session: place_hold(session, held, world.member_id, "Dispute", DAY), world.scope
    )
    run(world)
    assert is_kept(world, held)
    world.database.write(
        lambda session: release_hold(session, held, world.member_id, LATER), world.scope
    )
    run(world)
    assert not is_kept(world, held)


def test_a_photo_of_two_orders_stays_until_the_younger_is_old(world: World) -> None:
    """Photos are named by their content: one may be shown by several."""
    old = world.add_proof("2611210OLD", DispatchState.SENT, photos=1)
    young = world.add_proof(
        "2611210NEW", DispatchState.SENT, photos=0, came_at=DAY + timedelta(days=60)
    )
    (photo,) = shown(world)[old]

    def share(session: Session) -> None:
        facts = {"position": 0, "sha256": photo.sha256, "size_bytes": 1, "source": "simulated"}
        taken = {"taken_at": photo.taken_at, "clock_synced": True}
        session.add(ProofPhoto(proof_id=young, **facts, **taken))

    world.database.write(share, world.scope)
    run(world)
    assert is_kept(world, old)
    assert is_kept(world, young)
    assert_nothing_points_at_nothing(world)
    run(world, LATER + timedelta(days=60))
    assert not is_kept(world, young)
    assert not is_kept(world, old)


@only_sqlite
def test_photos_without_an_order_go_too(world: World) -> None:
    """What was undone at a table, and what never got its record."""
    photo = world.add_photo("alone")
    run(world)
    with pytest.raises(PhotoMissing):
        world.store.read(world.organisation_id, photo)


@only_sqlite
def test_another_organisation_with_the_same_picture_keeps_it(
    world: World, database: Database, store: PhotoStore
) -> None:
    other = add_world(database, store, "owner@other.test", name="Other")
    other.database.write(
        lambda session: decide(session, Kind.PHOTOS, None, member_id=other.member_id, now=DAY),
        other.scope,
    )
    photo = world.add_photo("the same")
    assert other.add_photo("the same") == photo
    run(world)
    assert store.exists_verified(other.organisation_id, photo)
    assert not store.exists_verified(world.organisation_id, photo)


@contextmanager
def killed_at(
    monkeypatch: pytest.MonkeyPatch, world: World, step: int, when: str
) -> Iterator[None]:
    """The power goes before or after the nth change of the database or the store."""
    count = iter(range(1_000))

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any, **named: Any) -> Any:
            is_now = next(count) == step
            if is_now and when == "before":
                raise Killed
            result = change(*args, **named)
            if is_now:
                raise Killed
            return result

        return changed

    with monkeypatch.context() as patch:
        patch.setattr(world.database, "write", counted(world.database.write))
        patch.setattr(world.store, "delete", counted(world.store.delete))
        yield


@only_sqlite
@pytest.mark.parametrize("store", ["local"], indirect=True)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", range(12))
def test_a_run_that_is_killed_goes_on_and_counts_each_byte_once(
    world: World, monkeypatch: pytest.MonkeyPatch, step: int, when: str
) -> None:
    monkeypatch.setattr(deleting, "AT_ONCE", 3)
    proofs = [world.add_proof(f"261121{place}", DispatchState.SENT) for place in range(3)]
    total = sum(_size(world, one.sha256) for proof in proofs for one in shown(world)[proof])
    with killed_at(monkeypatch, world, step, when), pytest.raises(Killed):
        run(world)
    assert_nothing_points_at_nothing(world)
    run(world)
    assert not any(is_kept(world, proof) for proof in proofs)
    assert list(world.store.listing(world.organisation_id)) == []
    with world.database.read(world.scope) as session:
        runs = newest_runs(session)
        assert count_leaving(session) == 0
    assert [(one.deleted_count, one.freed_bytes) for one in runs] == [(6, total)]
    assert all(one.ended_at is not None for one in runs)


def _size(world: World, sha256: str) -> int:
    return len(world.store.read(world.organisation_id, sha256))


@only_sqlite
@pytest.mark.parametrize("store", ["simulated"], indirect=True)
def test_a_store_that_is_away_leaves_the_bytes_for_the_next_run(world: World) -> None:
    assert isinstance(world.store, SimulatedPhotoStore)
    proof = world.add_proof("2611210MINE", DispatchState.SENT)
    photo = shown(world)[proof][0].sha256
    data = world.store.read(world.organisation_id, photo)
    world.store.fail_next(StoreUnavailable("its disk fails"))
    run(world)
    assert not is_kept(world, proof)
    with world.database.read(world.scope) as session:
        assert count_leaving(session) == 2
        assert newest_runs(session)[0].ended_at is None

    def take_in(session: Session) -> None:
        add_photo(session, photo, len(data), "table-1", LATER)

    # Meanwhile nobody is told that it is stored: its bytes may go any moment.
    with pytest.raises(StoreUnavailable):
        world.database.write(take_in, world.scope)
    run(world)
    world.store.put(world.organisation_id, photo, data)
    world.database.write(take_in, world.scope)
    assert_nothing_points_at_nothing(world)


@only_sqlite
def test_the_usual_rule_holds_until_somebody_decides(world: World) -> None:
    world.add_proof("2611210MINE", DispatchState.SENT)

    def rule_at(days: int) -> tuple[int | None, int | None]:
        with world.database.read(world.scope) as session:
            rule = rule_of(session, Kind.PHOTOS, DAY + timedelta(days=days))
        return rule.days, rule.days_now

    def decide_at(keep: int | None, days: int) -> None:
        at = DAY + timedelta(days=days)
        world.database.write(
            lambda session: decide(session, Kind.PHOTOS, keep, member_id=world.member_id, now=at),
            world.scope,
        )

    assert rule_at(0) == (120, 120)
    decide_at(30, 10)
    assert rule_at(10) == (30, 120)
    assert rule_at(11) == (30, 30)
    decide_at(None, 12)
    assert rule_at(12) == (None, None)
    assert rule_at(400) == (None, None)
    run(world, DAY + timedelta(days=400))
    with world.database.read(world.scope) as session:
        assert not newest_runs(session)
