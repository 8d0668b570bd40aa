"""Several processes look for the orders of what waits: one at a time at each code."""

import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.dispatcher.asking import OrderAsking
from cloud.dispatcher.matching import Matching
from cloud.dispatcher.reading_turns import ReadingTurns
from sandbox.shopee import demo_seed
from tests.database_rows import only_postgres
from tests.support.dispatch_bench import SETTINGS, Bench

ORDER, OTHER = demo_seed.FURTHER_ORDER_SNS[:2]


def matching_of(bench: Bench, monotonic_s: Callable[[], float] = time.monotonic) -> Matching:
    asking = OrderAsking(bench.database, bench.gateway)
    turns = ReadingTurns(bench.database, monotonic_s)
    return Matching(bench.database, bench.gateway, asking, turns, SETTINGS)


def somebody_looks_at(bench: Bench, dispatch_id: int, ends_in: timedelta) -> None:
    def unit(session: Session) -> None:
        session.execute(
            update(Dispatch)
            .where(Dispatch.id == dispatch_id)
            .values(looked_at_until=utc_now() + ends_in)
        )

    bench.database.write(unit, scoped(bench.organisation_id))


def due_codes(bench: Bench) -> list[str]:
    return [due.code for due in matching_of(bench).due(besides=())]


@only_postgres
def test_what_another_process_looks_at_is_left_alone_and_so_is_the_next_of_its_code(
    bench: Bench,
) -> None:
    first = bench.pack(ORDER)
    bench.pack(ORDER)
    bench.pack(OTHER)
    somebody_looks_at(bench, bench.dispatch_of(first).id, timedelta(minutes=1))
    assert due_codes(bench) == [OTHER]
    somebody_looks_at(bench, bench.dispatch_of(first).id, timedelta(seconds=-1))
    assert sorted(due_codes(bench)) == sorted([ORDER, OTHER])


@only_postgres
def test_one_that_was_taken_meanwhile_is_not_looked_at(bench: Bench) -> None:
    packed = bench.pack(ORDER)
    [due] = matching_of(bench).due(besides=())
    somebody_looks_at(bench, due.dispatch_id, timedelta(minutes=1))
    matching_of(bench).look(due)
    assert bench.calls("get_order_detail") == 0
    assert bench.dispatch_of(packed).state is DispatchState.WAITING_FOR_ORDER


@only_postgres
def test_whoever_has_looked_lets_go(bench: Bench) -> None:
    """Or an order that comes a moment later would be found late."""
    packed = bench.pack("261018NONESUCH")
    [due] = matching_of(bench).due(besides=())
    matching_of(bench).look(due)
    dispatch = bench.dispatch_of(packed)
    assert dispatch.state is DispatchState.WAITING_FOR_ORDER
    assert dispatch.looked_at_until is None


def test_a_backlog_reads_a_shop_no_faster_than_it_may_be_read(bench: Bench) -> None:
    """Issue 4: rate. Six at once, then one in 0.4 s: two requests each, five in a second."""
    bench.sync_orders()
    clock = [1000.0]
    matching = matching_of(bench, lambda: clock[0])
    packed = [bench.pack(code) for code in demo_seed.FURTHER_ORDER_SNS]
    for due in matching.due(besides=()):
        matching.look(due)
    planned = [bench.dispatch_of(one).state is DispatchState.QUEUED for one in packed]
    assert planned == [True] * 6 + [False] * 4
    assert matching.due(besides=()) == []
    waiting = [bench.dispatch_of(one) for one in packed[6:]]
    assert all(one.state is DispatchState.WAITING_FOR_ORDER for one in waiting)
    times = [one.next_check_at for one in waiting if one.next_check_at]
    assert len(times) == len(waiting)
    assert times == sorted(times)
    clock[0] += 0.9
    for one in waiting:
        bench.change_dispatch(one.id, next_check_at=utc_now())
    for due in matching.due(besides=()):
        matching.look(due)
    planned = [bench.dispatch_of(one).state is DispatchState.QUEUED for one in packed]
    assert planned == [True] * 8 + [False] * 2
