"""Not sent: the unsent of each table with their age, and sending them all (issue 6)."""

import re
from datetime import timedelta

import pytest

from cloud.conversations.states import DispatchState
from cloud.dashboard.chat_log.not_sent import PATH
from cloud.database.base import utc_now
from cloud.proofs import unsent
from cloud.proofs.unsent import unsent_by_table
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of
from tests.support.proof_rows import dispatches


def rows(html: str) -> list[str]:
    return [text_of(one) for one in re.findall(r'<tr id="unsent-.*?</tr>', html, re.DOTALL)]


def leave(world: World, code: str, *, hours: int = 0, photos: int = 1) -> int:
    at = utc_now() - timedelta(hours=hours, minutes=1)
    return world.add_proof(code, None, closing="unsent", closed_at=at, photos=photos)


def test_each_table_has_its_count_and_its_oldest(dashboard: RunningDashboard, world: World) -> None:
    first = world.table_id
    leave(world, "A", hours=50)
    leave(world, "B", hours=3, photos=0)
    world.add_proof("SENT", order_id=world.add_order("ORDER-1"))
    world.add_dispatch(leave(world, "C"), DispatchState.SENT)
    second = world.add_table("Table 2")
    leave(world, "D", hours=2)
    world.add_table("Table 3")
    with dashboard.browser(world.email) as browser:
        page = browser.get(PATH).text
        part = browser.get(f"{PATH}/rows").text
    one, two = rows(page)
    assert rows(part) == [one, two]
    assert re.search(r"Table 1 2 1 without photo 2 days", one)
    assert "alert-triangle" in page.partition(f'id="unsent-{second}"')[0]
    assert re.search(r"Table 2 1 2 hours", two)
    assert "alert-triangle" not in page.partition(f'id="unsent-{second}"')[2].partition("</tr>")[0]
    assert f'href="/parcelguard/log/resend?state=unsent&amp;table={first}"' in page
    assert 'href="/parcelguard/log/resend?state=unsent"' in page


def test_all_of_a_table_are_sent_after_their_count(
    dashboard: RunningDashboard, world: World
) -> None:
    mine = [leave(world, "A"), leave(world, "B")]
    table = world.table_id
    world.add_table("Table 2")
    other = leave(world, "C")
    address = f"/parcelguard/log/resend?state=unsent&table={table}"
    with dashboard.browser(world.email) as browser:
        asked = browser.get(address)
        assert "2 orders can be sent again" in text_of(asked.text)
        upto = re.search(r'name="upto" value="(\d+)"', asked.text)
        assert upto is not None
        browser.post(address, data={"upto": upto[1], "note": "Forgotten  in the rush"})
        assert rows(browser.get(PATH).text)[0].split()[:2] == ["Table", "2"]
    notes = [[one.note for one in dispatches(world, proof)] for proof in (*mine, other)]
    assert notes == [["Forgotten in the rush"], ["Forgotten in the rush"], []]


@only_sqlite
def test_nothing_unsent_is_said_and_others_are_not_counted(
    dashboard: RunningDashboard, world: World
) -> None:
    leave(world, "MINE")
    stranger = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(stranger.email) as browser:
        page = browser.get(PATH).text
    assert rows(page) == []
    assert "Nothing is unsent" in page


@only_sqlite
def test_only_the_newest_are_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsent, "LOOKED_AT", 2)
    for code in ("A", "B"):
        leave(world, code)
    with world.database.read(world.scope) as session:
        assert not unsent_by_table(session).has_more
    leave(world, "C")
    with world.database.read(world.scope) as session:
        found = unsent_by_table(session)
    assert found.has_more
    assert [one.count for one in found.tables] == [2]
