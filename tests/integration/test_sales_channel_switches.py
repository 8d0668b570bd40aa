"""The switches of a shop: who put them, with which notice in view (S0-24, S0-25)."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from cloud.database.base import utc_now
from cloud.shops.models import SendingDecision, Shop
from cloud.shops.service import NewShop, add_shop
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of

PATH = "/sales-channels"
RULE = "Shopee's partner rules forbid apps to send order updates"


@pytest.fixture
def browser(dashboard: RunningDashboard, world: World) -> Iterator[httpx.Client]:
    with dashboard.browser(world.email) as client:
        yield client


def add(world: World, channel: str, country: str, name: str) -> int:
    new = NewShop(channel, country, f"{name}-id", name, sends_per_second=1.0)
    return world.database.write(lambda session: add_shop(session, new, utc_now()).id, world.scope)


def test_sending_is_switched_on_only_with_the_rule_read_and_the_name_is_kept(
    browser: httpx.Client, world: World
) -> None:
    switch = f"{PATH}/{world.shop_id}/sending"
    browser.post(switch, data={"on": "false"})
    assert RULE in text_of(browser.get(PATH).text)
    refused = browser.post(switch, data={"on": "true"})
    assert "rule-not-read" in refused.headers["location"]
    assert not is_on(world, world.shop_id)
    browser.post(switch, data={"on": "true", "has_read_rule": "true"})
    assert is_on(world, world.shop_id)
    text = text_of(browser.get(PATH).text)
    assert f"Switched by {world.email}" in text
    with world.database.read(world.scope) as session:
        kept = session.scalars(select(SendingDecision).order_by(SendingDecision.id)).all()
    assert [(one.is_on, one.member_id, one.rule) for one in kept] == [
        (False, world.member_id, "shopee-unasked-updates"),
        (True, world.member_id, "shopee-unasked-updates"),
    ]


def test_many_at_once_is_off_until_it_is_switched_on_with_the_notice_read(
    browser: httpx.Client, world: World
) -> None:
    """Issue 4, policy made visible: it is off by itself, and who decided is kept."""
    lazada = add(world, "lazada", "MY", "Second")
    text = text_of(browser.get(PATH).text)
    assert text.count("Many at once One order at a time") == 2
    assert "partner rules forbid apps to send broadcasts and batches" in text
    assert "We know of no rule of this marketplace against" in text
    for shop_id in (world.shop_id, lazada):
        switch = f"{PATH}/{shop_id}/batches"
        refused = browser.post(switch, data={"on": "true"})
        assert "rule-not-read" in refused.headers["location"]
        assert not lets_batches_go(world, shop_id)
        answer = browser.post(switch, data={"on": "true", "has_read_rule": "true"})
        assert "batches-on" in answer.headers["location"]
        assert lets_batches_go(world, shop_id)
    browser.post(f"{PATH}/{lazada}/batches", data={"on": "false"})
    text = text_of(browser.get(PATH).text)
    assert f"Many at once Allowed Switched by {world.email}" in text
    assert f"Many at once One order at a time Switched by {world.email}" in text
    with world.database.read(world.scope) as session:
        kept = session.scalars(select(SendingDecision).order_by(SendingDecision.id)).all()
    assert [(one.shop_id, one.sends, one.is_on, one.rule) for one in kept] == [
        (world.shop_id, "batches", True, "batches-forbidden"),
        (lazada, "batches", True, "batches-no-rule-known"),
        (lazada, "batches", False, "batches-no-rule-known"),
    ]


def test_shopee_taiwan_cannot_be_switched_on(browser: httpx.Client, world: World) -> None:
    shop_id = add(world, "shopee", "TW", "Taipei")
    page = browser.get(PATH)
    assert "Shopee Taiwan allows no chat sending" in text_of(page.text)
    assert "https://seller.shopee.tw" in page.text
    answer = browser.post(f"{PATH}/{shop_id}/sending", data={"on": "true", "has_read_rule": "true"})
    assert "cannot-send" in answer.headers["location"]
    assert not is_on(world, shop_id)
    answer = browser.post(f"{PATH}/{shop_id}/batches", data={"on": "true", "has_read_rule": "true"})
    assert "cannot-send" in answer.headers["location"]
    assert not lets_batches_go(world, shop_id)


def lets_batches_go(world: World, shop_id: int) -> bool:
    with world.database.read(world.scope) as session:
        return session.get_one(Shop, shop_id).batches_enabled


def is_on(world: World, shop_id: int) -> bool:
    with world.database.read(world.scope) as session:
        return session.get_one(Shop, shop_id).sending_enabled
