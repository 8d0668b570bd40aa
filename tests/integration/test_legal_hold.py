"""Legal hold: who keeps what from deletion and why; the database refuses to delete it (issue 6)."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from cloud.database.errors import ConstraintViolated
from cloud.proofs.models import Photo, Proof, ProofPhoto
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of


def delete_photos(session: Session) -> None:
    session.execute(delete(ProofPhoto))
    session.execute(delete(Photo))


def delete_proofs(session: Session) -> None:
    session.execute(delete(ProofPhoto))
    session.execute(delete(Proof))


def test_the_database_refuses_to_delete_what_is_held(
    dashboard: RunningDashboard, world: World
) -> None:
    """Whatever deletes by age, or by mistake, meets the hold."""
    proof = world.add_proof("2611210MINE", None, closing="unsent")
    page = f"/parcelguard/proofs/{proof}"
    with dashboard.browser(world.email) as browser:
        kept = browser.post(f"{page}/hold", data={"reason": " Dispute  4711 "})
        assert kept.headers["location"] == f"{page}?notice=held"
        shown = text_of(browser.get(kept.headers["location"]).text)
        assert "Kept from deletion by owner@demo.test: Dispute 4711" in shown
        for unit in (delete_photos, delete_proofs):
            assert is_refused(world, unit)
        ended = browser.post(f"{page}/release")
        assert ended.headers["location"] == f"{page}?notice=released"
        shown = text_of(browser.get(page).text)
        assert "Was kept from deletion by owner@demo.test: Dispute 4711" in shown
    world.database.write(delete_photos, world.scope)
    # Who held it, when and why, is not forgotten with it.
    assert is_refused(world, delete_proofs)


def is_refused(world: World, unit: Callable[[Session], None]) -> bool:
    with pytest.raises(ConstraintViolated):
        world.database.write(unit, world.scope)
    return True


def test_a_photo_of_two_held_proofs_stays_until_both_are_released(
    dashboard: RunningDashboard, world: World
) -> None:
    first = world.add_proof("2611210ONE", None, closing="unsent", photos=1)
    second = world.add_proof("2611210TWO", None, closing="unsent", photos=0)

    def share(session: Session) -> None:
        photo = session.query(ProofPhoto).where(ProofPhoto.proof_id == first).one()
        facts = {"position": 0, "sha256": photo.sha256, "size_bytes": 1, "source": "simulated"}
        taken = {"taken_at": photo.taken_at, "clock_synced": True}
        session.add(ProofPhoto(proof_id=second, **facts, **taken))

    world.database.write(share, world.scope)
    with dashboard.browser(world.email) as browser:
        for proof in (first, second):
            browser.post(f"/parcelguard/proofs/{proof}/hold", data={"reason": "Dispute"})
        browser.post(f"/parcelguard/proofs/{first}/release")
        assert is_refused(world, delete_photos)
        browser.post(f"/parcelguard/proofs/{second}/release")
    world.database.write(delete_photos, world.scope)


@only_sqlite
def test_holding_twice_is_as_once_and_wants_a_reason(
    dashboard: RunningDashboard, world: World
) -> None:
    proof = world.add_proof("2611210MINE", None, closing="unsent")
    page = f"/parcelguard/proofs/{proof}"
    with dashboard.browser(world.email) as browser:
        assert browser.post(f"{page}/release").status_code == 404
        assert browser.post(f"{page}/hold", data={"reason": "  "}).status_code == 404
        assert browser.post(f"{page}/hold", data={"reason": "x" * 201}).status_code == 422
        for reason in ("First", "Second"):
            assert browser.post(f"{page}/hold", data={"reason": reason}).status_code == 303
        text = browser.get(page).text
        assert re.findall(r"Kept from deletion by [^<]*", text) == [
            "Kept from deletion by owner@demo.test: First"
        ]
        browser.post(f"{page}/release")
        browser.post(f"{page}/hold", data={"reason": "Third"})
        assert "owner@demo.test: Third" in browser.get(page).text


@only_sqlite
def test_another_organisation_holds_and_releases_nothing(
    dashboard: RunningDashboard, world: World
) -> None:
    proof = world.add_proof("2611210MINE", None, closing="unsent")
    stranger = dashboard.world("stranger@other.test", name="Other")
    page = f"/parcelguard/proofs/{proof}"
    with dashboard.browser(stranger.email) as other, dashboard.browser(world.email) as browser:
        assert other.post(f"{page}/hold", data={"reason": "Mine"}).status_code == 404
        browser.post(f"{page}/hold", data={"reason": "Ours"})
        assert other.post(f"{page}/release").status_code == 404
        assert "Kept from deletion by owner@demo.test: Ours" in text_of(browser.get(page).text)
