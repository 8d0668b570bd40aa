"""From the link a seller opens to tokens that work and end, at every marketplace's sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.marketplaces.access import ShopAccess, Tokens
from cloud.marketplaces.errors import AuthorizationEnded, TokenRejected
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.registry import marketplace_for
from tests.support.every_market import SANDBOXES
from tests.support.market_sandbox import MarketSandbox, running

BACK = "http://127.0.0.1:1/back?lang=en"
# How long tokens live at each (marketplace-apis 0.3).
ACCESS_LIFE = {
    "shopee": timedelta(hours=4),
    "lazada": timedelta(days=30),
    "tiktok": timedelta(days=7),
    "corner": timedelta(hours=1),
}
SOON = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Seller:
    """A seller with a shop that has not consented yet, and what the seller is asked by."""

    sandbox: MarketSandbox
    marketplace: Marketplace
    shop: ShopAccess

    def come_back(self) -> dict[str, str]:
        """The seller opens the link, agrees, and comes back."""
        link = self.marketplace.authorize_link(self.shop.app, redirect_url=BACK, state="nonce-1")
        return self.sandbox.consent(link, self.shop)

    def consent(self) -> Tokens:
        return self.marketplace.exchange_code(self.shop.app, self.come_back())

    def with_tokens(self, tokens: Tokens) -> ShopAccess:
        cipher = tokens.cipher_of(self.shop.shop_id)
        return replace(self.shop, access_token=tokens.access_token, cipher=cipher)

    def refresh(self, tokens: Tokens) -> Tokens:
        shop_id, token = self.shop.shop_id, tokens.refresh_token
        return self.marketplace.refresh(self.shop.app, shop_id=shop_id, refresh_token=token)


@pytest.fixture(scope="module", params=SANDBOXES, ids=lambda kind: kind.channel)
def sandbox(request: pytest.FixtureRequest) -> Iterator[MarketSandbox]:
    with running(request.param) as started:
        yield started


@pytest.fixture
def seller(sandbox: MarketSandbox) -> Iterator[Seller]:
    """A new one, who has no authorization left."""
    clients = HttpClients()
    marketplace = marketplace_for(sandbox.channel, http=clients.get(), base_url=sandbox.base_url)
    shop = sandbox.new_shop()
    sandbox.revoke(shop)
    yield Seller(sandbox, marketplace, shop)
    sandbox.tell_true_time()
    clients.close()


def test_a_sellers_consent_becomes_tokens_that_work(seller: Seller) -> None:
    """S0-12: the nonce comes back, the tokens are for this shop, and their ends are known."""
    callback = seller.come_back()
    assert callback["state"] == "nonce-1"
    tokens = seller.marketplace.exchange_code(seller.shop.app, callback)
    assert seller.shop.shop_id in tokens.shop_ids
    life = tokens.access_expires_at - datetime.now(UTC)
    assert abs(life - ACCESS_LIFE[seller.sandbox.channel]) < SOON
    assert tokens.refresh_expires_at > tokens.access_expires_at
    facts = seller.marketplace.shop_facts(seller.with_tokens(tokens))
    assert facts.country == seller.shop.country


def test_a_code_works_once(seller: Seller) -> None:
    callback = seller.come_back()
    seller.marketplace.exchange_code(seller.shop.app, callback)
    with pytest.raises(AuthorizationEnded):
        seller.marketplace.exchange_code(seller.shop.app, callback)


def test_a_token_ends_when_it_said_it_would_and_its_refresh_does_not(seller: Seller) -> None:
    tokens = seller.consent()
    access = seller.with_tokens(tokens)
    life_s = (tokens.access_expires_at - datetime.now(UTC)).total_seconds()
    seller.sandbox.advance(life_s - 60)
    assert seller.marketplace.shop_facts(access).name
    seller.sandbox.advance(120)
    with pytest.raises(TokenRejected):
        seller.marketplace.shop_facts(access)
    renewed = seller.refresh(tokens)
    access = replace(access, access_token=renewed.access_token)
    assert seller.marketplace.shop_facts(access).name


def test_what_a_seller_takes_back_ends_the_authorization(seller: Seller) -> None:
    tokens = seller.consent()
    seller.sandbox.revoke(seller.shop)
    with pytest.raises((TokenRejected, AuthorizationEnded)):
        seller.marketplace.shop_facts(seller.with_tokens(tokens))
    with pytest.raises(AuthorizationEnded):
        seller.refresh(tokens)


def test_a_seller_who_consents_again_goes_on_with_the_new_tokens(seller: Seller) -> None:
    seller.consent()
    again = seller.consent()
    assert seller.marketplace.shop_facts(seller.with_tokens(again)).name
