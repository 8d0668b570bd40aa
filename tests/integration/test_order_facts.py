"""What is kept of an order: its lines, who gets it as it is shown, and whether it is paid back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.dispatcher.advice import Adviser
from cloud.dispatcher.asking import OrderAsking
from cloud.marketplaces import orders as told
from cloud.orders.models import ITEM_TEXT_LENGTH, Order, OrderItem
from cloud.orders.service import put_order
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench
from wire.messages import AdviceKind

WHEN = datetime(2026, 11, 22, tzinfo=UTC)
MUG = told.OrderItem("50001", "Mug", "blue", "MUG-B", 2, "https://img.test/1.jpg")
PLATE = told.OrderItem("50002", "Plate", "", "PLATE", 1, "")
ORDER = told.Order(
    number="261018FACTS001",
    status="PROCESSED",
    created_at=WHEN,
    updated_at=WHEN,
    buyer_id="9",
    buyer_name="aisyah",
    parcels=(),
    items=(MUG, PLATE),
    is_cancelled=False,
    is_cancel_requested=False,
    recipient=told.Recipient("A****h", "******78", "****"),
)


def put(bench: Bench, facts: told.Order) -> None:
    def unit(session: Session) -> None:
        put_order(session, bench.shop_id, facts, utc_now())

    bench.database.write(unit, scoped(bench.organisation_id))


def lines(bench: Bench) -> list[tuple[int, str, str, str, str, int, str]]:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        rows = session.scalars(select(OrderItem).order_by(OrderItem.position))
        return [
            (one.position, one.item_id, one.name, one.variant, one.sku, one.quantity, one.image_url)
            for one in rows
        ]


def the_order(bench: Bench) -> Order:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return session.scalars(select(Order)).one()


def test_the_lines_of_an_order_are_kept_in_their_order(bench: Bench) -> None:
    put(bench, ORDER)
    put(bench, ORDER)
    assert lines(bench) == [
        (0, "50001", "Mug", "blue", "MUG-B", 2, "https://img.test/1.jpg"),
        (1, "50002", "Plate", "", "PLATE", 1, ""),
    ]


def test_newer_lines_replace_older_ones_and_none_are_lost_where_none_are_told(
    bench: Bench,
) -> None:
    put(bench, ORDER)
    later = WHEN + timedelta(hours=1)
    put(bench, replace(ORDER, updated_at=later, items=(replace(MUG, quantity=1),)))
    assert [line[5] for line in lines(bench)] == [1]
    put(bench, replace(ORDER, updated_at=later, items=()))
    assert len(lines(bench)) == 1
    put(bench, ORDER)
    assert len(lines(bench)) == 1, "older facts change nothing"


def test_endless_texts_are_cut_and_an_endless_address_is_left_out(bench: Bench) -> None:
    endless = told.OrderItem("5" * 900, "x" * 900, "y" * 900, "z" * 900, 1, "https://" + "i" * 2000)
    put(bench, replace(ORDER, items=(endless,)))
    (line,) = lines(bench)
    assert [len(line[1]), len(line[2]), line[6]] == [80, ITEM_TEXT_LENGTH, ""]


def test_a_masked_recipient_is_kept_as_it_is_shown(bench: Bench) -> None:
    put(bench, ORDER)
    put(bench, replace(ORDER, recipient=None))
    assert the_order(bench).recipient_name == "A****h"


def test_the_marketplaces_own_lines_are_kept(bench: Bench) -> None:
    bench.sync_orders()
    with bench.database.read(scoped(bench.organisation_id)) as session:
        statement = select(OrderItem.name).join(Order, Order.id == OrderItem.order_id)
        number = demo_seed.NORMAL_ORDER_SN
        assert session.scalars(statement.where(Order.order_number == number)).all()


def test_an_order_on_its_way_back_is_not_packed_again(bench: Bench) -> None:
    """The table is told before the box is closed, and nothing is sent by itself (U-11)."""
    number = "261018RETURN01"
    sandbox = bench.sandbox
    sandbox.control.add_order(number, sandbox.shop_id, 900000004, order_status="TO_RETURN")
    bench.sync_orders()
    adviser = Adviser(bench.database, OrderAsking(bench.database, bench.gateway))
    assert adviser.advise(bench.organisation_id, number).kind is AdviceKind.REFUNDED
    packed = bench.pack(number)
    with bench.running():
        bench.until(packed, DispatchState.SAVED_NOT_SENT, reason=Reason.ORDER_CANCELLED)


def test_a_return_that_was_taken_back_is_one_no_more(bench: Bench) -> None:
    put(bench, replace(ORDER, is_refunded=True))
    assert the_order(bench).refunded
    put(bench, replace(ORDER, updated_at=WHEN + timedelta(hours=1)))
    assert not the_order(bench).refunded
