"""The plan of a soak: the seed alone decides it, and it holds what it promises."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from sandbox.faults import FAULT
from tests.soak.plan import (
    MOST_PHOTOS,
    REQUEST_DEADLINE_MS,
    SETTLE_MS,
    Freeze,
    Job,
    Kill,
    Order,
    PlannedFault,
    Rates,
    Step,
    Trouble,
    Victim,
    job,
    order,
)

JOBS = 1000
TABLES = 2
SHOPS = 3
OFTEN = Rates(kills=30, freezes=30, cuts=30, troubles=30)

RECORDED = Job(
    table=0,
    index=1,
    order=Order("261018A0000001", shop_id=23_000_002, buyer_id=920_000_000),
    photos=1,
    takes_one_back=False,
    is_left=False,
    faults=(
        PlannedFault(Step.SEND, 1142, Kill(Victim.CLOUD)),
        PlannedFault(Step.SAVED, 378, Freeze(Victim.MARKETPLACE, 2314)),
    ),
)


def jobs(seed: int, *, shops: int = SHOPS, rates: Rates | None = None) -> list[Job]:
    return [
        job(seed, table, index, shops=shops, rates=rates or Rates())
        for table in range(TABLES)
        for index in range(JOBS)
    ]


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert jobs(1) == jobs(1)
    assert [one.photos for one in jobs(1)] != [one.photos for one in jobs(2)]


def test_a_seed_means_the_same_tomorrow() -> None:
    """A recorded run can be repeated only while its seed still means this."""
    assert job(7, 0, 1, shops=4, rates=OFTEN) == RECORDED


def test_jobs_do_not_depend_on_each_other() -> None:
    assert job(1, 1, 5, shops=SHOPS, rates=Rates()) == jobs(1)[JOBS + 5]


def test_every_order_is_one_of_its_own_and_no_buyer_has_two_at_a_shop() -> None:
    orders = [one.order for one in jobs(3)]
    assert len({one.number for one in orders}) == len(orders)
    assert len({(one.shop_id, one.buyer_id) for one in orders}) == len(orders)


def test_some_buyers_have_orders_at_two_shops() -> None:
    """Else a photo in the right buyer's chat with the wrong shop could not be seen."""
    seconds = [one.order for one in jobs(3)]
    pairs = [(one, other) for one, other in pairwise(seconds) if one.buyer_id == other.buyer_id]
    assert 300 < len(pairs) < JOBS
    assert all(one.shop_id != other.shop_id for one, other in pairs)


def test_with_one_shop_no_buyer_has_two_orders() -> None:
    orders = [order(1, 0, index, shops=1) for index in range(JOBS)]
    assert len({one.buyer_id for one in orders}) == JOBS


@pytest.mark.parametrize("index", [0, 9, 9_999_999])
def test_order_numbers_have_the_form_of_the_marketplace(index: int) -> None:
    number = order(1, 15, index, shops=1).number
    assert len(number) == 14
    assert number[:6].isdecimal()
    assert number[6:].isalnum()
    assert number.isupper()


def test_photos_are_one_to_three_and_few_jobs_are_left() -> None:
    planned = jobs(4)
    assert {one.photos for one in planned} == set(range(1, MOST_PHOTOS + 1))
    assert 0.01 < sum(one.is_left for one in planned) / len(planned) < 0.05
    assert 0.01 < sum(one.takes_one_back for one in planned) / len(planned) < 0.05


def test_about_five_hundred_are_killed_in_ten_thousand_proofs() -> None:
    planned = jobs(5)
    kills = [fault.what for one in planned for fault in one.faults if isinstance(fault.what, Kill)]
    closed = sum(not one.is_left for one in planned)
    assert 0.045 < len(kills) / closed < 0.07
    assert set(Counter(one.victim for one in kills)) == set(Victim)


def test_another_rate_of_kills_leaves_everything_else_as_it_was() -> None:
    def without_kills(planned: list[Job]) -> list[Job]:
        return [replace(one, faults=_without_kills(one)) for one in planned]

    none, many = jobs(6, rates=Rates(kills=0)), jobs(6, rates=Rates(kills=50))
    assert none == without_kills(none)
    assert without_kills(many) == none


def test_each_trouble_is_one_that_the_sandbox_knows() -> None:
    for trouble in troubles():
        FAULT.validate_python(
            {"kind": trouble.kind, "path": trouble.path, **dict(trouble.fields)}, strict=True
        )


def test_answers_come_late_but_within_what_the_cloud_waits_for() -> None:
    """A message that comes later than the chat may take is beyond what can be told apart."""
    for trouble in troubles():
        fields = dict(trouble.fields)
        late_ms = float(fields.get("delay_ms", 0)) - REQUEST_DEADLINE_MS
        assert max(late_ms, 1000 * float(fields.get("visible_after_s", 0))) < SETTLE_MS / 2 + 1


def troubles() -> set[Trouble]:
    faults = [fault for one in jobs(7, rates=OFTEN) for fault in one.faults]
    found = {fault.what for fault in faults if isinstance(fault.what, Trouble)}
    assert len(found) > 10
    return found


def _without_kills(one: Job) -> tuple[PlannedFault, ...]:
    return tuple(fault for fault in one.faults if not isinstance(fault.what, Kill))
