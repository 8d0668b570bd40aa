"""Order Fulfillment Assistant in a browser, up to the buyer's chat (S0-26 to S0-36)."""

import pytest
from playwright.sync_api import Browser, Route, expect

from cloud.conversations.states import DispatchState
from cloud.database.scope import scoped
from cloud.proofs.models import Proof
from cloud.proofs.platforms import Switch
from sandbox.shopee import demo_seed
from tests.database_rows import only_sqlite
from tests.support.assistant_visit import (
    SENT,
    Station,
    ready,
    scan,
    take_photos,
)
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, only_sqlite]

ORDER, OTHER_ORDER = demo_seed.FURTHER_ORDER_SNS[:2]
BUYER, OTHER_BUYER = 900000004, 900000005
LONG_MS = 30_000


def proofs(station: Station) -> list[tuple[str, str, int, str]]:
    with station.bench.database.read(scoped(station.bench.organisation_id)) as session:
        rows = session.query(Proof).order_by(Proof.id).all()
    return [(row.code, row.closing, row.photo_count, row.platform) for row in rows]


def test_an_order_is_scanned_photographed_and_sent_by_keys_alone(
    station: Station, with_camera: Browser
) -> None:
    """S0-26, S0-29 to S0-35."""
    page = station.page(with_camera)
    said = page.locator("[data-part=said]")
    page.keyboard.press("F1")
    expect(said).to_have_text("Scan the order first.")
    scan(page, ORDER)
    page.keyboard.press("F4")
    expect(said).to_have_text("Take a photo first.")
    take_photos(page, 3)
    page.keyboard.press("F1")
    expect(said).to_contain_text("three photos at most")
    expect(page.locator("[data-part=photos] li")).to_have_count(3)
    page.get_by_role("button", name="Delete").first.click()
    expect(page.locator("[data-part=photos] li")).to_have_count(2)
    take_photos(page, 1)
    assert station.bench.kinds(BUYER) == []
    page.keyboard.press("F4")
    expect(said).to_have_text(f"{ORDER}: {SENT}", timeout=LONG_MS)
    expect(page.locator("[data-part=recent] li").first).to_contain_text(SENT)
    assert station.bench.kinds(BUYER) == ["text", "image", "image", "image"]
    assert proofs(station) == [(ORDER, "send", 3, "webcam")]
    eventually(lambda: len(station.downloads) == 3)
    names = {one.suggested_filename for one in station.downloads}
    assert len(names) == 3
    assert all(name.startswith(ORDER) and name.endswith(".jpg") for name in names)


def test_a_reload_in_the_middle_loses_nothing(station: Station, with_camera: Browser) -> None:
    page = station.page(with_camera)
    scan(page, ORDER)
    take_photos(page, 2)
    page.reload()
    ready(page)
    expect(page.locator("[data-part=code]")).to_have_text(ORDER)
    expect(page.locator("[data-part=photos] li")).to_have_count(2)
    expect(page.locator("#assistant[data-camera-is=on]")).to_be_visible()
    page.keyboard.press("F4")
    expect(page.locator("[data-part=said]")).to_have_text(f"{ORDER}: {SENT}", timeout=LONG_MS)
    assert station.bench.kinds(BUYER) == ["text", "image", "image"]


def test_offline_it_waits_in_the_browser_and_goes_once(
    station: Station, with_camera: Browser
) -> None:
    page = station.page(with_camera)
    page.context.set_offline(True)
    scan(page, ORDER)
    take_photos(page, 1)
    page.keyboard.press("F4")
    recent = page.locator("[data-part=recent] li").first
    expect(recent).to_contain_text("Waits in this browser for the connection")
    assert proofs(station) == []
    page.context.set_offline(False)
    expect(recent).to_contain_text(SENT, timeout=LONG_MS)
    assert station.bench.kinds(BUYER) == ["text", "image"]
    assert proofs(station) == [(ORDER, "send", 1, "webcam")]


