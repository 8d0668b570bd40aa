"""A seller authorizes shops: there, back, and what may go wrong on the way (S0-16 to S0-20)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.accounts.service import create_organisation
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.marketplaces.access import AppCredentials, Tokens
from cloud.marketplaces.errors import AuthorizationEnded
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.shopee.adapter import Shopee
from cloud.shops.apps import enter_app
from cloud.shops.asking import Wish
from cloud.shops.authorizing import Authorizing, Returned
from cloud.shops.errors import AppMissing, NothingOffered, RequestUnknown, ShopOfAnother
from cloud.shops.gateway import ShopGateway, ShopKey
from cloud.shops.models import AppCredential, Authorization, AuthorizationRequest, Shop
from cloud.shops.service import AuthorizationState, Purpose
from tests.support.consent import consent
from tests.support.shopee_sandbox import ShopeeSandbox, running_shopee_sandbox

TEST = system("test")
CALLBACK = "http://127.0.0.1:8080/authorizations/shopee/callback"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ShopeeSandbox]:
    with running_shopee_sandbox() as running:
        yield running


@dataclass
class Seller:
    """An organisation whose owner authorizes shops."""

    database: Database
    sandbox: ShopeeSandbox
    authorizing: Authorizing
    gateway: ShopGateway
    box: SecretBox
    organisation_id: int
    member_id: int
    told: list[int] = field(default_factory=list)

    def enter(self, app: AppCredentials, *purposes: Purpose) -> None:
        def unit(session: Session) -> None:
            for purpose in purposes:
                enter_app(session, self.box, channel="shopee", purpose=purpose, app=app)
            for row in session.scalars(select(AppCredential)):
                row.base_url = self.sandbox.base_url

        self.database.write(unit, scoped(self.organisation_id))

    def link(
        self,
        purpose: Purpose = Purpose.ORDERS,
        shop_id: int | None = None,
        country: str = "SG",
    ) -> str:
        wish = Wish("shopee", country, purpose, shop_id)
        return self.authorizing.link(
            self.organisation_id, self.member_id, wish, callback_url=CALLBACK
        )

    def come_back(self, link: str, external_id: str) -> Returned:
        back = dict(consent(link, f"shop:{external_id}").params)
        return self.authorizing.finish(self.organisation_id, "shopee", back)

    def state(self, shop_id: int, purpose: Purpose) -> Authorization:
        with self.database.read(scoped(self.organisation_id)) as session:
            return session.scalars(
                select(Authorization).where(
                    Authorization.shop_id == shop_id, Authorization.purpose == purpose
                )
            ).one()

    def shop(self, shop_id: int) -> Shop:
        with self.database.read(scoped(self.organisation_id)) as session:
            return session.get_one(Shop, shop_id)


@pytest.fixture
def clients() -> Iterator[HttpClients]:
    made = HttpClients()
    yield made
    made.close()


def new_seller(
    database: Database, sandbox: ShopeeSandbox, clients: HttpClients, folder: Path, email: str
) -> Seller:
    box = SecretBox(folder / f"{email}.keys")

    def unit(session: Session) -> tuple[int, int]:
        organisation = create_organisation(session, email, email, "x", utc_now())
        member = session.scalars(select(Member).where(Member.email == email)).one()
        return organisation.id, member.id

    ids = database.write(unit, TEST)
    gateway = ShopGateway(database, box, clients)
    told: list[int] = []

    def note(_session: Session, shop_id: int, _now: datetime) -> None:
        told.append(shop_id)

    authorizing = Authorizing(database, box, clients, gateway, note)
    return Seller(database, sandbox, authorizing, gateway, box, *ids, told)


@pytest.fixture
def seller(
    database: Database, sandbox: ShopeeSandbox, clients: HttpClients, tmp_path: Path
) -> Seller:
    return new_seller(database, sandbox, clients, tmp_path, "owner@demo.test")


def new_shop(sandbox: ShopeeSandbox) -> str:
    """A shop at the sandbox that nobody has authorized for the app of the test."""
    return sandbox.new_shop().shop_id


def test_a_new_shop_comes_back_authorized_with_its_name_and_end(seller: Seller) -> None:
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    external_id = new_shop(seller.sandbox)
    returned = seller.come_back(seller.link(), external_id)
    (shop_id,) = returned.shop_ids
    shop = seller.shop(shop_id)
    assert (shop.external_id, shop.name, shop.country) == (
        external_id,
        f"Shop {external_id}",
        "SG",
    )
    assert not shop.sending_enabled
    orders = seller.state(shop_id, Purpose.ORDERS)
    assert orders.state == AuthorizationState.AUTHORIZED
    assert orders.ends_at is not None
    assert orders.ends_at - utc_now() > timedelta(days=300)
    assert seller.told == [shop_id]
    key = ShopKey(seller.organisation_id, shop_id)
    facts = seller.gateway.read(
        key, Purpose.ORDERS, lambda line: line.marketplace.shop_facts(line.access)
    )
    assert facts.name == shop.name


def test_chat_is_authorized_for_itself_where_its_app_is_another(seller: Seller) -> None:
    """S0-14: the sales channel's authorization is not the chat's."""
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    seller.enter(seller.sandbox.new_app(), Purpose.CHAT)
    external_id = new_shop(seller.sandbox)
    (shop_id,) = seller.come_back(seller.link(Purpose.ORDERS), external_id).shop_ids
    assert seller.state(shop_id, Purpose.CHAT).state == AuthorizationState.NEVER
    returned = seller.come_back(seller.link(Purpose.CHAT, shop_id), external_id)
    assert returned.shop_ids == (shop_id,)
    assert not returned.is_another_shop
    assert seller.state(shop_id, Purpose.CHAT).state == AuthorizationState.AUTHORIZED


def test_one_app_for_both_gives_both_the_new_pair(seller: Seller) -> None:
    """A pair that was replaced works no more: whoever held it has to get the new one."""
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS, Purpose.CHAT)
    external_id = new_shop(seller.sandbox)
    (shop_id,) = seller.come_back(seller.link(Purpose.ORDERS), external_id).shop_ids
    seller.come_back(seller.link(Purpose.CHAT, shop_id), external_id)
    key = ShopKey(seller.organisation_id, shop_id)
    for purpose in Purpose:
        line = seller.gateway.line(key, purpose)
        assert line.marketplace.shop_facts(line.access).name == f"Shop {external_id}"


def test_a_state_works_once(seller: Seller) -> None:
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    back = dict(consent(seller.link(), f"shop:{new_shop(seller.sandbox)}").params)
    seller.authorizing.finish(seller.organisation_id, "shopee", back)
    with pytest.raises(RequestUnknown):
        seller.authorizing.finish(seller.organisation_id, "shopee", back)


@pytest.mark.parametrize("state", ["", "made-up"])
def test_a_state_that_is_not_ours_is_refused_before_the_code_is_spent(
    seller: Seller, state: str
) -> None:
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    back = dict(consent(seller.link(), f"shop:{new_shop(seller.sandbox)}").params)
    with pytest.raises(RequestUnknown):
        seller.authorizing.finish(seller.organisation_id, "shopee", {**back, "state": state})
    assert seller.authorizing.finish(seller.organisation_id, "shopee", back).shop_ids


def test_a_state_that_is_too_old_is_refused(seller: Seller) -> None:
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    back = dict(consent(seller.link(), f"shop:{new_shop(seller.sandbox)}").params)

    def age(session: Session) -> None:
        session.scalars(select(AuthorizationRequest)).one().expires_at = utc_now() - timedelta(
            seconds=1
        )

    seller.database.write(age, scoped(seller.organisation_id))
    with pytest.raises(RequestUnknown):
        seller.authorizing.finish(seller.organisation_id, "shopee", back)


def test_another_organisation_cannot_use_a_state(
    seller: Seller, clients: HttpClients, tmp_path: Path
) -> None:
    other = new_seller(seller.database, seller.sandbox, clients, tmp_path, "other@demo.test")
    app = seller.sandbox.new_app()
    seller.enter(app, Purpose.ORDERS)
    other.enter(app, Purpose.ORDERS)
    back = dict(consent(seller.link(), f"shop:{new_shop(seller.sandbox)}").params)
    with pytest.raises(RequestUnknown):
        other.authorizing.finish(other.organisation_id, "shopee", back)


def test_a_shop_of_another_organisation_is_refused_and_nothing_is_stored(
    seller: Seller, clients: HttpClients, tmp_path: Path
) -> None:
    other = new_seller(seller.database, seller.sandbox, clients, tmp_path, "other@demo.test")
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    other.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    external_id = new_shop(seller.sandbox)
    seller.come_back(seller.link(), external_id)
    with pytest.raises(ShopOfAnother):
        other.come_back(other.link(), external_id)
    with seller.database.read(scoped(other.organisation_id)) as session:
        assert session.scalar(select(func.count(Shop.id))) == 0


def test_a_shop_of_another_organisation_is_refused_also_under_a_wrong_country(
    seller: Seller, clients: HttpClients, tmp_path: Path
) -> None:
    """The marketplace says the true country only after the tokens are stored."""
    other = new_seller(seller.database, seller.sandbox, clients, tmp_path, "other@demo.test")
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    other.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    external_id = new_shop(seller.sandbox)
    seller.come_back(seller.link(), external_id)
    with pytest.raises(ShopOfAnother):
        other.come_back(other.link(country="MY"), external_id)
    with seller.database.read(scoped(other.organisation_id)) as session:
        rows = session.scalars(select(Authorization)).all()
    assert {row.state for row in rows} == {AuthorizationState.NEVER}
    assert {row.sealed_access_token for row in rows} == {None}


def test_the_end_of_one_apps_authorization_is_not_that_of_another_app(seller: Seller) -> None:
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    seller.enter(seller.sandbox.new_app(), Purpose.CHAT)
    (shop_id,) = seller.come_back(seller.link(), new_shop(seller.sandbox)).shop_ids
    assert seller.state(shop_id, Purpose.ORDERS).ends_at is not None
    assert seller.state(shop_id, Purpose.CHAT).ends_at is None


@pytest.mark.parametrize("countries", [("SG", "MX"), ("MX",)], ids=["one of two", "none"])
def test_shops_where_none_can_be_connected_stay_out(
    seller: Seller, monkeypatch: pytest.MonkeyPatch, countries: tuple[str, ...]
) -> None:
    """S0-15: an account brings all its shops, whatever is offered."""
    real = Shopee.exchange_code

    def exchanged(shopee: Shopee, app: AppCredentials, callback: Mapping[str, str]) -> Tokens:
        tokens = real(shopee, app, callback)
        shops = (replace(tokens.shops[0], country=one) for one in countries)
        return replace(tokens, shops=tuple(shops))

    monkeypatch.setattr(Shopee, "exchange_code", exchanged)
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    back = dict(consent(seller.link(), f"shop:{new_shop(seller.sandbox)}").params)
    if countries == ("MX",):
        with pytest.raises(NothingOffered):
            seller.authorizing.finish(seller.organisation_id, "shopee", back)
        return
    (shop_id,) = seller.authorizing.finish(seller.organisation_id, "shopee", back).shop_ids
    assert seller.shop(shop_id).country == "SG"


def test_another_shop_than_asked_for_is_said(seller: Seller) -> None:
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    (first,) = seller.come_back(seller.link(), new_shop(seller.sandbox)).shop_ids
    returned = seller.come_back(seller.link(shop_id=first), new_shop(seller.sandbox))
    assert returned.is_another_shop
    assert seller.state(first, Purpose.ORDERS).state == AuthorizationState.AUTHORIZED


def test_a_code_that_was_made_up_authorizes_nothing(seller: Seller) -> None:
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    back = dict(consent(seller.link(), f"shop:{new_shop(seller.sandbox)}").params)
    with pytest.raises(AuthorizationEnded):
        seller.authorizing.finish(seller.organisation_id, "shopee", {**back, "code": "f" * 32})
    with seller.database.read(scoped(seller.organisation_id)) as session:
        assert session.scalar(select(func.count(Shop.id))) == 0


def test_without_the_keys_of_an_app_there_is_no_link(seller: Seller) -> None:
    with pytest.raises(AppMissing):
        seller.link()


def test_a_shop_whose_name_cannot_be_read_is_authorized_all_the_same(seller: Seller) -> None:
    seller.enter(seller.sandbox.new_app(), Purpose.ORDERS)
    access = seller.sandbox.new_shop()
    seller.sandbox.fault(access, "error_before", "get_shop_info")
    (shop_id,) = seller.come_back(seller.link(), access.shop_id).shop_ids
    assert seller.shop(shop_id).name == access.shop_id
    assert seller.state(shop_id, Purpose.ORDERS).state == AuthorizationState.AUTHORIZED
