"""Connecting a shop and switching its sending, in a real browser."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.shops.models import AppCredential
from sandbox.testing import RunningSandbox
from tests.database_rows import only_sqlite
from tests.support.browser_visit import Visit
from tests.support.dashboard_rows import World

pytestmark = [pytest.mark.browser, only_sqlite]


def at_the_sandbox(world: World, base_url: str) -> None:
    """Where the organisation's apps are answered."""

    def unit(session: Session) -> None:
        for row in session.scalars(select(AppCredential)):
            row.base_url = base_url

    world.database.write(unit, world.scope)


def test_a_shop_is_connected_without_a_mouse(visit: Visit, shopee_sandbox: RunningSandbox) -> None:
    """S0-17, S0-19: from the list to the marketplace and back, by keys alone."""
    page = visit.page()
    page.goto("/sales-channels/connect/shopee/MY/orders")
    page.locator("#app_id").focus()
    page.keyboard.type(str(shopee_sandbox.partner_id))
    page.keyboard.press("Tab")
    page.keyboard.type(shopee_sandbox.partner_key)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sales-channels/authorize/**")
    at_the_sandbox(visit.world, shopee_sandbox.base_url)
    page.reload()
    page.get_by_role("link", name="Go to Shopee").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shopee_sandbox.base_url}/**")
    page.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sales-channels?notice=authorized")
    expect(page.get_by_text("Authorized. Orders and photos that waited")).to_be_visible()
    row = page.locator(".channel").filter(has_text=str(shopee_sandbox.shop_id))
    expect(row.locator("dd").first).to_contain_text("Authorized")


def test_sending_is_switched_on_with_the_rule_read(visit: Visit) -> None:
    """S0-24: the rule stands beside the switch, and the browser wants the box to be ticked."""
    page = visit.page()
    page.goto("/sales-channels")
    page.locator("summary").first.click()
    press = page.get_by_role("button", name="Send photos to buyers")
    press.click()
    assert "notice" not in page.url
    page.get_by_label("I have read this and decide to send").check()
    press.click()
    expect(page.get_by_text("Packing photos of this shop go to buyers")).to_be_visible()
    expect(page.get_by_text("Photos are sent to buyers")).to_be_visible()
