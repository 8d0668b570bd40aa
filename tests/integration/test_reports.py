"""Reports: what is counted follows what happens, and is shown to whom it belongs (issue 6)."""

import csv
import io
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.conversations.states import DispatchState, Reason
from cloud.database.changes import Change
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.orders.models import Order
from cloud.reports.models import CountedHour, CountingMark
from cloud.sync.counting import Counting
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of

DAY = datetime(2026, 11, 20, 3, 15, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUERY = "?from=2026-11-20&to=2026-11-20"
TEST = system("test")


def rows(text: str) -> dict[tuple[str, str, str], list[str]]:
    """The lines of the file by what they are about."""
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    return {(by, which, reason): numbers for by, which, reason, *numbers in lines[1:]}


def mark_shipped(world: World, order_id: int, at: datetime) -> None:
    world.database.write(
        lambda session: session.execute(
            update(Order).where(Order.id == order_id).values(shipped_at=at)
        ),
        world.scope,
    )


def pack_a_day(world: World) -> dict[str, int]:
    """Two hours of packing; ids of proofs by name."""
    proofs = {}
    orders = [world.add_order(f"261120{place}ORDER") for place in range(4)]
    for place, order in enumerate(orders[:3]):
        proofs[f"sent-{place}"] = world.add_proof(
            f"261120{place}ORDER", order_id=order, closed_at=DAY, packer="Ana"
        )
    proofs["failed"] = world.add_proof(
        "2611203ORDER",
        DispatchState.FAILED,
        order_id=orders[3],
        reason=Reason.OUTAGE,
        closed_at=DAY + timedelta(hours=1),
    )
    proofs["unsent"] = world.add_proof("UNSENT", None, closing="unsent", closed_at=DAY)
    world.add_proof("TAKEN-BACK", None, closing="withdrawn", closed_at=DAY)
    return proofs


def file_of(dashboard: RunningDashboard, world: World) -> dict[tuple[str, str, str], list[str]]:
    with dashboard.browser(world.email) as browser:
        answer = browser.get(f"/reports/figures.csv{QUERY}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return rows(answer.text)


def test_a_report_says_what_was_packed_sent_and_missed(
    dashboard: RunningDashboard, world: World
) -> None:
    """Also after something changed: the hours it belongs to are counted anew."""
    other = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(world.email) as browser:
        assert "The first counting is under way" in text_of(browser.get("/reports").text)
    proofs = pack_a_day(world)
    counting = Counting(world.database)
    counting.turn(NOW)
    found = file_of(dashboard, world)
    # Received two seconds after the press; the third message went three seconds later.
    assert found["All days", "", ""] == ["5", "3", "5.1", "5.1"]
    assert found["Day", "2026-11-20", ""][0] == "5"
    assert found["Hour of the day", "03:00", ""][0] == "4"
    assert found["Hour of the day", "04:00", ""][0] == "1"
    assert found["Table", "Table 1", ""][0] == "5"
    assert found["Packer", "Ana", ""][0] == "3"
    assert found["Packer", "No badge scanned", ""][0] == "2"
    assert ("Not in the chat", "Unsent", "") in found
    missed = {which for by, which, _reason in found if by == "Not in the chat"}
    assert missed == {"Failed", "Unsent"}

    world.change_state(proofs["failed"], DispatchState.SENT)
    world.add_proof("LATE", None, closing="unsent", closed_at=DAY + timedelta(hours=5))
    counting.turn(NOW + timedelta(minutes=1))
    found = file_of(dashboard, world)
    assert found["All days", "", ""][0] == "6"
    assert found["Hour of the day", "08:00", ""][0] == "1"
    assert {which for by, which, _ in found if by == "Not in the chat"} == {"Unsent"}

    with dashboard.browser(world.email) as browser:
        page = browser.get(f"/reports{QUERY}").text
        log = f"/parcelguard/log?from=2026-11-20&amp;to=2026-11-20&amp;table={world.table_id}"
        assert f'href="{log}"' in page
        assert "Table 1 6" in text_of(page)
        empty = text_of(browser.get("/reports?from=2026-10-01&to=2026-10-02").text)
        assert "Nothing was packed on these days." in empty
    assert file_of(dashboard, other)["All days", "", ""][0] == "0"


def test_shipped_orders_without_a_proof_are_listed_until_one_comes(
    dashboard: RunningDashboard, world: World
) -> None:
    other = dashboard.world("stranger@other.test", name="Other")
    world.add_proof("FIRST", None, closing="unsent", closed_at=DAY)
    numbers = ("BARE", "PROVEN", "TOO-NEW", "BEFORE-US", "NOT-SHIPPED")
    orders = {name: world.add_order(name) for name in numbers}
    world.add_proof("PROVEN", order_id=orders["PROVEN"], closed_at=DAY)
    mark_shipped(world, orders["BARE"], DAY + timedelta(hours=2))
    mark_shipped(world, orders["PROVEN"], DAY + timedelta(hours=2))
    mark_shipped(world, orders["TOO-NEW"], NOW - timedelta(minutes=30))
    mark_shipped(world, orders["BEFORE-US"], DAY - timedelta(hours=2))
    counting = Counting(world.database)
    counting.turn(NOW)

    def listed(who: World) -> set[str]:
        with dashboard.browser(who.email) as browser:
            page = text_of(browser.get(f"/reports/without-proof{QUERY}").text)
            report = text_of(browser.get(f"/reports{QUERY}").text)
        found = {name for name in numbers if f" {name} " in page}
        assert f"Shipped without a proof {len(found)} Show the orders" in report
        return found

    assert listed(world) == {"BARE"}
    assert listed(other) == set()
    counting.turn(NOW + timedelta(hours=3))
    assert listed(world) == {"BARE", "TOO-NEW"}
    world.add_proof("BARE", order_id=orders["BARE"], closed_at=NOW)
    counting.turn(NOW + timedelta(hours=3))
    assert listed(world) == {"TOO-NEW"}


def hours(database: Database) -> dict[datetime, str]:
    with database.read(TEST) as session:
        return {row.hour: row.figures for row in session.scalars(select(CountedHour))}


def test_after_changes_were_forgotten_everything_is_counted_anew(world: World) -> None:
    """So after a pause of days, and in a database that was restored from a backup."""
    database = world.database
    pack_a_day(world)
    Counting(database).turn(NOW)
    expected = hours(database)
    assert len(expected) == 2

    def muddle(session: Session) -> None:
        session.execute(delete(Change))
        session.execute(update(CountedHour).values(figures="[{},{},{},{}]"))

    def put_mark(**values: object) -> None:
        database.write(lambda session: session.execute(update(CountingMark).values(**values)), TEST)

    for mark in ({"counted_at": NOW - timedelta(days=3)}, {"last_change_id": 2**60}):
        database.write(muddle, TEST)
        put_mark(**mark)
        Counting(database).turn(NOW)
        assert hours(database) == expected


@only_sqlite
def test_one_process_counts_at_a_time_and_counting_again_changes_nothing(world: World) -> None:
    pack_a_day(world)
    first, second = Counting(world.database), Counting(world.database)
    first.turn(NOW)
    expected = hours(world.database)
    first._take()
    world.add_proof("LATER", None, closing="unsent", closed_at=NOW)
    assert second.turn(NOW) == 0
    assert hours(world.database) == expected
    first._let_go()
    assert second.turn(NOW) > 0
    assert len(hours(world.database)) == 3
    expected = hours(world.database)
    second.turn(NOW)
    assert hours(world.database) == expected


@only_sqlite
def test_the_bare_pages_are_kept_from_agents(dashboard: RunningDashboard, world: World) -> None:
    def unit(session: Session) -> None:
        session.query(Member).where(Member.email == world.email).one().role = "agent"

    world.database.write(unit, world.scope)
    with dashboard.browser(world.email) as browser:
        assert 'href="/reports"' not in browser.get("/workbench").text
        for path in ("/reports", "/reports/figures.csv", "/reports/without-proof"):
            assert browser.get(path).status_code == 403
