"""Tables: the list, the page of each, what changes it, and its claim sheet (U-20 to U-22)."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.accounts.roles import Role
from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.fleet.broker_password import broker_hash
from cloud.fleet.service import NewDevice, add_device, new_device_id, replace_others
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, running_dashboard, text_of
from tests.support.fleet_rows import Fleet
from tests.support.statements import noted_statements

pytestmark = only_sqlite
CLAIM = re.compile(r"\b(?:[A-Z2-9]{5}-){3}[A-Z2-9]{5}\b")


@pytest.fixture
def fleet(world: World) -> Fleet:
    return Fleet(world)


@pytest.fixture
def browser(dashboard: RunningDashboard, world: World) -> Iterator[httpx.Client]:
    with dashboard.browser(world.email) as client:
        yield client


def follow(browser: httpx.Client, answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return text_of(browser.get(answer.headers["location"]).text)


def row_of(page: str, name: str) -> str:
    """The text of one table's row."""
    rows = [text_of(row) for row in page.split("<tr ")[1:]]
    return next(row for row in rows if f"> {name} " in row)


# --- the list -------------------------------------------------------------------------------------


def test_a_row_says_how_its_table_is(browser: httpx.Client, fleet: Fleet) -> None:
    """U-21: name, online or offline with last-seen time, version, and what waits on it."""
    fleet.add("North 1")
    fleet.add(
        "North 2",
        online=False,
        waiting=3,
        waiting_for=timedelta(hours=2, minutes=3),
        faults=("camera: no frame since 40 s",),
    )
    fleet.add("North 3", enrolled=False)
    page = browser.get("/tables").text
    assert re.search(r"Online Ready None .* 0\.5\.0", row_of(page, "North 1"))
    second = row_of(page, "North 2")
    for words in ("Offline", "camera: no frame since 40 s", "3 orders", "(oldest: 2 hours)", "GMT"):
        assert words in second
    assert "Not enrolled" in row_of(page, "North 3")


def test_the_filter_is_the_address(browser: httpx.Client, fleet: Fleet) -> None:
    """U-20: find many tables."""
    fleet.add_all(["North 1", "North 2"])
    fleet.add("South 1", online=False)
    page = browser.get("/tables?name=north&state=online").text
    assert "North 1" in page
    assert "South 1" not in page
    assert "Nothing matches" in browser.get("/tables?name=west").text
    assert "South 1" in browser.get("/tables/rows?state=offline").text


def test_long_lists_are_paged(browser: httpx.Client, fleet: Fleet) -> None:
    fleet.add_all([f"Table {number}" for number in range(2, 121)])
    seen: list[str] = []
    address, page = "/tables", ""
    for _ in range(3):
        page = browser.get(address).text
        seen += re.findall(r'<a id="open-\d+"[^>]*>([^<]+)</a>', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1] if following else ""
    assert seen == [f"Table {number}" for number in range(1, 121)]
    assert not address
    back = re.search(r'href="([^"]+)" rel="prev"', page)
    assert back is not None
    assert "Table 51" in browser.get(back[1]).text


def test_the_list_takes_as_many_statements_for_many_tables_as_for_few(
    browser: httpx.Client, fleet: Fleet
) -> None:
    counts = []
    for number in range(2):
        with noted_statements(fleet.world.database.engines.reader) as statements:
            assert browser.get("/tables").status_code == 200
        counts.append(sum(sql.startswith("SELECT") for sql, _ in statements))
        fleet.add_all([f"North {number}-{place}" for place in range(40)], waiting=2)
    assert counts[0] == counts[1]


def test_without_any_table_the_way_on_is_shown(browser: httpx.Client, fleet: Fleet) -> None:
    browser.post(f"/tables/{fleet.world.table_id}/retire")
    text = text_of(browser.get("/tables").text)
    assert "There is no table yet" in text
    assert "Retired 1" in text


# --- changing -------------------------------------------------------------------------------------


def test_a_table_is_made_and_renamed(browser: httpx.Client, world: World) -> None:
    """U-22."""
    said = follow(browser, browser.post("/tables/new", data={"name": " North  3 "}))
    assert "Print its claim sheet next." in said
    assert "North 3 · Packwitness" in said
    refused = browser.post("/tables/new", data={"name": "North 3"})
    assert refused.status_code == 422
    assert "another table has this name" in refused.text
    assert browser.post("/tables/new", data={"name": " "}).status_code == 422
    rename = f"/tables/{world.table_id}/rename"
    assert "another table has this name" in follow(
        browser, browser.post(rename, data={"name": "North 3"})
    )
    assert "has its new name" in follow(browser, browser.post(rename, data={"name": "<b>West"}))
    assert "&lt;b&gt;West" in browser.get("/tables").text


