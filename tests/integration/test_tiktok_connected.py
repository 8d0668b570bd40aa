"""Two shops of one TikTok seller, connected by a file each, share a token and not a cipher."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.main.connecting import Connection, connect
from cloud.main.opening import Basics
from cloud.main.settings import CloudSettings
from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.chats import OutgoingMessage, TextPart
from cloud.marketplaces.daily import Counted
from cloud.marketplaces.errors import NotFound, RateLimited
from cloud.marketplaces.http_clients import HttpClients
from cloud.shops.gateway import ShopGateway, ShopKey
from cloud.shops.models import Authorization, DailyRequests, Shop
from cloud.shops.service import Purpose
from tests.support.market_sandbox import running
from tests.support.tiktok_sandbox import TikTokSandbox, seller_of

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


@pytest.fixture(scope="module")
def sandbox() -> Iterator[TikTokSandbox]:
    with running(TikTokSandbox) as started:
        yield started


@dataclass
class Seller:
    """An organisation's two shops, and how they are called."""

    made: Basics
    gateway: ShopGateway
    organisation_id: int
    first: ShopAccess
    second: ShopAccess
    refresh_token: str

    def connect(self, access: ShopAccess, base_url: str, *, access_life_s: float) -> ShopKey:
        """As `packwitness-cloud shop connect` does."""
        connection = Connection(
            channel="tiktok",
            country=access.country,
            shop_id=access.shop_id,
            name="Shop",
            app_id=access.app.app_id,
            app_secret=SecretStr(access.app.app_secret),
            access_token=SecretStr(access.access_token),
            refresh_token=SecretStr(self.refresh_token),
            access_life_s=access_life_s,
            refresh_life_s=DAY_S,
            base_url=base_url,
            service_id=access.app.service_id,
            shop_cipher=access.cipher,
        )
        connect(self.made, connection, self.organisation_id)
        with self.made.database.read(scoped(self.organisation_id)) as session:
            where = Shop.external_id == access.shop_id
            return ShopKey(
                self.organisation_id, session.scalars(select(Shop.id).where(where)).one()
            )


def second_shop(sandbox: TikTokSandbox, first: ShopAccess) -> ShopAccess:
    shop_id, cipher = f"{first.shop_id}2", f"GCP_{first.shop_id}2"
    body = {
        "shop_id": shop_id,
        "shop_name": "Second shop",
        "region": "MY",
        "seller_id": seller_of(first.shop_id),
        "cipher": cipher,
    }
    assert sandbox.control.post("/control/shops", json=body).is_success
    return ShopAccess(first.app, shop_id, "MY", first.access_token, cipher)


def organisation(session: Session) -> int:
    row = Organisation(name="Seller", created_at=utc_now())
    session.add(row)
    session.flush()
    return row.id


@pytest.fixture
def seller(sandbox: TikTokSandbox, database: Database, tmp_path: Path) -> Iterator[Seller]:
    made = Basics(CloudSettings.model_construct(), database, SecretBox(tmp_path / "key"))
    clients = HttpClients()
    first = sandbox.new_shop()
    token, refresh_token = sandbox.new_tokens(first.app, first.shop_id)
    first = ShopAccess(first.app, first.shop_id, first.country, token, first.cipher)
    yield Seller(
        made,
        ShopGateway(database, made.box, clients),
        database.write(organisation, system("test")),
        first,
        second_shop(sandbox, first),
        refresh_token,
    )
    clients.close()


@pytest.mark.parametrize("access_life_s", [DAY_S, 60.0], ids=["fresh", "refreshed ahead"])
def test_each_shop_is_read_by_its_own_cipher_before_and_after_a_refresh(
    sandbox: TikTokSandbox, seller: Seller, access_life_s: float
) -> None:
    """A refresh for one of them must not end the other, and brings no new cipher."""
    accesses = (seller.first, seller.second)
    keys = [seller.connect(one, sandbox.base_url, access_life_s=access_life_s) for one in accesses]
    orders = [sandbox.new_order(one) for one in accesses]
    for key, order in zip(keys, orders, strict=True):
        for purpose in Purpose:
            line = seller.gateway.line(key, purpose)
            assert line.marketplace.order(line.access, order.number).number == order.number
            was_refreshed = line.access.access_token != seller.first.access_token
            assert was_refreshed is (access_life_s < HOUR_S)
    line = seller.gateway.line(keys[0], Purpose.ORDERS)
    with pytest.raises(NotFound):
        line.marketplace.order(line.access, orders[1].number)
    link = line.marketplace.authorize_link(
        line.access.app, redirect_url="https://unused.test/", state="n"
    )
    assert f"service_id={seller.first.app.service_id}" in link


def test_one_refresh_serves_all_shops_of_the_account(
    sandbox: TikTokSandbox, seller: Seller
) -> None:
    """One pair for all: spent for one shop, the old one is worth nothing to the others."""
    accesses = (seller.first, seller.second)
    keys = [seller.connect(one, sandbox.base_url, access_life_s=60.0) for one in accesses]
    first = seller.gateway.line(keys[0], Purpose.ORDERS)
    for key in keys:
        for purpose in Purpose:
            line = seller.gateway.line(key, purpose)
            assert line.access.access_token == first.access.access_token
    with seller.made.database.read(scoped(seller.organisation_id)) as session:
        generations = set(session.scalars(select(Authorization.generation)))
    assert generations == {2}  # connected once, refreshed once


def test_sends_of_a_day_that_are_used_up_are_not_tried(
    sandbox: TikTokSandbox, seller: Seller
) -> None:
    """Beyond it TikTok Shop refuses people's messages too (marketplace-apis 3.4)."""
    key = seller.connect(seller.first, sandbox.base_url, access_life_s=DAY_S)
    order = sandbox.new_order(seller.first)
    line = seller.gateway.line(key, Purpose.CHAT)
    message = OutgoingMessage(order.buyer_id, order.number, TextPart("packed"))
    sent = line.marketplace.send(line.access, message, deadline_s=10.0)
    use_up(seller, key)
    clients = HttpClients()
    other = ShopGateway(seller.made.database, seller.made.box, clients)
    line = other.line(key, Purpose.CHAT)
    with pytest.raises(RateLimited, match="daily_budget"):
        line.marketplace.send(line.access, message, deadline_s=10.0)
    page = line.marketplace.messages(line.access, sent.conversation_id)
    assert [one.message_id for one in page.messages] == [sent.message_id]
    clients.close()


def use_up(seller: Seller, key: ShopKey) -> None:
    def unit(session: Session) -> None:
        session.get_one(DailyRequests, (key.shop_id, Counted.SEND)).taken = 9_500

    seller.made.database.write(unit, scoped(seller.organisation_id))
