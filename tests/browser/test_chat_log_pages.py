"""The log's viewer, saved views, export, Not sent and Needs a person in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from cloud.conversations.states import DispatchState, Reason
from tests.database_rows import only_sqlite
from tests.support.browser_visit import Visit

pytestmark = [pytest.mark.browser, only_sqlite]

AXE = Path(__file__).parent / "vendor/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "log with all columns": "/parcelguard/log?column=packed&column=shop&column=table"
    "&column=packer&column=photos&column=pictures&column=received",
    "not sent": "/parcelguard/not-sent",
    "needs a person": "/parcelguard/needs-person?notice=answers-taken&changed=2",
    "needs a person, nothing": "/parcelguard/needs-person?before=1",
}


def test_a_photo_is_enlarged_and_tells_how_it_was_taken(visit: Visit) -> None:
    """From the log, by keys alone; what is shown stays while the log goes on."""
    page = visit.page()
    page.goto("/parcelguard/log?column=pictures&column=packed")
    row = page.locator("tbody tr", has_text="2611210SENT")
    row.locator("a[data-photo]").nth(1).focus()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog")
    expect(viewer).to_contain_text("Photo 2 of order 2611210SENT")
    for fact in ("2611210SENT", "Table 1", "simulated", "31 kB", "GMT+08:00"):
        expect(viewer.locator("[data-viewer-facts]")).to_contain_text(fact)
    photo = viewer.get_by_role("img")
    expect(photo).to_have_js_property("naturalWidth", 640)
    scale = viewer.locator("[data-viewer-scale]")
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(scale).to_have_text("200 %")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("-")
    expect(scale).to_have_text("150 %")
    visit.world.add_proof("2611210NEWER", None, closing="unsent", photos=1)
    expect(page.locator("tbody tr", has_text="2611210NEWER")).to_have_count(1)
    expect(viewer).to_contain_text("Photo 2 of order 2611210SENT")
    page.keyboard.press("ArrowLeft")
    expect(viewer).to_contain_text("Photo 1 of order 2611210SENT")
    expect(scale).to_have_text("100 %")
    page.keyboard.press("Escape")
    expect(row.locator("a[data-photo]").first).to_be_focused()


def test_a_view_is_saved_and_followed(visit: Visit) -> None:
    page = visit.page()
    page.goto("/parcelguard/log?state=failed")
    page.get_by_text("Save this view").click()
    page.get_by_label("Name of the view").fill("All that failed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The view is saved.")).to_be_visible()
    page.goto("/parcelguard/log")
    page.get_by_role("link", name="All that failed").click()
    page.wait_for_url("**/parcelguard/log?state=failed")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_export_is_downloaded_whole(visit: Visit) -> None:
    page = visit.page()
    page.goto("/parcelguard/log?state=failed")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    text = download.value.path().read_text("utf-8-sig")
    assert text.splitlines()[-1] == "Complete: 1 orders"
    assert "2611210FAILED" in text


def test_many_orders_are_ticked_and_answered_at_once(visit: Visit) -> None:
    """A tick takes Enter for nothing: no answer is given by accident."""
    for code in ("2611210OLD1", "2611210OLD2"):
        order = visit.world.add_order(code)
        state = DispatchState.NEEDS_PERSON
        visit.world.add_proof(code, state, order_id=order, reason=Reason.TOO_OLD)
    page = visit.page()
    page.goto("/parcelguard/needs-person")
    asked = page.get_by_role("region", name="Should it be sent?")
    expect(asked.get_by_role("listitem")).to_have_count(2)
    every = asked.get_by_label("Choose all of this page")
    every.check()
    page.keyboard.press("Enter")
    expect(asked.get_by_label("Choose 2611210OLD1")).to_be_checked()
    asked.get_by_label("Choose 2611210OLD1").uncheck()
    expect(every).not_to_be_checked()
    asked.get_by_role("button", name="All chosen: Leave it unsent").click()
    expect(page.get_by_text("Thank you. That is noted.")).to_be_visible()
    expect(asked.get_by_role("listitem")).to_have_count(1)
    expect(asked).to_contain_text("2611210OLD1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_the_log_has_a_fault_that_axe_finds(visit: Visit, scheme: str) -> None:
    page = visit.page(color_scheme=scheme, bypass_csp=True)
    found = {}
    for name, address in PAGES.items():
        page.goto(address)
        page.wait_for_load_state("load")
        page.add_script_tag(path=AXE)
        result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        found[name] = [
            (one["id"], [node["html"][:120] for node in one["nodes"]])
            for one in result["violations"]
        ]
    assert found == {name: [] for name in PAGES}


@pytest.mark.parametrize("width_px", [320, 768, 1440])
def test_no_page_of_the_log_is_cut_off_at_any_width(visit: Visit, width_px: int) -> None:
    page = visit.page(viewport={"width": width_px, "height": 800})
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for tag in ("en", "zh-TW", "ms"):
        page.locator(f"button[value='{tag}']").click()
        for name, address in PAGES.items():
            page.goto(address)
            assert page.evaluate(overflow) <= 0, (name, tag)
