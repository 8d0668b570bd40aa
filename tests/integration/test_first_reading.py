"""The first reading of a shop is long: it shows how far it is, and survives a kill."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.leases import forget_leases
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.marketplaces.errors import MarketplaceError
from cloud.orders.models import Order
from cloud.shops.models import Shop
from cloud.sync.models import OrderReading
from cloud.sync.order_sync import OrderSync
from cloud.sync.orders import OrderReader, SyncSettings
from sandbox.shopee import demo_seed
from sandbox.testing import RunningSandbox
from tests.database_rows import only_postgres
from tests.support.cloud_roles import CloudRoles
from tests.support.dispatch_bench import TEST, Bench
from tests.support.packing_station import describe_shop
from tests.support.waiting import eventually

DAYS = 8
SETTINGS = SyncSettings(
    every=timedelta(0), first_window=timedelta(days=DAYS), window=timedelta(days=1)
)
LIST_CALL = "get_order_list"


def reader(bench: Bench, settings: SyncSettings = SETTINGS) -> OrderReader:
    return OrderReader(bench.database, bench.gateway, settings)


def progress(database: Database) -> OrderReading | None:
    with database.read(TEST) as session:
        return session.scalars(select(OrderReading)).one_or_none()


def the_progress(bench: Bench) -> OrderReading:
    found = progress(bench.database)
    assert found is not None
    return found


def one_turn(bench: Bench) -> bool:
    """Whether there is more."""
    made = reader(bench)
    (shop,) = made.shops()
    turn = made.read_in_turn(shop)
    assert turn is not None
    return turn.is_behind


def known(database: Database) -> set[str]:
    with database.read(TEST) as session:
        return set(session.scalars(select(Order.order_number)))


def test_it_shows_from_when_until_when_and_how_much_was_read(bench: Bench) -> None:
    before = utc_now()
    assert one_turn(bench)
    now = the_progress(bench)
    assert (now.is_first, now.finished_at) == (True, None)
    assert before - timedelta(days=DAYS) <= now.begins_at <= utc_now() - timedelta(days=DAYS)
    assert now.read_until == now.begins_at + timedelta(days=SETTINGS.windows_in_turn)
    while one_turn(bench):
        pass
    end = the_progress(bench)
    assert end.finished_at is not None
    assert end.read_until >= before
    assert end.begins_at == now.begins_at
    # What lies in two windows is read twice.
    assert end.orders_read >= len(known(bench.database)) > 0


def test_what_is_read_again_after_a_break_is_counted_once(bench: Bench) -> None:
    bench.sandbox.control.fault("error_before", LIST_CALL, skip=1)
    bench.change_shop(orders_synced_until=utc_now() - timedelta(days=4))
    with pytest.raises(MarketplaceError):
        one_turn(bench)
    broken = the_progress(bench)
    assert broken.read_until == broken.begins_at + timedelta(days=1)
    while one_turn(bench):
        pass
    after = the_progress(bench)
    assert (after.is_first, after.begins_at) == (False, broken.begins_at)
    assert after.finished_at is not None


def test_a_first_reading_that_breaks_off_at_once_still_means_its_first_day(bench: Bench) -> None:
    """However long the break is."""
    bench.sandbox.control.fault("error_before", LIST_CALL)
    with pytest.raises(MarketplaceError):
        one_turn(bench)
    days = timedelta(days=10)
    begun = the_progress(bench).begins_at - days

    def unit(session: Session) -> None:
        session.execute(update(OrderReading).values(begins_at=begun, read_until=begun))

    bench.database.write(unit, TEST)
    one_turn(bench)
    goes_on = the_progress(bench)
    assert goes_on.begins_at == begun
    assert goes_on.read_until == begun + timedelta(days=SETTINGS.windows_in_turn)


def test_a_short_reading_is_no_news(bench: Bench) -> None:
    bench.change_shop(orders_synced_until=utc_now() - timedelta(hours=1))
    assert not one_turn(bench)
    assert progress(bench.database) is None


def test_a_shop_far_behind_lets_the_others_have_their_turn(bench: Bench) -> None:
    assert one_turn(bench)
    assert bench.calls(LIST_CALL) == SETTINGS.windows_in_turn


def test_a_shop_far_behind_is_read_on_without_a_pause(bench: Bench) -> None:
    settings = replace(SETTINGS, every=timedelta(hours=1))
    sync = OrderSync(reader(bench, settings), settings, bench.deaths.append)
    sync.start()

    def is_done() -> bool:
        found = progress(bench.database)
        return found is not None and found.finished_at is not None

    eventually(is_done)
    sync.stop()
    assert bench.deaths == []


@pytest.fixture
def roles(tmp_path: Path, migrated_address: str) -> Iterator[CloudRoles]:
    settings = {"PACKWITNESS_CLOUD_ORDERS__FIRST_DAYS": "20"}
    with CloudRoles(tmp_path, migrated_address, settings) as made:
        yield made


@only_postgres
@pytest.mark.timeout(120)
def test_a_reading_that_is_killed_goes_on_where_it_was(
    roles: CloudRoles, database: Database, shopee_sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """Kill -9 of the role in the middle of it (issue 4)."""
    roles.init()
    described = describe_shop(shopee_sandbox, tmp_path / "shop.json")
    assert roles.cloud.run("shop", "connect", str(described)).returncode == 0
    # So slow that it is met on its way.
    shopee_sandbox.control.fault("delay", LIST_CALL, delay_ms=300, count=None)
    first = roles.start("sync")

    def some_way() -> OrderReading | None:
        found = progress(database)
        is_some = found is not None and found.read_until - found.begins_at >= timedelta(days=5)
        return found if is_some else None

    eventually(some_way)
    first.end(signal.SIGKILL)
    killed = some_way()
    assert killed is not None
    assert killed.finished_at is None
    database.write(forget_leases, system("its lease would lapse"))
    made = windows_asked_for(shopee_sandbox)
    shopee_sandbox.control.call("DELETE", "/faults")
    roles.start("sync")

    def done() -> OrderReading | None:
        found = progress(database)
        return found if found is not None and found.finished_at is not None else None

    done_at = eventually(done, 60)
    assert done_at.begins_at == killed.begins_at
    assert demo_seed.NORMAL_ORDER_SN in known(database)
    left = (done_at.ends_at - killed.read_until) / timedelta(days=1)
    # The window that was cut off, and one for the moments since.
    assert windows_asked_for(shopee_sandbox) - made <= left + 2
    with database.read(scoped(done_at.organisation_id)) as session:
        reached = session.scalars(select(Shop.orders_synced_until)).one()
    assert reached is not None
    assert reached >= done_at.ends_at


def windows_asked_for(sandbox: RunningSandbox) -> int:
    return sum(one["path"].endswith(LIST_CALL) for one in sandbox.control.requests())
