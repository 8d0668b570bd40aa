"""The Marketplace Platform Chat Log: order, filters, pages; the same on both engines."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import Connection, inspect

from cloud.conversations.states import DispatchState, Reason
from cloud.dashboard.chat_log.page import ROWS_PER_PAGE
from cloud.database.write import Database
from cloud.proofs.log_filter import LogFilter, Window
from cloud.proofs.log_queries import log_entries
from cloud.proofs.states import ProofState
from tests.database_rows import only_postgres, only_sqlite
from tests.support.dashboard_rows import DAY, World
from tests.support.dashboard_server import RunningDashboard, text_of
from tests.support.statements import noted_statements

LOG = "/parcelguard/log"


def rows(answer: httpx.Response) -> list[str]:
    """The rows of a log page, as text, from the top."""
    assert answer.status_code == 200, answer.text
    return [text_of(row) for row in re.findall(r'<tr id="proof-.*?</tr>', answer.text, re.DOTALL)]


def orders(answer: httpx.Response) -> list[str]:
    """What the rows of a log page are named, from the top."""
    return re.findall(r'<a id="open-\d+"[^>]*>([^<]+)</a>', answer.text)


def ids(world: World, wanted: LogFilter, window: Window) -> list[int]:
    with world.database.read(world.scope) as session:
        return [entry.proof.id for entry in log_entries(session, wanted, window).entries]


def test_a_row_names_what_sellers_ask_for(dashboard: RunningDashboard, world: World) -> None:
    """U-24, U-26, S0-46: order, channel, shop, table, time, photo count, state and reason."""
    order = world.add_order("2611210ABCDEF", "MY123456789")
    world.add_proof(
        "2611210ABCDEF",
        DispatchState.FAILED,
        order_id=order,
        reason=Reason.REFUSED_CONTENT,
        photos=3,
    )
    world.add_proof("NOT-AN-ORDER", DispatchState.NEEDS_PERSON, reason=Reason.ORDER_NOT_FOUND)
    with dashboard.browser(world.email) as browser:
        unknown, failed = rows(browser.get(LOG))
    for words in (
        "2611210ABCDEF",
        "Shopee",
        "Demo Shop",
        "Table 1",
        "6:00:00",
        "Nov 21, 2026",
        " 3 ",
        "Failed",
        "The marketplace does not accept what the message or photo contains.",
        "Resend",
    ):
        assert words in failed
    assert "NOT-AN-ORDER" in unknown
    assert "Not known yet" in unknown
    assert "No order has this number or tracking number." in unknown


def test_the_newest_is_on_top_and_pages_lead_to_the_end_and_back(
    dashboard: RunningDashboard, world: World
) -> None:
    count = 2 * ROWS_PER_PAGE + 3
    for number in range(count):
        world.add_proof(f"CODE-{number:03d}", None, closing="unsent", photos=0)
    expected = [f"CODE-{number:03d}" for number in reversed(range(count))]
    with dashboard.browser(world.email) as browser:
        pages = [browser.get(LOG)]
        while older := re.search(r'href="([^"]+)" rel="next"', pages[-1].text):
            pages.append(browser.get(older[1].replace("&amp;", "&")))
        assert [orders(page) for page in pages] == [
            expected[:ROWS_PER_PAGE],
            expected[ROWS_PER_PAGE : 2 * ROWS_PER_PAGE],
            expected[2 * ROWS_PER_PAGE :],
        ]
        newer = re.search(r'href="([^"]+)" rel="prev"', pages[-1].text)
        assert newer is not None
        assert orders(browser.get(newer[1].replace("&amp;", "&"))) == orders(pages[1])
        assert 'rel="next"' not in browser.get(f"{LOG}?code=CODE-000").text


def test_each_state_can_be_asked_for_alone(dashboard: RunningDashboard, world: World) -> None:
    """S0-45 among them: the orders that have sent images to customers."""
    for one in DispatchState:
        world.add_proof(f"CODE-{one.value}", one, photos=0)
    world.add_proof("CODE-unsent", None, closing="unsent", photos=0)
    with dashboard.browser(world.email) as browser:
        found = {state: orders(browser.get(f"{LOG}?state={state}")) for state in ProofState}
    assert found == {state: [f"CODE-{state}"] for state in ProofState}


def test_a_group_shows_all_of_its_states(dashboard: RunningDashboard, world: World) -> None:
    for one in DispatchState:
        world.add_proof(f"CODE-{one.value}", one, photos=0)
    world.add_proof("CODE-unsent", None, closing="unsent", photos=0)
    world.add_proof("CODE-put-aside", None, closing="cancelled", photos=0)
    with dashboard.browser(world.email) as browser:
        assert orders(browser.get(f"{LOG}?state=not-sent")) == [
            "CODE-put-aside",
            "CODE-unsent",
            "CODE-cancelled",
            "CODE-saved-not-sent",
        ]
        assert len(orders(browser.get(f"{LOG}?state=attention"))) == 6
        assert len(orders(browser.get(f"{LOG}?state=on-its-way"))) == 3


def test_a_resend_changes_the_state_of_its_row_and_is_told_in_it(
    dashboard: RunningDashboard, world: World
) -> None:
    """S0-49. What was sent once is found under "sent", whatever became of a later send."""
    order = world.add_order("2611210RESENT")
    proof = world.add_proof("2611210RESENT", DispatchState.SENT, order_id=order)
    world.add_dispatch(proof, DispatchState.FAILED, order_id=order, reason=Reason.OUTAGE)
    with dashboard.browser(world.email) as browser:
        (row,) = rows(browser.get(f"{LOG}?state=failed"))
        assert "Failed" in row
        assert "Was sent before" in row
        assert "Resent once" in row
        assert len(rows(browser.get(f"{LOG}?state=sent"))) == 1
        world.add_dispatch(proof, DispatchState.QUEUED, order_id=order)
        assert rows(browser.get(f"{LOG}?state=failed")) == []
        (row,) = rows(browser.get(f"{LOG}?state=queued"))
        assert "Resent 2 times" in row


def test_filters_by_shop_and_table_alone_and_together(
    dashboard: RunningDashboard, world: World
) -> None:
    first_shop, first_table = world.shop_id, world.table_id
    world.add_proof("A", order_id=world.add_order("ORDER-A"), photos=0)
    second_table = world.add_table("Table 2")
    world.add_proof("B", order_id=world.add_order("ORDER-B"), photos=0)
    second_shop = world.add_shop("Other Shop")
    world.add_proof("C", order_id=world.add_order("ORDER-C"), photos=0)
    world.add_proof("D", None, closing="unsent", photos=0)
    cases = {
        f"shop={first_shop}": ["ORDER-B", "ORDER-A"],
        f"shop={second_shop}": ["ORDER-C"],
        f"table={first_table}": ["ORDER-A"],
        f"table={second_table}": ["D", "ORDER-C", "ORDER-B"],
        f"shop={first_shop}&table={second_table}": ["ORDER-B"],
        f"shop={second_shop}&state=sent": ["ORDER-C"],
        f"shop={second_shop}&state=failed": [],
        f"table={second_table}&state=unsent": ["D"],
    }
    with dashboard.browser(world.email) as browser:
        found = {query: orders(browser.get(f"{LOG}?{query}")) for query in cases}
    assert found == cases


def test_filters_by_marketplace_packer_and_number_of_photos(
    dashboard: RunningDashboard, world: World
) -> None:
    """Issue 6; the packer's name counts as the table's badge gave it."""
    world.add_proof("A", order_id=world.add_order("ORDER-A"), photos=0, packer="Mei")
    world.add_shop("Second Shop")
    world.add_proof("B", order_id=world.add_order("ORDER-B"), photos=1, packer="Ali")
    lazada = world.add_shop("Lazada Shop", "lazada")
    world.add_proof("C", order_id=world.add_order("ORDER-C"), photos=1, packer="Mei")
    world.add_proof("D", None, closing="unsent", photos=0)
    cases = {
        "channel=shopee": ["ORDER-B", "ORDER-A"],
        "channel=lazada": ["ORDER-C"],
        "channel=tiktok": [],
        f"channel=shopee&shop={lazada}": [],
        "channel=shopee&state=sent": ["ORDER-B", "ORDER-A"],
        "packer=Mei": ["ORDER-C", "ORDER-A"],
        "packer=Mei&channel=lazada": ["ORDER-C"],
        "packer=mei": [],
        "photos=1": ["ORDER-C", "ORDER-B"],
        "photos=0": ["D", "ORDER-A"],
        "photos=0&packer=Mei": ["ORDER-A"],
    }
    with dashboard.browser(world.email) as browser:
        found = {query: orders(browser.get(f"{LOG}?{query}")) for query in cases}
    assert found == cases


def test_columns_are_chosen_in_the_address_and_kept_by_its_links(
    dashboard: RunningDashboard, world: World
) -> None:
    world.add_proof("A", order_id=world.add_order("ORDER-A"), photos=2, packer="Mei")
    with dashboard.browser(world.email) as browser:
        usual = browser.get(LOG)
        chosen = browser.get(f"{LOG}?column=pictures&column=packer&state=sent")
        strange = browser.get(f"{LOG}?column=nonsense")
    assert "of-shop" in usual.text
    assert "of-packer" not in usual.text
    assert "Mei" in rows(chosen)[0]
    assert "Demo Shop" not in rows(chosen)[0]
    assert len(re.findall(r'/photos/[0-9a-f]{64}/small"[^>]* loading="lazy"', chosen.text)) == 2
    assert "state=failed&amp;column=packer&amp;column=pictures" not in usual.text
    assert "?state=attention&amp;column=packer&amp;column=pictures" in chosen.text
    assert "of-shop" in strange.text


@pytest.mark.parametrize("code", ["ORDER-1", "TRACK-1", "SCANNED-1"])
def test_an_order_is_found_by_any_of_its_numbers(
    dashboard: RunningDashboard, world: World, code: str
) -> None:
    world.add_proof("SCANNED-1", order_id=world.add_order("ORDER-1", "TRACK-1"), photos=0)
    world.add_proof("SCANNED-2", order_id=world.add_order("ORDER-2", "TRACK-2"), photos=0)
    with dashboard.browser(world.email) as browser:
        assert orders(browser.get(LOG, params={"code": f" {code} "})) == ["ORDER-1"]
        assert orders(browser.get(LOG, params={"code": code, "state": "failed"})) == []


def test_days_are_those_of_the_readers_zone(dashboard: RunningDashboard, world: World) -> None:
    midnight = datetime(2026, 11, 19, 16, tzinfo=UTC)  # in Kuala Lumpur, between 19 and 20 Nov
    world.add_proof(
        "BEFORE", None, closing="unsent", photos=0, closed_at=midnight - timedelta(seconds=1)
    )
    world.add_proof("AFTER", None, closing="unsent", photos=0, closed_at=midnight)
    with dashboard.browser(world.email) as browser:
        browser.cookies.set("packwitness-zone", "Asia/Kuala_Lumpur")
        assert orders(browser.get(f"{LOG}?to=2026-11-19")) == ["BEFORE"]
        assert orders(browser.get(f"{LOG}?from=2026-11-20&to=2026-11-20")) == ["AFTER"]
        assert orders(browser.get(f"{LOG}?from=2026-11-20&state=unsent")) == ["AFTER"]
        browser.cookies.set("packwitness-zone", "UTC")
        assert orders(browser.get(f"{LOG}?from=2026-11-19&to=2026-11-19")) == ["AFTER", "BEFORE"]


def test_a_proof_with_a_wrong_clock_is_found_on_the_day_it_came(world: World) -> None:
    wrong = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    proof = world.add_proof("CLOCK", None, closing="unsent", closed_at=wrong, clock_synced=False)
    # It is received two seconds after it was closed: by that, 1970 is the day it came.
    within = LogFilter(packed_from=wrong, packed_before=wrong + timedelta(seconds=2))
    assert ids(world, within, Window(5)) == []
    after = LogFilter(packed_from=wrong + timedelta(seconds=2), packed_before=DAY)
    assert ids(world, after, Window(5)) == [proof]


def test_rows_for_live_updates_hold_new_entries_back_on_demand(
    dashboard: RunningDashboard, world: World
) -> None:
    first = world.add_proof("FIRST", None, closing="unsent", photos=0)
    world.add_proof("SECOND", None, closing="unsent", photos=0)
    world.add_proof("THIRD", None, closing="unsent", photos=0)
    with dashboard.browser(world.email) as browser:
        assert orders(browser.get(f"{LOG}/rows")) == ["THIRD", "SECOND", "FIRST"]
        held = browser.get(f"{LOG}/rows?upto={first}")
    assert orders(held) == ["FIRST"]
    assert "2 new entries" in text_of(held.text)


def test_an_empty_log_and_an_empty_result_are_told_apart(
    dashboard: RunningDashboard, world: World
) -> None:
    with dashboard.browser(world.email) as browser:
        assert "Nothing has been packed yet" in browser.get(LOG).text
        assert "Nothing matches" in browser.get(f"{LOG}?code=NOPE").text
        strange = browser.get(f"{LOG}?state=sended&shop=x")
    assert "Part of the filter was not understood and is left out: state, shop" in strange.text


FILTERS = [
    (LogFilter(), "ix_proofs_"),
    (LogFilter(table_id=1), "ix_proofs_table"),
    (LogFilter(states=(ProofState.SENT,)), "ix_dispatches_proofs"),
    (LogFilter(states=(ProofState.FAILED,)), "ix_dispatches_proofs"),
    (LogFilter(states=(ProofState.UNSENT,)), "ix_proofs_closing"),
    (LogFilter(shop_id=1, states=(ProofState.FAILED,)), "ix_dispatches_shop_proofs"),
    (LogFilter(packed_from=DAY, packed_before=DAY + timedelta(days=1)), "ix_proofs_off_step"),
    (LogFilter(packed_before=DAY), "ix_proofs_received"),
    (LogFilter(shop_id=1), "ix_dispatches_shop_proofs"),
    (LogFilter(states=(ProofState.FAILED,), table_id=1), "ix_dispatches_proofs"),
    (LogFilter(shop_id=1, table_id=1), "ix_dispatches_shop_proofs"),
    (LogFilter(states=(ProofState.UNSENT,), table_id=1), "ix_proofs_closing"),
    (LogFilter(table_id=1, packed_from=DAY), "ix_proofs_table"),
    (LogFilter(states=(ProofState.SENT,), packed_from=DAY), "ix_dispatches_proofs"),
    (LogFilter(code="ORDER-1"), "ix_proofs_code"),
    (LogFilter(packer="Mei"), "ix_proofs_packer"),
    (LogFilter(photo_count=2), "ix_proofs_photo_count"),
    (LogFilter(channel="shopee"), "ix_dispatches_shop_proofs"),
    (LogFilter(channel="shopee", states=(ProofState.FAILED,)), "ix_dispatches_shop_proofs"),
    (LogFilter(states=(ProofState.FAILED,), packer="Mei"), "ix_dispatches_proofs"),
    (LogFilter(states=(ProofState.SENT,), photo_count=2), "ix_dispatches_proofs"),
    (LogFilter(table_id=1, packer="Mei", photo_count=2), "ix_proofs_packer"),
]

BIG_TABLES = "(proofs|dispatches|orders|parcels|proof_photos)"


@pytest.mark.parametrize(("wanted", "index"), FILTERS)
@only_sqlite
def test_sqlite_reads_each_filter_along_an_index(
    world: World, wanted: LogFilter, index: str
) -> None:
    plans = plans_of(world, wanted, "EXPLAIN QUERY PLAN ")
    assert index in plans
    assert not re.search(r"SCAN (?!CONSTANT|\(subquery)", plans)
    # Walking through all rows of an organisation looks like an index search, too.
    assert not re.search(BIG_TABLES + r"[^\n]*\(organisation_id=\?\)", plans), plans
    assert "USE TEMP B-TREE" not in plans_of(world, wanted, "EXPLAIN QUERY PLAN ", of="LIMIT ?")


def plans_of(world: World, wanted: LogFilter, explain: str, of: str = "SELECT") -> str:
    """What the database says about each statement of a page of the log."""
    engine = world.database.engines.reader
    with noted_statements(engine) as statements:
        ids(world, wanted, Window(50, before=1_000_000))
    lines = []
    with engine.connect() as connection:
        for statement, values in statements:
            if not statement.startswith("SELECT") or of not in statement:
                continue
            result = connection.exec_driver_sql(explain + statement, values)  # type: ignore[arg-type]
            lines += [str(row[-1]) for row in result]
    return "\n".join(lines)


def multiply(connection: Connection, table: str, different: dict[str, str]) -> None:
    """Repeat the only row of a table 60,000 times, with some columns different."""
    names = [column["name"] for column in inspect(connection).get_columns(table)]
    copied = [name for name in names if name != "id"]
    values = [different.get(name, f't."{name}"') for name in copied]
    columns = ", ".join(f'"{name}"' for name in copied)
    connection.exec_driver_sql(
        f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)}"  # noqa: S608  fixed names
        f" FROM {table} t, generate_series(1, 60000) n"
    )


@only_postgres
def test_postgres_reads_a_page_of_many_proofs_along_indexes(
    database: Database, world: World
) -> None:
    """With the statistics of a log of real size, made up in the server itself."""
    order = world.add_order("ORDER-1")
    world.add_proof("PATTERN", order_id=order, photos=0)
    with database.engines.writer.begin() as connection:
        multiply(
            connection,
            "proofs",
            {
                "proof_key": "lpad(n::text, 32, 'x')",
                "code": "'C' || n",
                "closed_at": "closed_at - n * interval '10 s'",
            },
        )
        multiply(
            connection,
            "dispatches",
            {
                "proof_id": "proof_id + n",
                "request_key": "'k' || n",
                "state": "CASE WHEN n %% 500 = 0 THEN 'failed' ELSE 'sent' END",
            },
        )
    with database.engines.writer.execution_options(isolation_level="AUTOCOMMIT").connect() as bare:
        bare.exec_driver_sql("ANALYZE")
    for wanted, _index in FILTERS:
        plans = plans_of(world, wanted, "EXPLAIN ")
        assert "Seq Scan on proofs" not in plans, wanted
        assert "Seq Scan on dispatches" not in plans, wanted
