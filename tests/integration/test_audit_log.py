"""The audit log: who did what, when, from where; and nobody changes it (issue 6: people)."""

import re

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cloud.accounts.audit import PAGE, Event, Recorded, record
from cloud.accounts.audit_models import AuditEntry
from cloud.accounts.roles import Deed
from cloud.database.base import utc_now
from cloud.database.errors import DatabaseError
from cloud.database.scope import system
from cloud.database.write import Database
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import PASSWORD, World
from tests.support.dashboard_server import RunningDashboard, text_of

TEST = system("test")


def recorded(world: World) -> list[AuditEntry]:
    with world.database.read(world.scope) as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def facts(world: World) -> list[tuple[str, int | None, str, str]]:
    return [(one.event, one.member_id, one.what, one.ending) for one in recorded(world)]


def test_sign_ins_are_recorded_with_where_they_came_from(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser() as browser:
        browser.post("/sign-in", data={"email": world.email, "password": "guess"})
        browser.post("/sign-in", data={"email": "nobody@demo.test", "password": PASSWORD})
        browser.post("/sign-in", data={"email": world.email, "password": PASSWORD})
        browser.post("/sign-out")
        browser.post("/sign-out")
    events = [Event.SIGN_IN_REFUSED, Event.SIGN_IN, Event.SIGN_OUT]
    assert facts(world) == [(event, world.member_id, "", "") for event in events]
    assert {one.address for one in recorded(world)} == {"127.0.0.1"}


def test_what_is_done_on_pages_is_recorded_with_its_ids_and_its_end(
    dashboard: RunningDashboard, world: World
) -> None:
    """Settings, sends, resends; done or refused."""
    me = world.member_id
    proof = world.add_proof("2611210MINE")
    with dashboard.browser(world.email) as browser:
        browser.get("/members")
        browser.post(f"/members/{me}/role", data={"role": "agent"})
        browser.post("/sign-in-codes/required", data={"required": "false"})
        browser.post(f"/parcelguard/proofs/{proof}/resend", data={"after": "0"})
        browser.post("/account/sign-out-everywhere")
    found = facts(world)[1:]
    assert found[0] == (Deed.MANAGE_MEMBERS, me, f"/members/{me}/role", "last-owner")
    assert found[1] == (Deed.REQUIRE_CODES, me, "/sign-in-codes/required", "not-required")
    assert found[2][:3] == (Deed.SEND_AGAIN, me, f"/parcelguard/proofs/{proof}/resend")
    assert found[3] == (Event.OWN_SIGN_IN, me, "/account/sign-out-everywhere", "303")
    assert len(found) == 4
    assert PASSWORD not in str(facts(world))


@only_sqlite
def test_an_export_is_recorded_with_its_filter(dashboard: RunningDashboard, world: World) -> None:
    with dashboard.browser(world.email) as browser:
        answer = browser.get("/parcelguard/log/export.csv?state=failed")
        assert "attachment" in answer.headers["content-disposition"]
    assert facts(world)[-1] == (
        Event.EXPORT,
        world.member_id,
        "/parcelguard/log/export.csv?state=failed",
        "200",
    )


@pytest.mark.parametrize("statement", [update(AuditEntry).values(what="-"), delete(AuditEntry)])
def test_the_database_refuses_to_change_the_log(
    database: Database, dashboard: RunningDashboard, world: World, statement: object
) -> None:
    with dashboard.browser(world.email):
        pass
    before = facts(world)
    assert before

    def unit(session: Session) -> None:
        session.execute(statement)  # type: ignore[call-overload]  # either of the two

    with pytest.raises(DatabaseError):
        database.write(unit, TEST)
    assert facts(world) == before


def test_owners_read_it_by_pages_and_filters(dashboard: RunningDashboard, world: World) -> None:
    stranger = dashboard.world("stranger@other.test", name="Other")

    def fill(session: Session) -> None:
        for number in range(PAGE + 5):
            done = Recorded(utc_now(), Deed.MANAGE_TABLES, world.member_id, f"/tables/{number}/x")
            record(session, world.organisation_id, done)
        theirs = Recorded(utc_now(), Deed.MANAGE_TABLES, stranger.member_id, "/tables/theirs")
        record(session, stranger.organisation_id, theirs)

    world.database.write(fill, TEST)
    with dashboard.browser(world.email) as browser:
        first = browser.get(f"/audit-log?event=manage-tables&member={world.member_id}").text
        older = re.search(r'href="(/audit-log\?[^"]*before=[^"]+)"', first)
        assert older is not None
        second = browser.get(older[1].replace("&amp;", "&")).text
        other = browser.get("/audit-log?event=sign-in").text
        nobody = browser.get(f"/audit-log?member={stranger.member_id}").text
        odd = browser.get("/audit-log?event=%00&member=0&before=0")
    numbers = [int(one) for page in (first, second) for one in re.findall(r"/tables/(\d+)/x", page)]
    assert numbers == list(reversed(range(PAGE + 5)))
    assert "Older entries" in first
    assert "Older entries" not in second
    assert "/tables/" not in other.split("<tbody>")[1]
    assert "127.0.0.1" in other
    assert "Nothing is recorded that fits." in text_of(nobody)
    assert "theirs" not in first + second + nobody
    assert odd.status_code == 200


@only_sqlite
def test_every_deed_that_changes_something_has_words(dashboard: RunningDashboard) -> None:
    from cloud.dashboard.audit_words import EVENTS

    assert set(Event) <= set(EVENTS)
    assert {Deed.SEND_AGAIN, Deed.MANAGE_MEMBERS, Deed.DECIDE_SENDING} <= set(EVENTS)
