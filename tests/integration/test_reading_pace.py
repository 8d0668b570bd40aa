"""A shop is read no faster than its marketplace may be asked, by however many readers."""

from datetime import timedelta

import pytest

from cloud.database.scope import scoped
from cloud.marketplaces.pacing import before_each_request, wait_for_turn
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.service import Purpose
from cloud.sync.pace import PacedReads, take_turn
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench

GAP = timedelta(seconds=60)


def turn(bench: Bench, gap: timedelta = GAP) -> timedelta:
    return bench.database.write(
        lambda session: take_turn(session, bench.shop_id, gap), scoped(bench.organisation_id)
    )


def test_each_turn_comes_a_gap_after_the_one_before(bench: Bench) -> None:
    assert turn(bench, timedelta(seconds=10)) == timedelta()
    second = turn(bench, timedelta(seconds=10))
    assert timedelta(seconds=5) < second <= timedelta(seconds=10)
    third = turn(bench, timedelta(seconds=10))
    assert timedelta(seconds=15) < third <= timedelta(seconds=20)


def test_a_queue_makes_nobody_wait_for_ever(bench: Bench) -> None:
    waits = [turn(bench) for _ in range(4)]
    assert max(waits) <= timedelta(seconds=30)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What readers waited for, instead of waiting."""
    seen: list[float] = []
    monkeypatch.setattr(PacedReads, "pause", lambda _, wait: seen.append(wait.total_seconds()))
    return seen


def test_every_request_of_a_call_takes_a_turn_whoever_reads(
    bench: Bench, waits: list[float]
) -> None:
    """An order is two requests of Shopee's; two processes read it."""
    readers = [PacedReads(bench.database, bench.gateway) for _ in range(2)]
    for reads in readers:
        reads.read(
            bench.shop,
            Purpose.ORDERS,
            lambda line: line.marketplace.order(line.access, demo_seed.NORMAL_ORDER_SN),
        )
    assert bench.calls("get_order_detail") == 2
    gap_s = 1 / capabilities_of("shopee", "MY").reads_per_second
    # The first of four goes at once. Nobody really waited, so that each waits longer than before.
    assert len(waits) == 3
    assert waits == sorted(waits)
    assert 2 * gap_s < waits[-1] <= 3 * gap_s


def test_sending_is_not_paced_by_the_pace_of_reading(bench: Bench, waits: list[float]) -> None:
    reads = PacedReads(bench.database, bench.gateway)
    for _ in range(3):
        bench.gateway.read(
            bench.shop,
            Purpose.ORDERS,
            lambda line: line.marketplace.order(line.access, demo_seed.NORMAL_ORDER_SN),
        )
    reads.stop()
    assert waits == []


def test_a_wait_ends_with_its_block() -> None:
    calls: list[int] = []
    with before_each_request(lambda: calls.append(1)):
        wait_for_turn()
    wait_for_turn()
    assert calls == [1]


def test_whoever_waits_goes_on_at_once_when_the_process_ends(bench: Bench) -> None:
    reads = PacedReads(bench.database, bench.gateway)
    reads.stop()
    reads.pause(timedelta(hours=1))
