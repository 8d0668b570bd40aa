"""One's own sign-in, the audit log and members in a real browser (issue 6: people)."""

import base64
import io
import re
from collections.abc import Iterator

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from cloud.accounts.totp import code_at, step_of
from cloud.database.base import utc_now
from cloud.database.write import Database
from edge.scanner.codes import CodeKind, CodeRules, classify
from tests.database_rows import only_sqlite
from tests.support.browser_visit import Visit
from tests.support.dashboard_rows import PASSWORD
from tests.support.dashboard_server import RunningDashboard, running_dashboard

pytestmark = [pytest.mark.browser, only_sqlite]

WIDTHS_PX = (360, 600, 768, 900, 1024, 1280, 1600)
CUT = """
() => [...document.querySelectorAll("select")].flatMap((select) => {
  const style = getComputedStyle(select);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = style.font;
  const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const texts = [...select.options].map((one) => one.text.trim());
  return texts.filter((text) => pen.measureText(text).width > room);
})
"""


@pytest.fixture
def dashboard(database: Database) -> Iterator[RunningDashboard]:
    """The pages alone."""
    with running_dashboard(database) as running:
        yield running


def paste(page: Page, text: str) -> None:
    """As from a password manager, into the field that has the focus."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+V")


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/sign-in")


def test_codes_are_set_up_by_pasting_and_a_browser_is_remembered(visit: Visit) -> None:
    page = visit.page()
    page.goto("/account")
    page.locator("#on").fill(PASSWORD)
    page.get_by_role("button", name="Set up a code").click()
    secret = base64.b32decode(page.locator("#key").inner_text().replace(" ", ""))
    expect(page.locator("#code")).to_be_focused()
    code = code_at(secret, step_of(utc_now()))
    paste(page, f" {code[:3]} {code[3:]} ")
    page.keyboard.press("Enter")
    expect(page.locator("#backup-codes li").first).to_be_visible()
    backup = page.locator("#backup-codes li").all_inner_texts()
    assert len(set(backup)) == len(backup) >= 8
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text(f"{len(backup)} backup codes are left")).to_be_visible()

    sign_out(page)
    sign_in(page, visit.world.email)
    expect(page.locator("#code")).to_be_focused()
    paste(page, backup[0])
    page.get_by_label("Do not ask for a code in this browser").check()
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/workbench")
    page.goto("/account")
    expect(page.get_by_text(f"{len(backup) - 1} backup codes are left")).to_be_visible()
    expect(page.get_by_role("button", name="Ask again")).to_have_count(1)

    sign_out(page)
    sign_in(page, visit.world.email)
    page.wait_for_url("**/workbench")
    page.goto("/account")
    page.get_by_role("main").get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url("**/sign-in**")
    sign_in(page, visit.world.email)
    expect(page.locator("#code")).to_be_visible()


def test_the_audit_log_is_filtered_and_no_word_is_cut(visit: Visit) -> None:
    page = visit.page()
    page.goto("/members")
    page.locator("#email").fill("packer@demo.test")
    page.get_by_role("button", name="Invite by e-mail").click()
    page.goto("/audit-log")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("#event").select_option("sign-in")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Signed in")
    for tag in ("en", "zh-TW", "ms"):
        page.locator(f"button[value='{tag}']").click()
        for width in WIDTHS_PX:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(CUT) == [], (tag, width)


def test_somebody_is_invited_for_one_shop_by_keys_alone(visit: Visit) -> None:
    page = visit.page()
    page.goto("/members")
    until_focused(page, "#email")
    page.keyboard.type("agent@demo.test")
    until_focused(page, "#new-role")
    page.keyboard.type("Agent")
    until_focused(page, "details summary:has-text('Which shops they see')")
    page.keyboard.press("Enter")
    until_focused(page, "form[action='/members'] input[name=reach][value=all]")
    page.keyboard.press("ArrowDown")
    until_focused(page, "form[action='/members'] input[name=shops]")
    page.keyboard.press("Space")
    until_focused(page, "button:has-text('Invite by e-mail')")
    page.keyboard.press("Enter")
    expect(page.get_by_text("An invitation is on its way")).to_be_visible()
    added = page.locator("section.channel", has_text="agent@demo.test")
    expect(added).to_contain_text("1 shop")
    expect(added).to_contain_text("Agent")

    until_focused(page, "section.channel:has-text('agent@demo.test') summary")
    page.keyboard.press("Enter")
    until_focused(page, "section.channel:has-text('agent@demo.test') input[value=some]")
    page.keyboard.press("ArrowUp")
    until_focused(page, "section.channel:has-text('agent@demo.test') button:has-text('shops')")
    page.keyboard.press("Enter")
    expect(added).to_contain_text("All shops")


def test_printed_badges_and_labels_are_read_by_a_table(visit: Visit) -> None:
    """U-20."""
    page = visit.page(device_scale_factor=3)
    page.goto("/members")
    page.locator("section.channel summary").click()
    for paper in ("label", "a4"):
        page.get_by_label("Badge for tables").select_option(paper)
        page.get_by_role("button", name="Show badge to print").click()
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.locator(".sheet-cell")).to_have_count(1)
        (text,) = read_codes(page.locator(".sheet").screenshot())
        assert classify(text, CodeRules()).kind is CodeKind.BADGE
        assert text.removeprefix("PW-ID-") not in page.content()
        page.emulate_media(media="screen")
        page.go_back()
        page.locator("section.channel summary").click()
    page.goto("/sheets/commands?paper=label")
    commands = read_codes(page.locator(".sheet").screenshot())
    kinds = {classify(one, CodeRules()).kind for one in commands}
    assert len(commands) == 7
    assert kinds == {CodeKind.ACTION, CodeKind.MODE}
    page.emulate_media(media="print")
    printed = page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox *\[0 0 ([0-9.]+) ([0-9.]+)\]", printed)
    in_mm = {tuple(round(float(side) / 72 * 25.4) for side in size) for size in sizes}
    assert (len(sizes), in_mm) == (7, {(100, 50)})


def read_codes(picture: bytes) -> list[str]:
    """Texts of the barcodes in a picture."""
    with Image.open(io.BytesIO(picture)) as image:
        return [one.text for one in zxingcpp.read_barcodes(image.convert("L"))]


def until_focused(page: Page, selector: str) -> None:
    """Go on with the Tab key until something has the focus."""
    wanted = page.locator(selector).first
    for _ in range(80):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key never reaches {selector}")