def test_a_table_is_disabled_and_enabled(browser: httpx.Client, fleet: Fleet) -> None:
    """U-22."""
    table_id = fleet.add("North 1")
    said = follow(browser, browser.post(f"/tables/{table_id}/disable"))
    assert "is disconnected now" in said
    assert "Nothing of this table is taken since" in said
    assert "Disabled" in row_of(browser.get("/tables").text, "North 1")
    claim = browser.get(f"/tables/{table_id}/claim")
    assert "Enable it first" in follow(browser, claim)
    assert "Enable it first" in follow(browser, browser.post(f"/tables/{table_id}/claim"))
    said = follow(browser, browser.post(f"/tables/{table_id}/enable"))
    assert "comes back by itself" in said


def test_a_table_is_retired_after_a_question(browser: httpx.Client, fleet: Fleet) -> None:
    """U-22: what cannot be undone is asked for, with what would be left behind."""
    table_id = fleet.add("North 1", waiting=2)
    question = text_of(browser.get(f"/tables/{table_id}/retire").text)
    assert "this cannot be undone" in question
    assert "held 2 orders that have not arrived here" in question
    assert fleet.table(table_id).retired_at is None
    said = follow(browser, browser.post(f"/tables/{table_id}/retire"))
    assert "is retired" in said
    assert "It held 2 orders that had not arrived here." in said
    assert "packwitness-edge spool adopt" in said
    assert "Disable" not in said
    for again in ("retire", "disable", "enable", "rename", "claim"):
        answer = browser.post(f"/tables/{table_id}/{again}", data={"name": "x"})
        assert "Nothing was changed: the table is retired." in follow(browser, answer)
    log = browser.get("/parcelguard/log").text
    assert "North 1 (retired)" in log
    assert f'value="{table_id}"' not in browser.get("/workbench").text


def test_the_page_of_a_table_shows_its_last_orders_and_the_way_to_all(
    browser: httpx.Client, fleet: Fleet
) -> None:
    world = fleet.world
    world.add_proof("2611210MINE", DispatchState.SENT)
    world.add_table("Table 2")
    world.add_proof("2611210OTHER", DispatchState.SENT)
    first = world.table_id - 1
    page = browser.get(f"/tables/{first}").text
    assert "2611210MINE" in page
    assert "2611210OTHER" not in page
    assert f'href="/parcelguard/log?table={first}"' in page
    assert "2611210MINE" in browser.get(f"/tables/{first}/proofs").text


# --- the claim sheet ------------------------------------------------------------------------------


