"""Requests that a marketplace counts by the day are counted for all processes together."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.base import utc_now
from cloud.database.errors import DatabaseBusy
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.marketplaces.daily import Counted, DailyLimit
from cloud.marketplaces.errors import RateLimited
from cloud.shops.daily import ShopAllowance, ours_of
from cloud.shops.models import DailyRequests
from cloud.shops.service import NewShop, add_shop

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LIMITS = (DailyLimit(Counted.SEND, 600), DailyLimit(Counted.LIST_MESSAGES, 5))


@pytest.fixture
def shop(database: Database) -> tuple[int, int]:
    """Ids of an organisation and its shop."""

    def organisation(session: Session) -> int:
        row = Organisation(name="Seller", created_at=utc_now())
        session.add(row)
        session.flush()
        return row.id

    organisation_id = database.write(organisation, system("test"))
    new = NewShop("tiktok", "MY", "7", "Shop", sends_per_second=2.0)
    shop_id = database.write(
        lambda session: add_shop(session, new, NOON).id, scoped(organisation_id)
    )
    return organisation_id, shop_id


def allowance(
    database: Database, shop: tuple[int, int], now: Callable[[], datetime] = lambda: NOON
) -> ShopAllowance:
    return ShopAllowance(database, *shop, LIMITS, now)


def spent(allowance: ShopAllowance, call: Counted, most: int = 10_000) -> int:
    """How many requests it lets go out."""
    for number in range(most):
        try:
            allowance.spend(call)
        except RateLimited:
            return number
    return most


def test_processes_share_a_day_and_leave_some_sends_to_people(
    database: Database, shop: tuple[int, int]
) -> None:
    processes = [allowance(database, shop) for _ in range(3)]
    counts: list[int] = []

    def run(process: ShopAllowance) -> None:
        counts.append(spent(process, Counted.SEND))

    threads = [threading.Thread(target=run, args=(one,)) for one in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == ours_of(LIMITS[0]) == 570


def test_what_says_no_says_when_the_day_ends(database: Database, shop: tuple[int, int]) -> None:
    process = allowance(database, shop)
    assert spent(process, Counted.LIST_MESSAGES) == 5
    with pytest.raises(RateLimited, match="2026-05-05 00:00 UTC") as refused:
        process.spend(Counted.LIST_MESSAGES)
    assert refused.value.retry_after_s == timedelta(hours=12).total_seconds()
    assert spent(process, Counted.MARK_READ, 20) == 20  # has no limit


def test_the_next_day_begins_anew_and_a_slow_clock_does_not_bring_the_last_one_back(
    database: Database, shop: tuple[int, int]
) -> None:
    now = [NOON]
    process = allowance(database, shop, lambda: now[0])
    assert spent(process, Counted.LIST_MESSAGES) == 5
    now[0] += timedelta(days=1)
    assert spent(process, Counted.LIST_MESSAGES) == 5
    assert spent(allowance(database, shop), Counted.LIST_MESSAGES) == 0


def test_a_database_that_cannot_be_asked_stops_no_request(
    database: Database, shop: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = allowance(database, shop)

    def busy(*_: object, **__: object) -> int:
        raise DatabaseBusy("busy")

    with monkeypatch.context() as patch:
        patch.setattr(type(database), "write", busy)
        assert spent(process, Counted.LIST_MESSAGES, 3) == 3
    assert spent(process, Counted.LIST_MESSAGES) == 5


def test_a_restart_goes_on_with_the_count(database: Database, shop: tuple[int, int]) -> None:
    organisation_id, shop_id = shop
    assert spent(allowance(database, shop), Counted.LIST_MESSAGES, 3) == 3
    with database.read(scoped(organisation_id)) as session:
        row = session.get_one(DailyRequests, (shop_id, Counted.LIST_MESSAGES))
        taken = row.taken
    assert spent(allowance(database, shop), Counted.LIST_MESSAGES) == 5 - taken
