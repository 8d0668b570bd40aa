"""What a table is told about a code that it has just scanned."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.dispatcher.advice import SYNC_COUNTS_FOR, Advised, Adviser
from cloud.dispatcher.asking import OrderAsking
from cloud.marketplaces.access import Tokens
from cloud.orders.models import Order, Parcel
from cloud.shops.service import NewShop, Purpose, add_shop, store_tokens
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench
from wire.messages import MAX_EQUIVALENTS, AdviceKind

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
UNKNOWN = "260101NOSUCH99"
TWO_PARCELS = demo_seed.TWO_PARCELS_ORDER_SN
FIRST_PARCEL, SECOND_PARCEL = "SPXMY000000000201", "SPXMY000000000202"


def ask(bench: Bench, code: str) -> Advised:
    adviser = Adviser(bench.database, OrderAsking(bench.database, bench.gateway))
    return adviser.advise(bench.organisation_id, code)


def advise(bench: Bench, code: str) -> AdviceKind:
    return ask(bench, code).kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [(ORDER, AdviceKind.KNOWN), (demo_seed.CANCELLED_ORDER_SN, AdviceKind.CANCELLED)],
)
def test_an_order_that_is_not_read_in_yet_is_asked_for(
    bench: Bench, code: str, kind: AdviceKind
) -> None:
    assert advise(bench, code) is kind
    assert advise(bench, code) is kind, "the second time from our own orders"


def test_no_second_shop_of_a_marketplace_is_asked_for_an_order_that_one_has(bench: Bench) -> None:
    now = utc_now()
    tokens = Tokens("another", "refresh", now + timedelta(days=1), now + timedelta(days=30), ())

    def second_shop(session: Session) -> None:
        new = NewShop("shopee", "MY", "22000009", "Second", 1000, sending_enabled=True)
        shop_id = add_shop(session, new, now).id
        store_tokens(
            session, bench.box, shop_id=shop_id, purpose=Purpose.ORDERS, tokens=tokens, now=now
        )

    bench.database.write(second_shop, scoped(bench.organisation_id))
    assert advise(bench, ORDER) is AdviceKind.KNOWN
    assert bench.calls("get_order_detail") == 1


def test_an_order_whose_photos_went_out_is_said_to_be_sent(bench: Bench) -> None:
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert advise(bench, ORDER) is AdviceKind.ALREADY_SENT


def test_another_parcel_of_an_order_is_not_said_to_be_sent(bench: Bench) -> None:
    assert advise(bench, TWO_PARCELS) is AdviceKind.KNOWN
    with bench.running():
        packed = bench.pack(FIRST_PARCEL)
        bench.until(packed, DispatchState.SENT)
    assert advise(bench, FIRST_PARCEL) is AdviceKind.ALREADY_SENT
    assert advise(bench, SECOND_PARCEL) is AdviceKind.KNOWN


def test_unknown_is_said_only_when_all_orders_were_read_lately(bench: Bench) -> None:
    """U-11: the table refuses such an order."""
    assert advise(bench, UNKNOWN) is AdviceKind.NOT_SYNCED
    bench.change_shop(orders_synced_until=utc_now())
    assert advise(bench, UNKNOWN) is AdviceKind.UNKNOWN
    bench.change_shop(orders_synced_until=utc_now() - SYNC_COUNTS_FOR - timedelta(minutes=1))
    assert advise(bench, UNKNOWN) is AdviceKind.NOT_SYNCED


def test_a_shop_that_cannot_be_asked_proves_nothing(bench: Bench) -> None:
    """The order may be younger than the last reading: refusing it would be untrue."""
    bench.change_shop(orders_synced_until=utc_now())
    bench.sandbox.control.fault("error_before", "get_order_detail", http_status=500, count=None)
    assert advise(bench, ORDER) is AdviceKind.NOT_SYNCED


@pytest.mark.parametrize("code", [TWO_PARCELS, FIRST_PARCEL, SECOND_PARCEL])
def test_the_other_numbers_of_the_order_come_with_the_advice(bench: Bench, code: str) -> None:
    """The table compares the label in a photo with them."""
    advise(bench, TWO_PARCELS)  # reads the order in
    others = {TWO_PARCELS, FIRST_PARCEL, SECOND_PARCEL} - {code}
    assert set(ask(bench, code).equivalents) == others


def test_a_code_that_is_not_known_has_no_other_numbers(bench: Bench) -> None:
    assert ask(bench, UNKNOWN).equivalents == ()


@pytest.mark.parametrize(
    ("parcels", "told"), [(MAX_EQUIVALENTS, True), (MAX_EQUIVALENTS + 1, False)]
)
def test_too_many_numbers_are_left_out_all_of_them(bench: Bench, parcels: int, told: bool) -> None:
    """A part of them would make the table stop at a label of the very same order."""
    advise(bench, ORDER)

    def add(session: Session) -> None:
        session.execute(delete(Parcel))
        order = session.scalars(select(Order).where(Order.order_number == ORDER)).one()
        session.add_all(
            Parcel(
                organisation_id=bench.organisation_id,
                order_id=order.id,
                package_number=f"P{number}",
                tracking_number=f"SPXMY9{number:08}",
                read_at=utc_now(),
            )
            for number in range(parcels)
        )

    bench.database.write(add, scoped(bench.organisation_id))
    assert len(ask(bench, ORDER).equivalents) == (parcels if told else 0)