def test_the_sheet_says_all_that_is_needed_and_is_kept_nowhere(
    browser: httpx.Client, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 9: neither the code nor the password of the Wi-Fi is in the database or a log."""
    table_id = fleet.add("North 1", enrolled=False)
    network = {"wifi_name": "Warehouse-5G", "wifi_password": "quite-secret-words"}
    with caplog.at_level(logging.DEBUG):
        answer = browser.post(f"/tables/{table_id}/claim", data=network)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    text = text_of(answer.text)
    for words in ("North 1", "Warehouse-5G", "quite-secret-words", "To be used once, until", "GMT"):
        assert words in text
    code = CLAIM.findall(text)[0]
    assert answer.text.count('<svg class="bars"') == 3
    assert fleet.open_claims(table_id, utc_now()) == 1
    logged = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    kept = b"".join(path.read_bytes() for path in database_files(fleet))
    for secret in (code, code.replace("-", ""), "quite-secret-words", "Warehouse-5G"):
        assert secret not in logged
        assert secret.encode() not in kept
    assert "A claim sheet was made" in browser.get(f"/tables/{table_id}").text


def database_files(fleet: Fleet) -> list[Path]:
    """The database as it lies on the disk."""
    name = fleet.world.database.engines.reader.url.database
    assert name is not None
    return list(Path(name).parent.glob(f"{Path(name).name}*"))


def test_a_sheet_enrols_one_device_and_the_old_one_is_shown_with_what_it_held(
    browser: httpx.Client, fleet: Fleet
) -> None:
    """U-22: replaced by another Pi."""
    table_id = fleet.add("North 1", waiting=4)
    old = fleet.device(table_id).device_id
    question = text_of(browser.get(f"/tables/{table_id}/claim").text)
    assert "Replace the computer of North 1" in question
    assert "held 4 orders that have not arrived here" in question
    sheet = browser.post(f"/tables/{table_id}/claim").text
    assert fleet.device(table_id).revoked_at is None
    code = CLAIM.findall(sheet)[0]
    new = NewDevice(new_device_id(), broker_hash("x"), "Raspberry Pi 4", "0.6.0")
    now = utc_now()
    fleet.world.database.write(
        lambda session: replace_others(session, add_device(session, code, new, now), now),
        system("test"),
    )
    text = text_of(browser.get(f"/tables/{table_id}").text)
    assert re.search(rf"Its id in the logs {new.device_id}", text)
    assert re.search(rf"Who stood here before {old} .* It held 4 orders", text)


def test_no_sheet_is_made_for_an_address_where_no_table_enrols(fleet: Fleet) -> None:
    world = fleet.world
    with (
        running_dashboard(world.database, own_url="http://192.168.1.10:8080") as other,
        other.browser(world.email) as browser,
    ):
        address = f"/tables/{world.table_id}/claim"
        assert "tables enrol over HTTPS alone" in browser.get(address).text
        refused = browser.post(address)
        assert refused.status_code == 422
        assert not CLAIM.search(refused.text)
    assert fleet.open_claims(world.table_id, utc_now()) == 0


def test_a_long_address_has_its_square_code_and_the_command(fleet: Fleet) -> None:
    world = fleet.world
    url = f"https://{'a' * 63}.example.com"
    with (
        running_dashboard(world.database, own_url=url) as other,
        other.browser(world.email) as browser,
    ):
        sheet = browser.post(f"/tables/{world.table_id}/claim").text
    assert sheet.count('<svg class="bars"') == 1
    assert f"packwitness-edge enroll --server {url}" in text_of(sheet)


# --- walls ----------------------------------------------------------------------------------------

GETS = ["", "/state", "/proofs", "/retire", "/claim"]
POSTS = ["/rename", "/disable", "/enable", "/retire", "/claim"]


def test_another_organisations_tables_are_not_there(
    dashboard: RunningDashboard, fleet: Fleet
) -> None:
    """U-25."""
    table_id = fleet.add("North 1")
    stranger = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(stranger.email) as browser:
        assert "North 1" not in browser.get("/tables").text
        for path in GETS:
            assert browser.get(f"/tables/{table_id}{path}").status_code == 404, path
        for path in POSTS:
            answer = browser.post(f"/tables/{table_id}{path}", data={"name": "Mine"})
            assert answer.status_code == 404, path
        assert browser.get(f"/tables?after={table_id}").status_code == 200
    table = fleet.table(table_id)
    assert (table.name, table.disabled_at, table.retired_at) == ("North 1", None, None)
    assert fleet.open_claims(table_id, utc_now()) == 0


def test_nothing_is_shown_or_changed_without_a_sign_in_or_from_elsewhere(
    dashboard: RunningDashboard, browser: httpx.Client, fleet: Fleet
) -> None:
    table_id = fleet.add("North 1")
    with dashboard.browser() as nobody:
        for path in ["/tables", "/tables/new", *(f"/tables/{table_id}{one}" for one in GETS)]:
            answer = nobody.get(path)
            assert answer.headers["location"].startswith("/sign-in"), path
        for path in POSTS:
            answer = nobody.post(f"/tables/{table_id}{path}", data={"name": "x"})
            assert answer.headers["location"].startswith("/sign-in"), path
    for path in POSTS:
        answer = browser.post(
            f"/tables/{table_id}{path}",
            data={"name": "x"},
            headers={"Origin": "https://evil.example"},
        )
        assert answer.status_code == 403, path
    table = fleet.table(table_id)
    assert (table.name, table.disabled_at, table.retired_at) == ("North 1", None, None)


def test_each_change_leaves_a_line_with_its_ids(
    browser: httpx.Client, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    table_id = fleet.add("North 1")
    device = fleet.device(table_id).device_id
    caplog.set_level(logging.INFO, "cloud.dashboard.tables")
    for path in ("rename", "claim", "disable", "enable", "retire"):
        browser.post(f"/tables/{table_id}/{path}", data={"name": "North 2"})
    records = [one for one in caplog.records if one.name.startswith("cloud.dashboard.tables")]
    lines = [(one.getMessage(), vars(one)["table"], vars(one)["member"]) for one in records]
    member = fleet.world.member_id
    said = ["table renamed", "claim sheet made", "table disabled", "table enabled", "table retired"]
    assert lines == [(text, table_id, member) for text in said]
    assert vars(records[-1])["devices"] == [device]


def test_warehouse_it_looks_after_tables_and_sees_no_orders(
    dashboard: RunningDashboard, fleet: Fleet
) -> None:
    world = fleet.world
    world.add_proof("2611210MINE", DispatchState.SENT)

    def unit(session: Session) -> None:
        session.query(Member).where(Member.email == world.email).one().role = Role.IT

    world.database.write(unit, world.scope)
    with dashboard.browser(world.email) as browser:
        assert browser.get("/").headers["location"] == "/tables"
        page = browser.get(f"/tables/{world.table_id}").text
        assert "2611210MINE" not in page
        assert "/disable" in page
        assert browser.get(f"/tables/{world.table_id}/proofs").status_code == 403
