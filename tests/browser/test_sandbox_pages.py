"""The sandbox's pages in a real browser: the buyer's phone is live, framed, and can write back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from sandbox.shopee import demo_seed
from sandbox.testing import RunningSandbox
from tests.support.shopee_caller import ShopeeCaller, jpeg

pytestmark = pytest.mark.browser
BUYER, SHOP = 900000001, 22000001
PHONE = f"/buyer/{SHOP}/{BUYER}"


@contextmanager
def served(html: str) -> Iterator[str]:
    """A page of another server on this machine."""

    class OnePage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<link rel='icon' href='data:,'>{html}".encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), OnePage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    yield page
    context.close()
    assert problems == []


def test_the_phone_shows_what_arrives_without_a_reload(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, tab: Page
) -> None:
    tab.goto(shopee_sandbox.base_url + PHONE)
    expect(tab.get_by_role("status", name="Connection")).to_have_text("live")
    expect(tab.get_by_role("listitem")).to_have_count(3)

    caller.text(BUYER, "Packed <b>now</b>", demo_seed.NORMAL_ORDER_SN)
    caller.send(BUYER, "image", {"image_url": caller.uploaded(jpeg(side_px=300))})

    expect(tab.get_by_text("Packed <b>now</b>")).to_be_visible()
    expect(tab.get_by_text(f"About order {demo_seed.NORMAL_ORDER_SN}")).to_be_visible()
    picture = tab.get_by_role("img", name="Picture from Demo Shop")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 300)


def test_the_buyer_writes_back(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, tab: Page
) -> None:
    tab.goto(shopee_sandbox.base_url + PHONE)
    tab.get_by_label("Message to Demo Shop").fill("Looks good!")
    tab.keyboard.press("Enter")

    expect(tab.get_by_role("listitem").last).to_contain_text("Looks good!")
    expect(tab.get_by_label("Message to Demo Shop")).to_have_value("")
    assert shopee_sandbox.control.chat(SHOP, BUYER)["messages"][-1]["by"] == "buyer"


@pytest.mark.parametrize("width_px", [320, 1200])
def test_the_buyer_blocks_and_unblocks_the_shop_with_the_keyboard(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, tab: Page, width_px: int
) -> None:
    tab.set_viewport_size({"width": width_px, "height": 640})
    tab.goto(shopee_sandbox.base_url + PHONE)
    expect(tab.get_by_role("status", name="Connection")).to_have_text("live")
    tab.get_by_role("button", name="Block shop", exact=True).focus()
    tab.keyboard.press("Enter")

    unblock = tab.get_by_role("button", name="Unblock shop")
    expect(unblock).to_be_focused()
    expect(tab.get_by_text("You blocked this shop.")).to_be_visible()
    assert caller.text(BUYER, "Packed").json()["error"] == "error_blocked"
    tab.keyboard.press("Space")

    expect(tab.get_by_role("button", name="Block shop", exact=True)).to_be_focused()
    expect(tab.get_by_text("You blocked this shop.")).to_have_count(0)
    assert caller.text(BUYER, "Packed").json()["error"] == ""


def test_the_buyer_asks_for_a_refund_and_closes_it(
    shopee_sandbox: RunningSandbox, tab: Page
) -> None:
    tab.set_viewport_size({"width": 320, "height": 640})
    tab.goto(shopee_sandbox.base_url + PHONE)
    tab.get_by_role("button", name="Ask for a refund").click()

    expect(tab.get_by_text("A refund is open.")).to_be_visible()
    assert shopee_sandbox.control.chat(SHOP, BUYER)["return_open"] is True
    tab.get_by_role("button", name="Close the refund").click()

    expect(tab.get_by_role("button", name="Ask for a refund")).to_be_visible()
    assert shopee_sandbox.control.chat(SHOP, BUYER)["return_open"] is False


def test_what_control_changes_shows_on_the_open_page(
    shopee_sandbox: RunningSandbox, tab: Page
) -> None:
    tab.goto(shopee_sandbox.base_url + PHONE)
    expect(tab.get_by_role("status", name="Connection")).to_have_text("live")

    shopee_sandbox.control.change_contact(SHOP, BUYER, blocked_by_buyer=True, blocked_by_shop=True)

    expect(tab.get_by_text("You blocked this shop. The shop blocked you.")).to_be_visible()
    expect(tab.get_by_role("button", name="Unblock shop")).to_be_visible()


def test_the_buttons_work_without_scripts(
    chromium: Browser, shopee_sandbox: RunningSandbox
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(shopee_sandbox.base_url + PHONE)
    page.get_by_role("button", name="Block shop", exact=True).click()

    expect(page.get_by_role("button", name="Unblock shop")).to_be_visible()
    context.close()
    assert shopee_sandbox.control.chat(SHOP, BUYER)["blocked_by_buyer"] is True


@pytest.mark.parametrize(
    "form", [{}, {"blocked_by_shop": "true"}, {"return_open": "maybe"}], ids=str
)
def test_a_form_that_asks_for_nothing_known_is_refused(
    shopee_sandbox: RunningSandbox, form: dict[str, str]
) -> None:
    answer = httpx.post(f"{shopee_sandbox.base_url}{PHONE}/contact", data=form)

    assert answer.status_code == 422


def test_a_message_that_is_not_shown_disappears(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, tab: Page
) -> None:
    message_id = caller.text(BUYER, "Packed").json()["response"]["message_id"]
    tab.goto(shopee_sandbox.base_url + PHONE)
    expect(tab.get_by_text("Packed", exact=True)).to_be_visible()

    change = {"status": "blocked"}
    shopee_sandbox.control.call("PATCH", f"/messages/{message_id}", change)

    expect(tab.get_by_text("Packed", exact=True)).to_have_count(0)


def test_the_index_leads_to_every_buyer(shopee_sandbox: RunningSandbox, tab: Page) -> None:
    tab.goto(shopee_sandbox.base_url)
    tab.get_by_role("link", name="tan_weiming").click()

    expect(tab.get_by_role("heading", name="Demo Shop")).to_be_visible()
    expect(tab.get_by_text("No messages yet.")).to_be_visible()


def test_a_page_on_another_port_may_frame_the_phone(
    shopee_sandbox: RunningSandbox, tab: Page
) -> None:
    frame = f'<iframe title="phone" src="{shopee_sandbox.base_url}{PHONE}"></iframe>'
    with served(frame) as outer:
        tab.goto(outer)
        heading = tab.frame_locator("iframe").get_by_role("heading", name="Demo Shop")
        expect(heading).to_be_visible()


@pytest.mark.parametrize("width_px", [280, 320, 390, 1200])
def test_nothing_is_cut_off_at_any_width(
    shopee_sandbox: RunningSandbox, tab: Page, width_px: int
) -> None:
    tab.set_viewport_size({"width": width_px, "height": 640})
    for path in ("/", PHONE):
        tab.goto(shopee_sandbox.base_url + path)
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert tab.evaluate(overflow) <= 0, path


@pytest.mark.parametrize("path", ["/", PHONE, "/static/sandbox.css", "/static/buyer.js"])
def test_pages_name_no_other_host(shopee_sandbox: RunningSandbox, path: str) -> None:
    text = httpx.get(shopee_sandbox.base_url + path).text

    assert "http://" not in text
    assert "https://" not in text


def test_a_seller_authorizes_in_the_browser(
    shopee_sandbox: RunningSandbox, caller: ShopeeCaller, tab: Page
) -> None:
    back = f"{shopee_sandbox.base_url}/"
    path = "/api/v2/shop/auth_partner"
    query = caller.common(path, public=True) | {"redirect": back}
    tab.goto(f"{shopee_sandbox.base_url}{path}?{httpx.QueryParams(query)}")
    tab.get_by_role("button", name="Authorize").click()

    tab.wait_for_url(f"{back}?code=*&shop_id={SHOP}", wait_until="commit")
