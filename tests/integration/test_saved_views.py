"""Saved views of the log: whose they are, who sees them, what they keep (issue 6)."""

import re

import pytest
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.proofs import log_views
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import DAY, World
from tests.support.dashboard_server import RunningDashboard, text_of

LOG = "/parcelguard/log"
VIEWS = f"{LOG}/views"


def add_colleague(world: World) -> str:
    """Another member of the organisation, who signs in with the same password."""

    def unit(session: Session) -> None:
        owner = session.query(Member).where(Member.email == world.email).one()
        session.add(
            Member(
                email="mei@demo.test",
                name="Mei",
                password_hash=owner.password_hash,
                role="agent",
                language="",
                created_at=DAY,
            )
        )

    world.database.write(unit, world.scope)
    return "mei@demo.test"


def views(html: str) -> list[tuple[str, str]]:
    """Address and name of the views on a page of the log."""
    part = html.partition('class="view-list"')[2].partition("</nav>")[0]
    found = re.findall(r'href="([^"]+)"[^>]*>(.*?)</a>', part, re.DOTALL)
    return [(address.replace("&amp;", "&"), text_of(name).strip()) for address, name in found]


def test_a_view_is_kept_replaced_and_deleted(dashboard: RunningDashboard, world: World) -> None:
    query = "state=failed&packer=Mei&column=pictures"
    with dashboard.browser(world.email) as browser:
        kept = browser.post(VIEWS, data={"name": " My  view ", "query": f"{query}&before=7&x=1"})
        assert kept.headers["location"] == f"{LOG}?{query}&notice=view-saved"
        page = browser.get(kept.headers["location"])
        assert "The view is saved." in page.text
        assert views(page.text) == [(f"{LOG}?{query}", "My view")]
        browser.post(VIEWS, data={"name": "My view", "query": "state=sent"})
        page = browser.get(LOG)
        assert views(page.text) == [(f"{LOG}?state=sent", "My view")]
        delete = re.search(rf'action="({VIEWS}/\d+/delete)"', page.text)
        assert delete is not None
        assert browser.post(delete[1]).headers["location"] == f"{LOG}?notice=view-deleted"
        assert views(browser.get(LOG).text) == []
        assert browser.post(delete[1]).status_code == 404


def test_colleagues_see_what_is_shared_and_change_none_of_it(
    dashboard: RunningDashboard, world: World
) -> None:
    colleague, stranger = add_colleague(world), dashboard.world("x@other.test", name="Other")
    with dashboard.browser(world.email) as browser:
        browser.post(VIEWS, data={"name": "Shared", "query": "state=sent", "shared": "true"})
        browser.post(VIEWS, data={"name": "Private", "query": "state=held"})
        own = browser.get(LOG).text
        deletes = re.findall(rf'action="({VIEWS}/\d+/delete)"', own)
    assert len(deletes) == 2
    with dashboard.browser(colleague) as browser:
        page = browser.get(LOG).text
        assert views(page) == [(f"{LOG}?state=sent", "Shared &nbsp;(owner@demo.test)")]
        assert not re.search(rf'action="{VIEWS}/\d+/delete"', page)
        assert {browser.post(one).status_code for one in deletes} == {404}
    with dashboard.browser(stranger.email) as browser:
        assert views(browser.get(LOG).text) == []
        assert {browser.post(one).status_code for one in deletes} == {404}


@only_sqlite
def test_a_view_without_a_name_and_one_too_many_are_refused(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_views, "MOST_VIEWS", 1)
    with dashboard.browser(world.email) as browser:
        for name, notice in (
            ("  ", "view-not-saved"),
            ("A", "view-saved"),
            ("B", "view-not-saved"),
        ):
            answer = browser.post(VIEWS, data={"name": name, "query": ""})
            assert answer.headers["location"] == f"{LOG}?notice={notice}"
        assert [name for _address, name in views(browser.get(LOG).text)] == ["A"]
        assert browser.post(VIEWS, data={"name": "C", "query": "x" * 1001}).status_code == 422


@only_sqlite
def test_only_a_filter_can_be_kept(dashboard: RunningDashboard, world: World) -> None:
    """A shared view is an address that colleagues follow."""
    with dashboard.browser(world.email) as browser:
        query = "state=nonsense&notice=settled&photos=2"
        kept = browser.post(VIEWS, data={"name": "A", "query": query, "shared": "true"})
        assert kept.headers["location"] == f"{LOG}?photos=2&notice=view-saved"
