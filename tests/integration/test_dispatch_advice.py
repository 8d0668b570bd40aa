"""What a table is told about a code that it has just scanned."""

from datetime import timedelta

import pytest

from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.dispatcher.advice import SYNC_COUNTS_FOR, Adviser
from cloud.dispatcher.asking import OrderAsking
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench
from wire.messages import AdviceKind

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
UNKNOWN = "260101NOSUCH99"
TWO_PARCELS = demo_seed.TWO_PARCELS_ORDER_SN
FIRST_PARCEL, SECOND_PARCEL = "SPXMY000000000201", "SPXMY000000000202"


def advise(bench: Bench, code: str) -> AdviceKind:
    adviser = Adviser(bench.database, OrderAsking(bench.database, bench.gateway))
    return adviser.advise(bench.organisation_id, code)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(ORDER, AdviceKind.KNOWN), (demo_seed.CANCELLED_ORDER_SN, AdviceKind.CANCELLED)],
)
def test_an_order_that_is_not_read_in_yet_is_asked_for(
    bench: Bench, code: str, kind: AdviceKind
) -> None:
    assert advise(bench, code) is kind
    assert advise(bench, code) is kind, "the second time from our own orders"


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
