"""The sellers' pages in a real browser: live updates, filters, Resend, keyboard, widths, faults."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cloud.conversations.states import DispatchState, Reason
from launcher.relay import Relay
from sandbox.testing import RunningSandbox
from tests.database_rows import only_sqlite
from tests.support.browser_visit import Visit
from tests.support.dashboard_rows import PASSWORD

pytestmark = [pytest.mark.browser, only_sqlite]

AXE = Path(__file__).parent / "vendor/axe.min.js"
RECONNECT_MS = 20_000
"""The page tries again after a pause of its own."""
SENT = "Image Sent to Customer's Chat"


def test_the_workbench_shows_table_phone_and_log_and_keeps_them_up_to_date(visit: Visit) -> None:
    page = visit.page()
    table = page.get_by_role("region", name="Table 1")
    log = page.get_by_role("region", name="Marketplace Platform Chat Log")
    expect(table).to_contain_text("1 photo taken")
    expect(table).to_contain_text("2611210OPEN")
    expect(table.get_by_role("img")).to_have_js_property("naturalWidth", 320)
    expect(page.locator("iframe")).to_have_attribute("src", re.compile("/buyer/"))

    order = visit.world.add_order("2611210LIVE")
    proof = visit.world.add_proof("2611210LIVE", DispatchState.QUEUED, order_id=order)
    newest = log.get_by_role("listitem").first
    expect(newest).to_contain_text("2611210LIVE")
    expect(newest).to_contain_text("Waiting to be sent")
    visit.world.change_state(proof, DispatchState.SENT)
    expect(newest).to_contain_text(SENT)
    visit.world.tell_health(sign="ready")
    expect(table).to_contain_text("No order is open.")


def test_a_photo_that_is_still_on_its_way_appears_when_it_arrives(visit: Visit) -> None:
    photo = visit.world.add_photo("quick")
    late = "f" * 64
    visit.world.tell_health(sign="photos-2", open_photos=[photo, late])
    page = visit.page()
    table = page.get_by_role("region", name="Table 1")
    expect(table.get_by_role("img")).to_have_count(1)
    expect(table).to_contain_text("Photo 2 is on its way")
    visit.world.tell_health(sign="photos-2", open_photos=[photo, visit.world.add_photo("late")])
    expect(table.get_by_role("img")).to_have_count(2)


def test_the_log_is_filtered_in_the_address(visit: Visit) -> None:
    page = visit.page()
    page.get_by_role("link", name="Marketplace Platform Chat Log").first.click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(6)
    page.get_by_label("State", exact=True).select_option("failed")
    page.get_by_role("button", name="Apply").click()
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/parcelguard/log\?state=failed$"))
    expect(rows).to_contain_text("The marketplace does not accept")
    page.get_by_role("link", name="Clear").click()
    page.get_by_label("Order or tracking number").fill("MY2600000000")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("2611210SENT")
    page.get_by_label("Order or tracking number").fill("nothing like this")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def test_nothing_moves_under_the_pointer(visit: Visit) -> None:
    page = visit.page()
    page.goto("/parcelguard/log")
    expect(page.locator("[data-live-mark=live]")).to_be_visible()
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("2611210UNSENT")
    first.hover()
    visit.world.add_proof("2611210NEW", None, closing="unsent", photos=0)
    expect(page.get_by_text("1 new entry")).to_be_visible()
    expect(first).to_contain_text("2611210UNSENT")
    page.get_by_role("heading", name="Marketplace Platform Chat Log").hover()
    expect(first).to_contain_text("2611210NEW")


def test_resend_from_the_log_and_from_the_page_of_the_proof(visit: Visit) -> None:
    page = visit.page()
    page.goto("/parcelguard/log")
    page.get_by_role("button", name="Resend 2611210FAILED").click()
    expect(page.get_by_text("The photos are being sent again.")).to_be_visible()
    row = page.locator("tbody tr", has_text="2611210FAILED")
    expect(row).to_contain_text("Waiting for the order")
    expect(row).to_contain_text("Resent once")

    page.goto(f"/parcelguard/proofs/{visit.proofs['sent']}")
    page.locator("#resend").click()
    expect(page.get_by_text("They will be in the chat a second time.")).to_be_visible()
    page.get_by_label("Why everything again?").fill("The buyer opened a dispute")
    page.get_by_role("button", name="Send everything again").click()
    expect(page.get_by_text("Resend, asked for by owner@demo.test")).to_be_visible()
    expect(page.get_by_text("Everything again: The buyer opened a dispute")).to_be_visible()


def test_all_failed_ones_of_a_filter_are_sent_again_after_their_count(visit: Visit) -> None:
    page = visit.page()
    page.goto("/parcelguard/log/resend?state=attention")
    expect(page.locator(".left-out", has_text="Demo Shop")).to_be_visible()
    visit.world.let_batches_go()
    page.goto("/parcelguard/log?state=attention")
    page.get_by_role("link", name="Send again what failed").click()
    expect(page.get_by_role("heading", name="can be sent again")).to_be_visible()
    expect(page.locator(".left-out")).to_contain_text("Not confirmed")
    page.get_by_role("button", name="Send to Customer").click()
    expect(page.get_by_text("They are being sent again, one after the other.")).to_be_visible()
    page.goto("/parcelguard/log")
    expect(page.locator("tbody tr", has_text="2611210FAILED")).to_contain_text("Resent once")


def test_what_is_opened_stays_open_while_the_page_changes(visit: Visit) -> None:
    page = visit.page()
    page.goto(f"/parcelguard/proofs/{visit.proofs['failed']}")
    expect(page.locator("[data-live-mark=live]")).to_be_visible()
    page.locator("#resend").click()
    send = page.get_by_role("button", name="Send to Customer")
    expect(send).to_be_visible()
    visit.world.change_state(visit.proofs["failed"], DispatchState.HELD, Reason.OUTAGE)
    expect(page.locator(".stand")).to_contain_text("On hold")
    expect(send).to_be_visible()


def test_a_person_answers_what_is_not_confirmed(visit: Visit) -> None:
    page = visit.page()
    page.goto(f"/parcelguard/proofs/{visit.proofs['not-confirmed']}")
    page.get_by_role("button", name="It is there", exact=True).click()
    expect(page.get_by_text("Thank you. That is noted.")).to_be_visible()
    expect(page.get_by_role("heading", name="Is photo 2 in the chat?")).to_have_count(0)
    expect(page.locator(".stand")).to_contain_text("Partly sent")


def test_the_main_tasks_need_no_mouse(visit: Visit) -> None:
    page = visit.page()
    keys = page.keyboard

    def tab_to(name: str) -> None:
        for _ in range(60):
            keys.press("Tab")
            text = "document.activeElement.textContent + (document.activeElement.ariaLabel || '')"
            if name in page.evaluate(text):
                return
        raise AssertionError(f"the keyboard does not come to {name!r}")

    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    tab_to("Marketplace Platform Chat Log")
    keys.press("Enter")
    page.wait_for_url("**/parcelguard/log")
    tab_to("2611210SENT")
    keys.press("Enter")
    page.wait_for_url("**/parcelguard/proofs/*")
    page.locator("a[data-photo]").first.focus()
    keys.press("Enter")
    viewer = page.get_by_role("dialog")
    expect(viewer).to_contain_text("Photo 1 (1/2)")
    keys.press("ArrowRight")
    expect(viewer).to_contain_text("Photo 2 (2/2)")
    expect(viewer.get_by_role("img")).to_have_js_property("naturalWidth", 640)
    keys.press("Escape")
    expect(page.locator("a[data-photo]").nth(1)).to_be_focused()
    page.locator("#resend").focus()
    keys.press("Enter")
    keys.press("Tab")
    keys.type("The buyer lost them")
    tab_to("Send everything again")
    keys.press("Enter")
    expect(page.get_by_text("The photos are being sent again.")).to_be_visible()
    tab_to("Sign out")
    keys.press("Enter")
    page.wait_for_url("**/sign-in")


def test_a_lost_connection_is_marked_and_made_good(visit: Visit) -> None:
    """The server is there all the time; what lies between is cut, and comes back."""
    relay = Relay(int(visit.dashboard.url.rpartition(":")[2]))
    relay.connect()
    page = visit.page(base_url=f"http://127.0.0.1:{relay.port}")
    page.goto("/parcelguard/log")
    # The mark is there from the start; this attribute only when the stream of events is.
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    relay.cut()
    lost = page.get_by_text("Connection lost: what you see may be old.")
    expect(lost).to_be_visible()
    visit.world.add_proof("2611210AWAY", None, closing="unsent", photos=0)
    relay.connect()
    expect(page.locator("tbody tr").first).to_contain_text("2611210AWAY", timeout=RECONNECT_MS)
    expect(lost).to_be_hidden()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    page.close()
    relay.close()
    visit.problems.clear()  # the browser itself reports that its requests failed


PAGES = {
    "sign-in": "/sign-in",
    "workbench": "/workbench",
    "log": "/parcelguard/log",
    "empty log": "/parcelguard/log?code=nothing",
    "bulk": "/parcelguard/log/resend?state=attention",
    "proof": "/parcelguard/proofs/{not-confirmed}",
    "unsent proof": "/parcelguard/proofs/{unsent}",
    "sales channels": "/sales-channels",
    "sales channels, after a form": "/sales-channels?notice=authorized",
    "choice of channels": "/sales-channels/connect",
    "preset": "/sales-channels/1/preset",
    "ParcelGuard": "/parcelguard",
    "Webcam ParcelGuard": "/parcelguard/webcam",
    "Marketplace Platform Chat": "/parcelguard/chat?notice=saved",
    "preset, from ParcelGuard": "/sales-channels/1/preset?back=parcelguard",
    "Order Fulfillment Assistant": "/fulfillment/assistant",
    "the same on a phone": "/phone",
    "members": "/members",
    "members, after a form": "/members?notice=last-owner",
    "keys": "/sales-channels/connect/tiktok/MY/orders",
    "keys where nothing is sent": "/sales-channels/connect/shopee/TW/chat",
    "tables": "/tables",
    "tables, none found": "/tables?name=nothing",
    "table": "/tables/1",
    "table, after a form": "/tables/1?notice=disabled",
    "new table": "/tables/new",
    "question before a claim sheet": "/tables/1/claim",
    "question before retiring": "/tables/1/retire",
    "reports": "/reports",
    "shipped without a proof": "/reports/without-proof",
    "disputes": "/disputes",
    "sheets to print": "/sheets",
    "audit log": "/audit-log",
    "privacy": "/privacy",
    "privacy, another rule": "/privacy/photos?days=30",
    "a buyer": "/privacy/buyers/1",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_fault_that_axe_finds(visit: Visit, scheme: str) -> None:
    """WCAG 2.2 AA, as far as a program can tell."""
    page = visit.page(color_scheme=scheme, bypass_csp=True)
    found = {}
    for name, address in PAGES.items():
        page.goto(address.format(**visit.proofs))
        page.wait_for_load_state("load")
        assert page.locator("html").get_attribute("data-bs-theme") == scheme
        page.add_script_tag(path=AXE)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        run = "tags => axe.run({exclude: ['iframe']}, {runOnly: tags})"
        result = page.evaluate(run, tags)
        found[name] = [
            (one["id"], [node["html"][:120] for node in one["nodes"]])
            for one in result["violations"]
        ]
    assert found == {name: [] for name in PAGES}


@pytest.mark.parametrize("width_px", [320, 390, 768, 1100, 1440])
def test_no_page_is_cut_off_at_any_width(visit: Visit, width_px: int) -> None:
    page = visit.page(viewport={"width": width_px, "height": 800})
    for tag in ("en", "zh-TW", "ms"):
        page.locator(f"button[value='{tag}']").click()
        for name, address in PAGES.items():
            page.goto(address.format(**visit.proofs))
            assert page.locator("html").get_attribute("lang") == tag
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(overflow) <= 0, (name, tag)


def test_the_menu_opens_on_a_phone(visit: Visit) -> None:
    page = visit.page(viewport={"width": 390, "height": 800})
    link = page.locator("#menu").get_by_role("link", name="Marketplace Platform Chat Log")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    link.click()
    page.wait_for_url("**/parcelguard/log")


def test_the_theme_follows_the_system_until_one_is_chosen(visit: Visit) -> None:
    page = visit.page(color_scheme="dark")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Dark colours").click()
    expect(html).to_have_attribute("data-bs-theme", "light")
    page.goto("/parcelguard/log")
    expect(html).to_have_attribute("data-bs-theme", "light")


def test_pages_ask_no_other_host_but_the_buyers(
    visit: Visit, shopee_sandbox: RunningSandbox
) -> None:
    page = visit.page()
    for address in PAGES.values():
        page.goto(address.format(**visit.proofs))
    ours = visit.dashboard.url.split("/")[2]
    assert visit.hosts <= {ours, shopee_sandbox.base_url.split("/")[2], ""}


def test_pages_work_without_scripts(visit: Visit) -> None:
    context = visit.chromium.new_context(base_url=visit.dashboard.url, java_script_enabled=False)
    visit.contexts.append(context)
    page = context.new_page()
    page.goto("/parcelguard/log?state=failed")
    page.locator("#email").fill(visit.world.email)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Resend 2611210FAILED").click()
    expect(page.get_by_text("The photos are being sent again.")).to_be_visible()
