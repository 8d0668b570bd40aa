"""Order Fulfillment Assistant on a phone, with and without a connection (S0-37 to S0-43)."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cloud.database.scope import scoped
from cloud.proofs.models import Proof
from sandbox.shopee import demo_seed
from tests.database_rows import only_sqlite
from tests.support.assistant_visit import PHONE, SENT, Station, ready

pytestmark = [pytest.mark.browser, only_sqlite]

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004
LONG_MS = 30_000
SCREEN: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).tap()


def photograph(page: Page, photos: int) -> None:
    page.locator("#scan").fill(ORDER)
    press(page, "Open")
    expect(page.locator("[data-part=code]")).to_have_text(ORDER)
    press(page, "Camera")
    expect(page.locator("#assistant[data-camera-is=on]")).to_be_visible()
    for number in range(1, photos + 1):
        press(page, "Capture Image")
        expect(page.locator("[data-part=photos] li")).to_have_count(number)


def platforms(station: Station) -> list[str]:
    with station.bench.database.read(scoped(station.bench.organisation_id)) as session:
        return [row.platform for row in session.query(Proof)]


def test_a_phone_scans_captures_and_sends(station: Station, with_camera: Browser) -> None:
    """S0-37 to S0-43."""
    page = station.page(with_camera, PHONE, **SCREEN)
    photograph(page, 3)
    press(page, "Capture Image")
    said = page.locator("[data-part=said]")
    expect(said).to_contain_text("three photos at most")
    press(page, "Send to Customer")
    expect(said).to_have_text(f"{ORDER}: {SENT}", timeout=LONG_MS)
    assert station.bench.kinds(BUYER) == ["text", "image", "image", "image"]
    assert platforms(station) == ["phone"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_opens_without_a_connection_and_what_is_taken_then_goes_once(
    station: Station, with_camera: Browser
) -> None:
    page = station.page(with_camera, PHONE, **SCREEN)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    page.context.set_offline(True)
    page.reload()
    ready(page)
    photograph(page, 2)
    press(page, "Send to Customer")
    recent = page.locator("[data-part=recent] li").first
    expect(recent).to_contain_text("Waits in this browser for the connection")
    page.reload()
    ready(page)
    expect(recent).to_contain_text("Waits in this browser for the connection")
    assert platforms(station) == []
    page.context.set_offline(False)
    expect(recent).to_contain_text(SENT, timeout=LONG_MS)
    assert station.bench.kinds(BUYER) == ["text", "image", "image"]
    assert platforms(station) == ["phone"]


def test_it_can_be_installed_and_keeps_all_that_the_page_loads(
    station: Station, with_camera: Browser
) -> None:
    page = station.page(with_camera, PHONE, **SCREEN)
    errors = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")
    known = [one["errorId"] for one in errors["installabilityErrors"]]
    assert [one for one in known if one != "in-incognito"] == []
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)"
        ".filter((one) => one.startsWith('/static/'))"
    )
    with station.dashboard.browser() as nobody:
        worker = nobody.get("/phone/worker.js")
    assert worker.headers["service-worker-allowed"] == PHONE
    missing = {one for one in loaded if one not in worker.text and "/phone/icon-" not in one}
    assert missing == set()


def test_after_the_sign_out_it_does_not_open_without_a_connection(
    station: Station, with_camera: Browser
) -> None:
    page = station.page(with_camera, PHONE, **SCREEN)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    press(page, "Sign out")
    page.wait_for_url("**/sign-in**")
    page.goto(PHONE)
    page.wait_for_url("**/sign-in**")
    kept = page.evaluate("() => caches.match('/phone').then((one) => Boolean(one))")
    assert kept is False
