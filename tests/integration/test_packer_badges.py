"""A packer's badge: printed by an owner, sent by a table, shown in the log; ended (issue 6)."""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy.orm import Session

from cloud.accounts.roles import Role
from cloud.database.base import utc_now
from cloud.database.write import Database
from cloud.dispatcher.intake import ask_for_dispatch
from cloud.dispatcher.taking_in import ManifestTaking, Origin
from cloud.fleet.badges import badge_for, end_badge, packer_of
from cloud.fleet.models import Badge
from cloud.main.resealing import reseal_all
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.proofs.models import Proof
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard
from wire.badges import mark_of
from wire.messages import Closing, Manifest, Mode

PACKER = "packer@demo.test"
NOW = utc_now()


@pytest.fixture
def packer(world: World) -> int:
    return world.add_member(PACKER, Role.PACKER)


@pytest.fixture
def owner(dashboard: RunningDashboard, world: World) -> Iterator[httpx.Client]:
    with dashboard.browser(world.email) as client:
        yield client


def printed(
    dashboard: RunningDashboard, world: World, member_id: int, *, anew: bool = False
) -> str:
    """The text of the badge, as its barcode says it."""
    return world.database.write(
        lambda session: badge_for(session, dashboard.box, member_id, NOW, anew=anew), world.scope
    )


def bars(page: httpx.Response) -> str:
    found = re.search(r'<path d="([^"]+)" fill="#000"', page.text)
    assert found is not None
    return found[1]


def take_in(database: Database, world: World, packer: str, key: str) -> None:
    manifest = Manifest(
        proof_id=key,
        revision=1,
        sequence=1,
        code="2611BADGE",
        closing=Closing.SEND,
        mode=Mode.PACKING,
        opened_at=NOW + timedelta(seconds=1),
        closed_at=NOW + timedelta(seconds=9),
        clock_synced=True,
        packer=packer,
        photos=[],
    )
    taking = ManifestTaking(database, SimulatedPhotoStore(), ask_for_dispatch)
    origin = Origin(world.organisation_id, world.device_id, world.table_id)
    taking.take(origin, manifest, manifest.model_dump_json().encode())


def test_what_is_packed_after_the_badge_was_scanned_carries_the_packer(
    dashboard: RunningDashboard, world: World, packer: int, owner: httpx.Client
) -> None:
    text = printed(dashboard, world, packer)
    take_in(world.database, world, mark_of(text), "a" * 32)
    found = owner.get(f"/parcelguard/log?packer={PACKER}").text
    assert "2611BADGE" in found
    assert PACKER in found
    assert text.removeprefix("PW-ID-") not in found


def test_a_badge_is_printed_again_as_it_was_or_anew_and_ended(
    dashboard: RunningDashboard, world: World, packer: int, owner: httpx.Client
) -> None:
    path = f"/members/{packer}/badge"
    first = owner.post(path, data={"paper": "a4"})
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    text = printed(dashboard, world, packer)
    assert text not in first.text
    assert bars(owner.post(path, data={"paper": "label"})) == bars(first)
    assert bars(owner.post(path, data={"anew": "true"})) != bars(first)
    assert printed(dashboard, world, packer) != text
    ended = owner.post(f"{path}/end")
    assert ended.headers["location"] == "/members?notice=badge-ended"
    assert owner.post(f"{path}/end").status_code == 404

    def sealed(session: Session) -> list[bytes | None]:
        return [one.sealed_code for one in session.query(Badge)]

    with world.database.read(world.scope) as session:
        assert sealed(session) == [None, None]


def test_a_badge_counts_for_what_was_packed_while_it_was_good(
    dashboard: RunningDashboard, world: World, packer: int
) -> None:
    mark = mark_of(printed(dashboard, world, packer))
    world.database.write(lambda session: end_badge(session, packer, NOW), world.scope)

    def named(packed_at_s: int) -> str | None:
        with world.database.read(world.scope) as session:
            return packer_of(session, mark, NOW + timedelta(seconds=packed_at_s))

    assert (named(-1), named(1)) == (PACKER, None)


@only_sqlite
def test_a_badge_of_another_organisation_is_nobodys(
    dashboard: RunningDashboard, world: World, packer: int, owner: httpx.Client
) -> None:
    stranger = dashboard.world("stranger@other.test", name="Other")
    mark = mark_of(printed(dashboard, stranger, stranger.member_id))
    take_in(world.database, world, mark, "b" * 32)
    with world.database.read(world.scope) as session:
        assert session.query(Proof.packer).all() == [(None,)]
    for path in ("badge", "badge/end"):
        assert owner.post(f"/members/{stranger.member_id}/{path}").status_code == 404


@only_sqlite
def test_a_name_in_a_manifest_stays_what_it_is(world: World) -> None:
    take_in(world.database, world, "Anna", "c" * 32)
    with world.database.read(world.scope) as session:
        assert session.query(Proof.packer).all() == [("Anna",)]


@only_sqlite
def test_badges_open_under_the_newest_key(
    dashboard: RunningDashboard, world: World, packer: int
) -> None:
    text = printed(dashboard, world, packer)
    dashboard.box.add_key()
    assert reseal_all(world.database, dashboard.box).values == 1
    assert printed(dashboard, world, packer) == text


@only_sqlite
def test_sheets_are_printed_on_both_papers(
    dashboard: RunningDashboard, owner: httpx.Client
) -> None:
    """U-20."""
    drawn = set()
    for paper in ("a4", "label"):
        page = owner.get(f"/sheets/commands?paper={paper}").text
        for word in ("PHOTO", "SEND", "UNDO", "CANCEL", "TRAINING", "RETURN", "PACKING"):
            assert f"PW-{word}" in page
        drawn.add(hashlib.sha256(page.encode()).hexdigest())
    assert len(drawn) == 2
    assert owner.get("/sheets/commands?paper=napkin").status_code == 422
    card = owner.get("/sheets/signs").text
    assert card.count('<th scope="row">') == 17
    assert 'href="/sheets/signs"' in owner.get("/sheets").text
