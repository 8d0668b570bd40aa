"""What a packer with a browser scans and presses beside F1 and F4, second thoughts included."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy.orm import Session

from cloud.database.scope import scoped
from cloud.proofs.models import Proof
from sandbox.shopee import demo_seed
from tests.database_rows import only_sqlite
from tests.support.assistant_visit import SENT, Station, ready, scan, take_photos
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, only_sqlite]

ORDER, OTHER_ORDER = demo_seed.FURTHER_ORDER_SNS[:2]
BUYER, OTHER_BUYER = 900000004, 900000005
LONG_MS = 30_000


def type_in(page: Page, code: str) -> None:
    """As a scanner does, whatever becomes of it."""
    page.locator("#scan").fill(code)
    page.keyboard.press("Enter")


def closings(station: Station) -> list[tuple[str, str, str]]:
    def look(session: Session) -> list[tuple[str, str, str]]:
        rows = session.query(Proof).order_by(Proof.id)
        return [(row.code, row.closing, row.mode) for row in rows]

    with station.bench.database.read(scoped(station.bench.organisation_id)) as session:
        return look(session)


def test_only_what_can_be_an_order_opens_one(station: Station, with_camera: Browser) -> None:
    """The same as at a table (edge/scanner/codes.py)."""
    page = station.page(with_camera)
    said = page.locator("[data-part=said]")
    for code, words in {
        "4006381333931": "goods barcode",
        "036000291452": "goods barcode",
        "96385074": "goods barcode",
        "NOREAD": "could not read",
        "PW-NONSENSE": "no such command",
        "PW-BADGE-Siti": "Badges are for packing tables",
        "PW-ID-23456789ABCDEFGHJKLM": "Badges are for packing tables",
        "abc": "no order or tracking number",
        "\u8a02\u55ae12345": "no order or tracking number",
    }.items():
        type_in(page, code)
        expect(said).to_contain_text(words)
        expect(page.locator("[data-part=code]")).to_have_text("")
    # As long as an EAN-13, with another check digit.
    scan(page, "4006381333930")


def test_an_order_is_packed_with_a_scanner_alone(station: Station, with_camera: Browser) -> None:
    page = station.page(with_camera)
    photos = page.locator("[data-part=photos] li")
    scan(page, ORDER)
    type_in(page, "PW-PHOTO")
    expect(photos).to_have_count(1)
    type_in(page, "pw-photo")
    expect(photos).to_have_count(2)
    type_in(page, "PW-UNDO")
    expect(photos).to_have_count(1)
    type_in(page, "PW-SEND")
    expect(page.locator("[data-part=said]")).to_have_text(f"{ORDER}: {SENT}", timeout=LONG_MS)
    assert station.bench.kinds(BUYER) == ["text", "image"]


def test_second_thoughts(station: Station, with_camera: Browser) -> None:
    """F2 takes the last photo back; Esc puts the order aside with its photos."""
    page = station.page(with_camera)
    said = page.locator("[data-part=said]")
    page.keyboard.press("F2")
    expect(said).to_contain_text("no photo to take back")
    page.keyboard.press("Escape")
    expect(said).to_contain_text("nothing to cancel")
    scan(page, ORDER)
    page.keyboard.press("Escape")
    expect(said).to_have_text(f"{ORDER}: dropped.")
    scan(page, ORDER)
    take_photos(page, 2)
    page.keyboard.press("F2")
    expect(page.locator("[data-part=photos] li")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(said).to_contain_text("its photos are kept, nothing is sent")
    eventually(lambda: closings(station) == [(ORDER, "cancelled", "packing")])
    assert station.bench.kinds(BUYER) == []


def test_what_was_closed_by_mistake_is_taken_back_before_anything_is_sent(
    station: Station, with_camera: Browser
) -> None:
    page = station.page(with_camera)
    page.context.set_offline(True)
    scan(page, ORDER)
    take_photos(page, 1)
    page.keyboard.press("F4")
    expect(page.locator("[data-part=recent] li").first).to_contain_text("Waits in this browser")
    page.get_by_role("button", name="Take the last order back").click()
    expect(page.locator("[data-part=said]")).to_contain_text("taken back")
    page.context.set_offline(False)
    eventually(lambda: closings(station) == [(ORDER, "withdrawn", "packing")])
    scan(page, OTHER_ORDER)
    take_photos(page, 1)
    page.keyboard.press("F4")
    first = page.locator("[data-part=recent] li", has_text=OTHER_ORDER)
    expect(first).to_contain_text(SENT, timeout=LONG_MS)
    assert station.bench.kinds(BUYER) == []


def test_taking_back_while_the_first_record_is_on_its_way_brings_both(
    station: Station, with_camera: Browser
) -> None:
    """The answer to the first one must not free what follows it."""
    page = station.page(with_camera)
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/fulfillment/orders/*", hold_first)
    scan(page, ORDER)
    take_photos(page, 1)
    page.keyboard.press("F4")
    eventually(lambda: page.evaluate("1") and bool(held))
    page.keyboard.press("Escape")
    expect(page.locator("[data-part=said]")).to_contain_text("taken back")
    held[0].continue_()
    eventually(
        lambda: page.evaluate("1") and [one[1] for one in closings(station)] == ["withdrawn"]
    )


@pytest.mark.parametrize(
    ("command", "mode"), [("PW-TRAINING", "training"), ("PW-RETURN", "return")]
)
def test_a_mode_sends_nothing_outlives_a_reload_and_ends(
    station: Station, with_camera: Browser, command: str, mode: str
) -> None:
    page = station.page(with_camera)
    shown = page.locator("[data-part=mode]")
    type_in(page, command)
    expect(shown).to_contain_text("photos are kept and never sent")
    page.reload()
    ready(page)
    expect(shown).to_contain_text("photos are kept and never sent")
    scan(page, ORDER)
    type_in(page, "PW-PACKING")
    expect(page.locator("[data-part=said]")).to_have_text("Close the open order first.")
    take_photos(page, 1)
    page.keyboard.press("F4")
    recent = page.locator("[data-part=recent] li").first
    expect(recent).to_contain_text("Saved, not sent", timeout=LONG_MS)
    # As if nothing had been scanned for longer than a mode lasts.
    page.evaluate("() => sessionStorage.removeItem('packwitness-mode')")
    expect(shown).to_have_text("")
    scan(page, OTHER_ORDER)
    take_photos(page, 1)
    page.keyboard.press("F4")
    first = page.locator("[data-part=recent] li", has_text=OTHER_ORDER)
    expect(first).to_contain_text(SENT, timeout=LONG_MS)
    assert closings(station) == [(ORDER, "send", mode), (OTHER_ORDER, "send", "packing")]
    assert station.bench.kinds(BUYER) == []


def test_photos_of_what_is_refused_can_be_saved_and_brought_once_more(
    station: Station, with_camera: Browser
) -> None:
    page = station.page(with_camera)

    def refuse(route: Route) -> None:
        route.fulfill(status=422, json={"result": "refused", "reason": "a reason of ours"})

    page.route("**/fulfillment/orders/*", refuse)
    scan(page, ORDER)
    take_photos(page, 2)
    page.keyboard.press("F4")
    row = page.locator("[data-part=recent] li").first
    expect(row).to_contain_text("a reason of ours")
    eventually(lambda: page.evaluate("1") and len(station.downloads) == 2)
    row.get_by_role("button", name="Save its photos on this device").click()
    eventually(lambda: page.evaluate("1") and len(station.downloads) == 4)
    page.unroute("**/fulfillment/orders/*")
    row.get_by_role("button", name="Try again").click()
    expect(row).to_contain_text(SENT, timeout=LONG_MS)
    expect(row.get_by_role("button", name="Try again")).to_be_hidden()
    assert station.bench.kinds(BUYER) == ["text", "image", "image"]


def test_a_browser_that_reads_codes_opens_an_order_with_its_camera(
    station: Station, with_camera: Browser
) -> None:
    """S0-39; this Chromium has no reader of its own, so one stands in for it."""
    reader = f"""
        window.BarcodeDetector = class {{
          async detect() {{ return window.isSeen ? [{{ rawValue: "{ORDER}" }}] : []; }}
        }};
    """
    page = station.page(with_camera, before=reader)
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.locator("[data-part=said]")).to_have_text("Hold the code before the camera.")
    page.evaluate("() => { window.isSeen = true; }")
    expect(page.locator("[data-part=code]")).to_have_text(ORDER)
