"""The cipher of a shop that shares its token with others is kept with its authorization."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.marketplaces.access import AppCredentials, GrantedShop, Tokens
from cloud.shops.models import Shop
from cloud.shops.service import (
    Purpose,
    authorization,
    open_authorization,
    put_app_credential,
    store_tokens,
)
from tests.support.dispatch_bench import Bench

LIFE = timedelta(hours=3)


def put(bench: Bench, pair: tuple[str, str], shops: tuple[GrantedShop, ...]) -> None:
    """Store a pair for chats that is said to end soon, so that its next use refreshes it."""
    now = utc_now()
    tokens = Tokens(*pair, now + timedelta(minutes=1), now + LIFE, shops)

    def unit(session: Session) -> None:
        store_tokens(
            session,
            bench.box,
            shop_id=bench.shop_id,
            purpose=Purpose.CHAT,
            tokens=tokens,
            now=now,
        )

    bench.database.write(unit, scoped(bench.organisation_id))


def external_id(bench: Bench) -> str:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        shop = session.get(Shop, bench.shop_id)
        assert shop is not None
        return shop.external_id


def stored_cipher(bench: Bench) -> str:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return authorization(session, bench.shop_id, Purpose.CHAT).shop_cipher


def test_a_shop_is_called_with_the_cipher_that_was_granted_to_it_and_keeps_it(
    bench: Bench,
) -> None:
    """A refresh brings a new pair and no cipher: the one of the authorization stays."""
    pair = bench.sandbox.control.mint_tokens(bench.sandbox.shop_id, bench.sandbox.partner_id)
    others = GrantedShop("another shop", cipher="GCP_of_another")
    put(bench, pair, (others, GrantedShop(external_id(bench), cipher="GCP_of_this_shop")))
    assert stored_cipher(bench) == "GCP_of_this_shop"
    line = bench.gateway.line(bench.shop, Purpose.CHAT)
    assert bench.calls("access_token/get") == 1
    assert line.access.access_token != pair[0]
    assert line.access.cipher == "GCP_of_this_shop"


def test_a_new_authorization_brings_a_new_cipher(bench: Bench) -> None:
    for cipher in ("GCP_first", "GCP_second"):
        put(bench, ("access", "refresh"), (GrantedShop(external_id(bench), cipher=cipher),))
    assert stored_cipher(bench) == "GCP_second"


@pytest.mark.parametrize("service_id", ["", "7494000000000000777"])
def test_an_app_keeps_the_id_that_its_authorize_link_wants(bench: Bench, service_id: str) -> None:
    app = AppCredentials("1000001", "secret", service_id=service_id)

    def unit(session: Session) -> None:
        put_app_credential(
            session,
            bench.box,
            channel="shopee",
            purpose=Purpose.CHAT,
            app=app,
            base_url="https://shopee.test",
        )

    bench.database.write(unit, scoped(bench.organisation_id))
    pair = ("access", "refresh")
    put(bench, pair, ())
    with bench.database.read(scoped(bench.organisation_id)) as session:
        opened = open_authorization(session, bench.box, bench.shop_id, Purpose.CHAT)
    assert opened.access.app == app
