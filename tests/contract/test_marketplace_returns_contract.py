"""What `TellsReturns` promises, tried on every marketplace that has it, against its sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.errors import RateLimited, TokenRejected, TransientError
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import TellsReturns
from cloud.marketplaces.registry import marketplace_for
from cloud.marketplaces.returns import Return
from tests.support.every_market import SANDBOXES
from tests.support.market_sandbox import MarketSandbox, running

WITH_RETURNS = [kind for kind in SANDBOXES if kind.open_return]
RETURN_CALLS = {
    "shopee": "get_return_list",
    "lazada": "/rest/reverse/getreverseordersforseller",
    "tiktok": "search",
}
TWO_DAYS_S = 2 * 86_400


@dataclass(frozen=True, slots=True)
class ReturningShop:
    sandbox: MarketSandbox
    marketplace: TellsReturns
    access: ShopAccess

    def read(self, since: datetime | None = None, until: datetime | None = None) -> list[Return]:
        """All of a window; without one, of the last days."""
        end = until or datetime.now(UTC) + timedelta(minutes=1)
        begin = since or end - timedelta(days=40)
        found: list[Return] = []
        cursor = ""
        while True:
            page = self.marketplace.returns(self.access, since=begin, until=end, cursor=cursor)
            found += page.returns
            cursor = page.next_cursor
            if not cursor:
                return found


@pytest.fixture(scope="module", params=WITH_RETURNS, ids=lambda kind: kind.channel)
def sandbox(request: pytest.FixtureRequest) -> Iterator[MarketSandbox]:
    with running(request.param) as started:
        yield started


@pytest.fixture(scope="module")
def clients() -> Iterator[HttpClients]:
    made = HttpClients()
    yield made
    made.close()


@pytest.fixture
def shop(sandbox: MarketSandbox, clients: HttpClients) -> ReturningShop:
    marketplace = marketplace_for(sandbox.channel, http=clients.get(), base_url=sandbox.base_url)
    assert isinstance(marketplace, TellsReturns)
    return ReturningShop(sandbox, marketplace, sandbox.new_shop())


def test_a_return_has_its_order_reason_and_deadline_until_it_is_settled(
    shop: ReturningShop,
) -> None:
    order = shop.sandbox.place_order(shop.access)
    before = datetime.now(UTC) - timedelta(seconds=2)
    asked = {"reason": "The cup is broken", "text": "In pieces", "respond_in_s": TWO_DAYS_S}
    return_id = shop.sandbox.ask_for_return(shop.access, order, shop.sandbox.open_return, **asked)
    (found,) = shop.read()
    assert (found.return_id, found.order_number) == (return_id, order.number)
    assert (found.status, found.is_open) == (shop.sandbox.open_return, True)
    assert "cup is broken" in found.reason or found.reason == "In pieces"
    assert before <= found.created_at <= found.updated_at
    assert found.respond_by is not None
    assert timedelta(days=1) < found.respond_by - found.created_at < timedelta(days=3)
    assert "In pieces" not in repr(found) or found.reason == "In pieces"
    shop.sandbox.change_return(return_id, status=shop.sandbox.settled_return, respond_by=0)
    (settled,) = shop.read()
    assert (settled.is_open, settled.respond_by) == (False, None)


def test_what_needs_no_answer_has_no_deadline_and_an_unknown_status_counts_as_open(
    shop: ReturningShop,
) -> None:
    order = shop.sandbox.place_order(shop.access)
    shop.sandbox.ask_for_return(shop.access, order, "SOMETHING_NEW")
    (found,) = shop.read()
    assert (found.is_open, found.respond_by) == (True, None)


def test_all_pages_come_and_only_of_the_shop_and_the_window(shop: ReturningShop) -> None:
    order = shop.sandbox.place_order(shop.access)
    status = shop.sandbox.settled_return
    expected = {shop.sandbox.ask_for_return(shop.access, order, status) for _ in range(103)}
    other = shop.sandbox.new_shop()
    shop.sandbox.ask_for_return(other, shop.sandbox.place_order(other), status)
    assert {one.return_id for one in shop.read()} == expected
    long_ago = datetime.now(UTC) - timedelta(days=3)
    assert shop.read(long_ago, long_ago + timedelta(days=1)) == []


def test_a_window_has_zones_and_ends_after_it_begins(shop: ReturningShop) -> None:
    now = datetime.now(UTC)
    for since, until in ((now, now), (now.replace(tzinfo=None), now)):
        with pytest.raises(ValueError, match=r"time zone|after it begins"):
            shop.marketplace.returns(shop.access, since=since, until=until)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop_before", TransientError),
        ("not_json", TransientError),
        ("rate_limit", RateLimited),
        ("token_expired", TokenRejected),
    ],
)
def test_an_error_is_one_that_all_readings_have(
    shop: ReturningShop, kind: str, error: type[TransientError]
) -> None:
    shop.sandbox.fault(shop.access, kind, RETURN_CALLS[shop.sandbox.channel])
    with pytest.raises(error):
        shop.read()
    assert shop.read() == []
