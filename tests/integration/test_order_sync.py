"""Orders are read window by window; a reading that breaks off goes on where it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.marketplaces import orders as told
from cloud.marketplaces.errors import MarketplaceError
from cloud.orders.models import Order, Parcel
from cloud.orders.queries import candidates
from cloud.orders.service import put_order
from cloud.shops.models import Shop
from cloud.shops.service import AuthorizationState, Purpose
from cloud.sync.order_sync import OrderSync
from cloud.sync.orders import OVERLAP, OrderReader, SyncSettings
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench
from tests.support.waiting import eventually

NUMBER = "261018SYNC0001"
SETTINGS = SyncSettings(first_window=timedelta(days=3), window=timedelta(days=1))
WHEN = datetime(2026, 11, 22, tzinfo=UTC)
ORDER = told.Order(
    number=NUMBER,
    status="PROCESSED",
    created_at=WHEN,
    updated_at=WHEN,
    buyer_id="9",
    buyer_name="aisyah",
    parcels=(told.Parcel("P1", "T1", "SPX", "ready"), told.Parcel("P2", "", "SPX", "ready")),
    items=(),
    is_cancelled=False,
    is_cancel_requested=False,
    recipient=None,
)


def reader(bench: Bench) -> OrderReader:
    return OrderReader(bench.database, bench.gateway, SETTINGS)


def read(bench: Bench) -> int:
    made = reader(bench)
    (shop,) = made.shops()
    return made.read(shop)


def mark(bench: Bench) -> datetime | None:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return session.get_one(Shop, bench.shop_id).orders_synced_until


def known(bench: Bench) -> set[str]:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return set(session.scalars(select(Order.order_number)))


def put(bench: Bench, facts: told.Order) -> None:
    def unit(session: Session) -> None:
        put_order(session, bench.shop_id, facts, utc_now())

    bench.database.write(unit, scoped(bench.organisation_id))


def parcels(bench: Bench) -> dict[str, str | None]:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return {one.package_number: one.tracking_number for one in session.scalars(select(Parcel))}


def the_order(bench: Bench) -> Order:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return session.scalars(select(Order)).one()


def test_all_orders_are_known_after_the_first_reading(bench: Bench) -> None:
    before = utc_now()
    read(bench)
    assert known(bench) >= {demo_seed.NORMAL_ORDER_SN, *demo_seed.FURTHER_ORDER_SNS}
    reached = mark(bench)
    assert reached is not None
    assert before <= reached <= utc_now()


def test_a_change_that_was_listed_late_is_still_read(bench: Bench) -> None:
    """The windows overlap."""
    bench.sandbox.control.add_order(NUMBER, bench.sandbox.shop_id, 900000004, age_hours=0.1)
    bench.change_shop(orders_synced_until=utc_now())
    assert timedelta(hours=0.1) < OVERLAP
    read(bench)
    assert known(bench) == {NUMBER}


def test_a_reading_that_breaks_off_goes_on_from_the_last_whole_window(bench: Bench) -> None:
    """The mark moves only over what was read whole."""
    list_calls = "get_order_list"
    bench.sandbox.control.fault("error_before", list_calls, skip=2)
    before = utc_now()
    with pytest.raises(MarketplaceError):
        read(bench)
    reached = mark(bench)
    assert reached is not None
    assert before - timedelta(days=1) <= reached <= utc_now() - timedelta(days=1)
    made = bench.calls(list_calls)
    read(bench)
    # The third window, and the moments since.
    assert bench.calls(list_calls) <= made + 2
    assert demo_seed.NORMAL_ORDER_SN in known(bench)


def test_a_window_that_breaks_off_half_way_moves_no_mark(bench: Bench) -> None:
    bench.sandbox.control.fault("error_before", "get_order_detail")
    bench.change_shop(orders_synced_until=utc_now() - timedelta(hours=20))
    earlier = mark(bench)
    with pytest.raises(MarketplaceError):
        read(bench)
    assert mark(bench) == earlier


def test_reading_the_same_twice_changes_nothing(bench: Bench) -> None:
    put(bench, ORDER)
    put(bench, ORDER)
    assert parcels(bench) == {"P1": "T1", "P2": None}
    assert known(bench) == {NUMBER}


def test_newer_facts_replace_older_ones(bench: Bench) -> None:
    put(bench, ORDER)
    newer = replace(
        ORDER,
        status="CANCELLED",
        is_cancelled=True,
        updated_at=WHEN + timedelta(hours=1),
        parcels=(told.Parcel("P1", "T9", "SPX", "ready"),),
    )
    put(bench, newer)
    assert the_order(bench).cancelled
    assert parcels(bench) == {"P1": "T9", "P2": None}


def test_older_facts_change_nothing_but_numbers_that_were_missing(bench: Bench) -> None:
    put(bench, replace(ORDER, is_cancelled=True, status="CANCELLED"))
    older = replace(
        ORDER,
        updated_at=WHEN - timedelta(hours=1),
        parcels=(
            told.Parcel("P1", "T0", "SPX", "ready"),
            told.Parcel("P2", "T2", "SPX", "ready"),
        ),
    )
    put(bench, older)
    assert the_order(bench).status == "CANCELLED"
    assert parcels(bench) == {"P1": "T1", "P2": "T2"}


def test_a_masked_buyer_is_not_forgotten_and_an_endless_name_is_cut(bench: Bench) -> None:
    put(bench, replace(ORDER, buyer_name="x" * 900))
    put(bench, replace(ORDER, buyer_id="", buyer_name=""))
    order = the_order(bench)
    assert (order.buyer_id, order.buyer_name) == ("9", "x" * 200)


def test_a_code_finds_each_order_once(bench: Bench) -> None:
    put(bench, ORDER)
    put(bench, replace(ORDER, number="261018SYNC0002"))
    with bench.database.read(scoped(bench.organisation_id)) as session:
        by_number = candidates(session, NUMBER, scanned_at=WHEN)
        by_tracking = candidates(session, "T1", scanned_at=WHEN)
        assert candidates(session, "T", scanned_at=WHEN) == []
        parcels = session.scalars(select(Parcel).where(Parcel.package_number == "P1")).all()
    assert [one.parcel_id for one in by_number] == [None]
    assert {one.parcel_id for one in by_tracking} == {one.id for one in parcels}
    assert len(parcels) == 2


def test_only_shops_that_let_us_read_orders_are_read(bench: Bench) -> None:
    bench.change_authorization(Purpose.ORDERS, state=AuthorizationState.REVOKED)
    assert reader(bench).shops() == []


def test_the_loop_goes_on_after_trouble(bench: Bench) -> None:
    bench.sandbox.control.fault("error_before", "get_order_list")
    settings = replace(SETTINGS, every=timedelta(milliseconds=10))
    sync = OrderSync(reader(bench), settings, bench.deaths.append)
    sync.start()
    eventually(lambda: demo_seed.NORMAL_ORDER_SN in known(bench))
    assert sync.alive()
    sync.stop()
    assert not sync.alive()
    assert bench.deaths == []


def test_a_shop_is_read_by_one_process_at_a_time(bench: Bench) -> None:
    """Issue 3: any number of processes, and no more calls than of one."""
    mine, other = reader(bench), reader(bench)
    (shop,) = mine.shops()
    assert mine.read_in_turn(shop) is not None
    assert other.read_in_turn(shop) is None
    assert mine.read_in_turn(shop) is not None


def test_a_shop_whose_reader_is_gone_is_read_by_another(bench: Bench) -> None:
    settings = replace(SETTINGS, every=timedelta(0))
    first = OrderReader(bench.database, bench.gateway, settings)
    (shop,) = first.shops()
    assert first.read_in_turn(shop) is not None
    assert reader(bench).read_in_turn(shop) is not None