def test_an_answer_that_got_lost_sends_nothing_twice(
    station: Station, with_camera: Browser
) -> None:
    page = station.page(with_camera)
    lost: list[str] = []

    def lose(route: Route) -> None:
        """It arrives, and the browser does not hear so."""
        if len(lost) < 2:
            lost.append(route.request.url)
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/fulfillment/orders/*", lose)
    scan(page, ORDER)
    take_photos(page, 1)
    page.keyboard.press("F4")
    recent = page.locator("[data-part=recent] li").first
    expect(recent).to_contain_text(SENT, timeout=LONG_MS)
    assert len(lost) == 2
    assert station.bench.kinds(BUYER) == ["text", "image"]
    assert len(proofs(station)) == 1


def test_what_was_left_for_another_order_is_kept_and_not_sent(
    station: Station, with_camera: Browser
) -> None:
    page = station.page(with_camera)
    scan(page, ORDER)
    take_photos(page, 1)
    scan(page, OTHER_ORDER)
    expect(page.locator("[data-part=said]")).to_contain_text("put aside with its photos, not sent")
    take_photos(page, 1)
    page.keyboard.press("F4")
    first = page.locator("[data-part=recent] li", has_text=OTHER_ORDER)
    expect(first).to_contain_text(SENT, timeout=LONG_MS)
    eventually(lambda: len(proofs(station)) == 2)
    assert (ORDER, "unsent", 1, "webcam") in proofs(station)
    assert station.bench.kinds(BUYER) == []
    assert station.bench.kinds(OTHER_BUYER) == ["text", "image"]


def test_success_is_not_said_of_what_was_only_saved(station: Station, with_camera: Browser) -> None:
    """S0-36: what happened is said instead."""
    station.bench.change_shop(sending_enabled=False)
    page = station.page(with_camera)
    scan(page, ORDER)
    take_photos(page, 1)
    page.keyboard.press("F4")
    said = page.locator("[data-part=said]")
    expect(said).to_contain_text("Saved, not sent", timeout=LONG_MS)
    expect(said).to_contain_text("Sending is switched off for this shop.")
    assert SENT not in page.locator("#assistant").inner_text()
    assert station.bench.kinds(BUYER) == []
    state = DispatchState.SAVED_NOT_SENT.value
    expect(page.locator("[data-order]")).to_have_attribute("data-is", state)


def test_a_camera_that_is_denied_is_explained(station: Station, with_camera: Browser) -> None:
    """S0-27, S0-28: and allowed, it works without another page."""
    deny = """
        const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        window.isAllowed = false;
        navigator.mediaDevices.getUserMedia = async (wish) => {
          if (!window.isAllowed) throw new DOMException("denied", "NotAllowedError");
          return given(wish);
        };
    """
    page = station.page(with_camera, before=deny)
    explained = page.locator("[data-cause=denied]")
    expect(explained).to_be_visible()
    expect(explained).to_contain_text("Set Camera to Allow.")
    page.evaluate("() => { window.isAllowed = true; }")
    explained.get_by_role("button", name="Try again").click()
    expect(page.locator("#assistant[data-camera-is=on]")).to_be_visible()
    expect(explained).to_be_hidden()


def test_with_the_webcam_off_an_order_is_marked_packed_without_a_camera(
    station: Station, with_camera: Browser
) -> None:
    """S0-11."""
    station.switch_off(Switch.WEBCAM)
    page = station.page(with_camera)
    expect(page.locator("[data-part=said]")).to_contain_text("Webcam ParcelGuard is off")
    page.locator("#scan").fill(ORDER)
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=code]")).to_have_text(ORDER)
    assert page.locator("#assistant").get_attribute("data-camera-is") is None
    expect(page.locator("video")).to_be_hidden()
    page.keyboard.press("F4")
    recent = page.locator("[data-part=recent] li").first
    expect(recent).to_contain_text("Saved, not sent", timeout=LONG_MS)
    expect(recent).to_contain_text("The order was packed without photo.")
    assert proofs(station) == [(ORDER, "send", 0, "webcam")]
    assert station.bench.kinds(BUYER) == []
