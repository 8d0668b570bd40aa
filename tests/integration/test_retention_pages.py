"""The page of retention: what it deletes before it does, and what it deleted (issue 6: privacy)."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from cloud.accounts.audit import Wanted, entries
from cloud.accounts.models import Member
from cloud.accounts.roles import Deed
from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.main.retention import Retention
from cloud.privacy.decisions import rule_of
from cloud.privacy.kinds import Kind
from cloud.privacy.models import RetentionDecision
from cloud.proofs.models import Photo, Proof
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of


def age(world: World, days: int) -> None:
    """Let everything have come so many days ago."""
    then = utc_now() - timedelta(days=days)

    def unit(session: Session) -> None:
        session.execute(update(Photo).values(stored_at=then))
        session.execute(update(Proof).values(received_at=then))

    world.database.write(unit, world.scope)


def delete_old(world: World) -> None:
    Retention(world.database, world.store).run(utc_now(), lambda: True)


@only_sqlite
def test_what_will_go_is_shown_then_it_goes_and_the_log_says_so(
    dashboard: RunningDashboard, world: World
) -> None:
    order = world.add_order("2611210MINE", "TRACK-MINE")
    proof = world.add_proof("2611210MINE", DispatchState.SENT, order_id=order)
    world.add_proof("2611210LEFT", None, closing="unsent", photos=1)
    age(world, 119)
    page = f"/parcelguard/proofs/{proof}"
    with dashboard.browser(world.email) as browser:
        before = text_of(browser.get("/privacy").text)
        assert "Photos are kept: 120 days" in before
        assert "Will be deleted 2 photos, " in before
        assert "Stays: not sent yet, or waits for a person 1 photo, " in before
        assert "Nothing was deleted by its age yet." in before
        address = browser.get(page).text.split('href="/photos/')[1][:64]
        assert browser.get(f"/photos/{address}").status_code == 200
        delete_old(world)
        assert browser.get(f"/photos/{address}").status_code == 200
        age(world, 121)
        delete_old(world)
        after = text_of(browser.get("/privacy").text)
        assert "Will be deleted 0 photos" in after
        assert " 2 " in after.split("Room freed")[1].split("Done")[0]
        # The order's page, the log with its pictures, and evidence say it in words.
        for path in (page, "/parcelguard/log?column=pictures"):
            shown = browser.get(path)
            assert shown.status_code == 200
            assert text_of(shown.text).count("by retention") == 2
            assert f"/photos/{address}" not in shown.text
        for gone in (f"/photos/{address}", f"/photos/{address}/small", f"{page}/evidence/1.jpg"):
            assert browser.get(gone).status_code == 404
        assert browser.get(f"{page}/evidence.zip").status_code == 200
        refused = browser.post(
            f"{page}/resend", data={"after": "0", "everything": "true", "note": "asked"}
        )
        assert refused.headers["location"] == f"{page}?notice=photos-deleted"
        assert 'id="resend"' not in browser.get(page).text


@only_sqlite
def test_where_there_are_many_the_page_says_so_and_who_asks_is_told(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add_proof("2611210MINE", DispatchState.SENT, photos=3)
    age(world, 121)
    monkeypatch.setattr("cloud.privacy.due._AT_ONCE", 1)
    monkeypatch.setattr("cloud.dashboard.privacy.retention.LOOKED_AT", 2)
    with dashboard.browser(world.email) as browser:
        page = browser.get("/privacy").text
        assert "Will be deleted More than 2 photos, " in text_of(page)
        assert 'href="/privacy/photos?days=120"' in page
        assert "Will be deleted 3 photos, " in text_of(browser.get("/privacy/photos?days=120").text)
        monkeypatch.setattr("cloud.dashboard.privacy.retention.LOOKED_AT", 3)
        assert "Will be deleted 3 photos, " in text_of(browser.get("/privacy").text)


@only_sqlite
def test_another_rule_is_shown_confirmed_recorded_and_can_be_taken_back(
    dashboard: RunningDashboard, world: World
) -> None:
    world.add_proof("2611210MINE", DispatchState.SENT)
    age(world, 60)
    with dashboard.browser(world.email) as browser:
        asked = browser.get("/privacy/photos?days=30").text
        assert "Will be deleted 2 photos, " in text_of(asked)
        assert 'id="sure"' in asked
        longer = browser.get("/privacy/photos?days=200").text
        assert 'id="sure"' not in longer
        for_ever = text_of(browser.get("/privacy/photos?days=for-ever").text)
        assert "Nothing is deleted by its age." in for_ever
        for days in ("29", "3651"):
            for answer in (
                browser.get(f"/privacy/photos?days={days}"),
                browser.post("/privacy/photos", data={"days": days}),
            ):
                assert answer.headers["location"] == "/privacy?notice=not-so-many-days"
        assert browser.post("/privacy/photos", data={"days": "soon"}).status_code == 422
        done = browser.post("/privacy/photos", data={"days": "30"})
        assert done.headers["location"] == "/privacy?notice=decided"
        shown = text_of(browser.get("/privacy").text)
        assert "Photos are kept: 30 days" in shown
        assert "Decided by owner@demo.test" in shown
        assert "what held before still holds: 120 days" in shown
        delete_old(world)
        assert "Nothing was deleted by its age yet." in text_of(browser.get("/privacy").text)
    with world.database.read(world.scope) as session:
        recorded = entries(session, Wanted(event=Deed.DECIDE_RETENTION))
        rule = rule_of(session, Kind.PHOTOS, utc_now() + timedelta(days=1))
    assert (recorded[0].what, recorded[0].ending) == ("/privacy/photos", "decided")
    assert rule.days_now == 30


@only_sqlite
def test_who_was_there_before_the_upgrade_is_told_that_nothing_goes(
    dashboard: RunningDashboard, world: World
) -> None:
    def unit(session: Session) -> None:
        session.add(RetentionDecision(kind=Kind.PHOTOS, keep_days=None, decided_at=utc_now()))

    world.database.write(unit, world.scope)
    with dashboard.browser(world.email) as browser:
        shown = text_of(browser.get("/privacy").text)
    assert "Photos are kept: for ever" in shown
    assert "nothing is deleted until you decide here; usual are 120 days" in shown


@only_sqlite
@pytest.mark.parametrize("role", ["agent", "packer", "it"])
def test_others_neither_see_nor_decide(
    dashboard: RunningDashboard, world: World, role: str
) -> None:
    def unit(session: Session) -> None:
        session.query(Member).where(Member.email == world.email).one().role = role

    world.database.write(unit, world.scope)
    with dashboard.browser(world.email) as browser:
        assert browser.get("/privacy").status_code == 403
        assert browser.post("/privacy/photos", data={"days": "30"}).status_code == 403
    with world.database.read(world.scope) as session:
        assert rule_of(session, Kind.PHOTOS, utc_now()).decided_at is None
