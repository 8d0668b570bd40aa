"""The pages of tables in a real browser, and the claim sheet as it comes out of a printer."""

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.database_rows import only_sqlite
from tests.support.browser_visit import Visit
from tests.support.dashboard_rows import PASSWORD
from tests.support.fleet_rows import Fleet
from wire.claim_sheet import read_claim_text

pytestmark = [pytest.mark.browser, only_sqlite]

AXE = Path(__file__).parent / "vendor/axe.min.js"
SLOW_MS = 20_000
"""What tables say every minute is shown after a pause."""
A4_PX = (718, 1047)
"""Of an A4 page within its margins, at 96 pixels an inch."""


@pytest.fixture
def fleet(visit: Visit) -> Fleet:
    return Fleet(visit.world)


def make_sheet(page: Page, table_id: int) -> None:
    page.goto(f"/tables/{table_id}/claim")
    page.locator("#wifi_name").fill("Warehouse-5G")
    page.locator("#wifi_password").fill("quite-secret-words")
    page.keyboard.press("Enter")
    expect(page.locator(".sheet")).to_be_visible()


def read_codes(picture: bytes) -> dict[str, str]:
    """Texts by their kind of barcode."""
    with Image.open(io.BytesIO(picture)) as image:
        found = zxingcpp.read_barcodes(image.convert("L"))
    return {one.text: str(one.format) for one in found}


@pytest.mark.parametrize("tag", ["en", "zh-TW", "ms"])
def test_the_printed_sheet_is_read_by_a_scanner(visit: Visit, fleet: Fleet, tag: str) -> None:
    """U-22: enrolled by the table's own scanner, whether it reads squares or bars alone."""
    table_id = fleet.add("North 3", enrolled=False)
    page = visit.page(device_scale_factor=3)
    page.locator(f"button[value='{tag}']").click()
    make_sheet(page, table_id)
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": A4_PX[0], "height": A4_PX[1]})
    sheet = page.locator(".sheet")
    code = page.locator(".sheet-code").inner_text()
    said = read_codes(page.screenshot())
    assert len(said) == 3, said
    assert {text: read_claim_text(text).claim_code for text in said if "CLAIM" in text} == {
        f"PW-CLAIM-{code}": code,
        f"PW-CLAIM-{code} {visit.dashboard.url}": code,
    }
    servers = [read_claim_text(text).server_url for text in said]
    assert servers.count(visit.dashboard.url) == 2
    for words in ("North 3", code, visit.dashboard.url, "Warehouse-5G", "quite-secret-words"):
        expect(sheet).to_contain_text(words)
    for hidden in ("aside", ".topbar", ".not-printed", ".page-header"):
        expect(page.locator(hidden).first).to_be_hidden()


def test_the_sheet_is_one_page_of_paper(visit: Visit, fleet: Fleet) -> None:
    page = visit.page()
    make_sheet(page, fleet.add("N" * 80, enrolled=False))
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1


def test_a_table_is_made_and_its_sheet_printed_without_a_mouse(visit: Visit) -> None:
    page = visit.page()
    page.goto("/tables")
    page.get_by_role("link", name="New table").focus()
    page.keyboard.press("Enter")
    page.locator("#name").focus()
    page.keyboard.type("North 3")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tables/*?notice=created")
    page.get_by_role("link", name="Claim sheet").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make the claim sheet").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="North 3").last).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_visible()


def test_the_list_follows_what_tables_do(visit: Visit, fleet: Fleet) -> None:
    """U-20, U-21."""
    page = visit.page()
    page.goto("/tables?state=attention")
    expect(page.locator("[data-live-mark=live]")).to_be_visible()
    table_id = fleet.add("North 1")
    row = page.locator(f"#table-{table_id}")
    expect(row).to_have_count(0)
    fleet.set_device(table_id, online=False)
    expect(row).to_contain_text("Offline")
    expect(page.locator("#group-offline")).to_contain_text("2")
    fleet.set_device(table_id, online=True)
    expect(row).to_have_count(0)


def test_what_a_table_says_each_minute_is_shown_a_little_later(visit: Visit) -> None:
    page = visit.page()
    page.goto("/tables")
    expect(page.locator("[data-live-mark=live]")).to_be_visible()
    visit.world.tell_health(sign="call-lead", faults=["camera: no frame since 40 s"])
    row = page.locator(f"#table-{visit.world.table_id}")
    expect(row).to_contain_text("camera: no frame since 40 s", timeout=SLOW_MS)


def test_the_page_of_a_table_follows_it_at_once(visit: Visit, fleet: Fleet) -> None:
    table_id = fleet.add("North 1", waiting=3, waiting_for=timedelta(hours=2))
    page = visit.page()
    page.goto(f"/tables/{table_id}")
    state = page.locator("#table-state")
    expect(page.locator("[data-live-mark=live]")).to_be_visible()
    expect(state).to_contain_text("3 orders (oldest: 2 hours)")
    expect(state).to_contain_text("Online")
    fleet.set_device(table_id, waiting_proofs=0, online=False)
    expect(state).to_contain_text("Offline")
    expect(state).to_contain_text(re.compile(r"Waiting to be uploaded\s*None"))
    page.get_by_role("button", name="Disable the table").click()
    expect(page.get_by_text("The table is disabled.")).to_be_visible()


def test_the_sheet_has_no_fault_that_axe_finds(visit: Visit, fleet: Fleet) -> None:
    """WCAG 2.2 AA, as far as a program can tell; and it is cut off at no width."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    retired = fleet.add("North 2")
    for scheme in ("light", "dark"):
        page = visit.page(color_scheme=scheme, bypass_csp=True)
        make_sheet(page, fleet.add(f"North {scheme}", enrolled=False, waiting=0))
        page.add_script_tag(path=AXE)
        result = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
        assert [one["id"] for one in result["violations"]] == []
        for width_px in (320, 390, 768, 1440):
            page.set_viewport_size({"width": width_px, "height": 800})
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(overflow) <= 0, width_px
    page = visit.page(bypass_csp=True)
    page.goto(f"/tables/{retired}/retire")
    page.get_by_role("button", name="Retire the table").click()
    page.add_script_tag(path=AXE)
    result = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
    assert [one["id"] for one in result["violations"]] == []


def test_the_pages_of_tables_work_without_scripts(visit: Visit, fleet: Fleet) -> None:
    table_id = fleet.add("North 1")
    context = visit.chromium.new_context(base_url=visit.dashboard.url, java_script_enabled=False)
    visit.contexts.append(context)
    page = context.new_page()
    page.goto(f"/tables/{table_id}")
    page.locator("#email").fill(visit.world.email)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("#name").fill("West 1")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="West 1")).to_be_visible()
    page.get_by_role("button", name="Disable the table").click()
    page.get_by_role("button", name="Enable the table").click()
    page.get_by_role("link", name="Replace the computer").click()
    page.get_by_role("button", name="Make the claim sheet").click()
    expect(page.locator(".sheet-code")).to_be_visible()
    page.goto(f"/tables/{table_id}/retire")
    page.get_by_role("button", name="Retire the table").click()
    expect(page.get_by_text("The table is retired.")).to_be_visible()
