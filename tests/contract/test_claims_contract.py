"""Claims on both engines: turns, order, pace, budget. No thread of the engine runs."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.base import utc_now
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.retry import Next, Step
from tests.database_rows import only_postgres
from tests.support.claim_turns import WAIT, Turns
from tests.support.outbox_rows import OutboxRows


def test_shops_take_turns(turns: Turns, rows: OutboxRows) -> None:
    busy, other = rows.shop(), rows.shop()
    of_busy = [rows.dispatch(busy, f"b{number}")[0] for number in range(3)]
    of_other = rows.dispatch(other, "b9")[0]
    assert set(turns.claimed(1) + turns.claimed(1)) == {of_busy[0], of_other}
    assert turns.claimed(1) == [of_busy[1]]


def test_a_turn_takes_at_most_one_message_of_each_shop(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    rows.dispatch(shop, "b1")
    rows.dispatch(shop, "b2")
    assert len(turns.claimed(10)) == 1


def test_parts_go_in_their_order(turns: Turns, rows: OutboxRows) -> None:
    ids = rows.dispatch(rows.shop(), "b1", parts=3)
    assert [turns.send_next() for _ in ids] == ids
    assert turns.claimed() == []


def test_a_buyer_is_written_to_by_one_dispatch_at_a_time(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    first = rows.dispatch(shop, "b1")
    second = rows.dispatch(shop, "b1")
    (one,) = turns.claim().claims
    assert turns.claimed() == []
    turns.sent(one, turns.begin(one))
    assert turns.claimed() == second
    assert one.message_id == first[0]


def test_a_part_in_doubt_stops_its_dispatch_and_nobody_else(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    doubted = rows.dispatch(shop, "b1", parts=2)
    (one,) = turns.claim().claims
    turns.unknown(one, turns.begin(one))
    rows.free_pace()
    same_buyer = rows.dispatch(shop, "b1")
    other_buyer = rows.dispatch(shop, "b2")
    assert turns.claimed() == same_buyer
    assert turns.claimed() == other_buyer
    assert turns.claimed() == []
    assert turns.state(doubted[1]) is MessageState.QUEUED


def test_a_failed_part_lets_the_next_go(turns: Turns, rows: OutboxRows) -> None:
    ids = rows.dispatch(rows.shop(), "b1", parts=2)
    (one,) = turns.claim().claims
    turns.known_failure(one, turns.begin(one), replace(WAIT, next=Next.FAIL_MESSAGE))
    assert turns.claimed() == ids[1:]


@pytest.mark.parametrize(
    "state",
    [
        DispatchState.HELD,
        DispatchState.NEEDS_PERSON,
        DispatchState.SAVED_NOT_SENT,
        DispatchState.CANCELLED,
    ],
)
def test_a_parked_dispatch_is_not_sent_and_blocks_nobody(
    turns: Turns, rows: OutboxRows, state: DispatchState
) -> None:
    shop = rows.shop()
    parked = rows.dispatch(shop, "b1")
    rows.park(parked[0], state)
    later = rows.dispatch(shop, "b2")
    assert turns.claimed() == later
    assert turns.claimed() == []


def test_shops_with_nothing_to_claim_take_no_turns(turns: Turns, rows: OutboxRows) -> None:
    """A turn that looks at few shops must not find only parked ones, again and again."""
    for _ in range(4):
        parked = rows.dispatch(rows.shop(), "b1")
        rows.park(parked[0], DispatchState.HELD)
    ready = rows.dispatch(rows.shop(), "b1")
    assert turns.claimed(2) == ready


def test_a_shop_is_served_no_faster_than_its_pace(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop(gap_ms=600_000)
    rows.dispatch(shop, "b1")
    later = rows.dispatch(shop, "b2")
    assert len(turns.claimed()) == 1
    nothing = turns.claim()
    assert nothing.claims == ()
    assert nothing.next_look_s is not None
    assert 500 < nothing.next_look_s <= 600
    rows.free_pace()
    assert turns.claimed() == later


def test_a_wait_that_the_marketplace_asked_for_holds_the_whole_shop(
    turns: Turns, rows: OutboxRows
) -> None:
    shop = rows.shop()
    rows.dispatch(shop, "b1")
    rows.dispatch(shop, "b2")
    (one,) = turns.claim().claims
    slow = Step(Next.SLOW_DOWN, Reason.RATE_LIMIT, "", timedelta(minutes=7), wait_was_asked=True)
    turns.known_failure(one, turns.begin(one), slow)
    nothing = turns.claim()
    assert nothing.claims == ()
    assert nothing.next_look_s is not None
    assert 400 < nothing.next_look_s <= 420


def test_a_shop_in_trouble_waits_longer_each_time_until_a_message_goes(
    turns: Turns, rows: OutboxRows
) -> None:
    shop = rows.shop()
    slow = Step(Next.SLOW_DOWN, Reason.OUTAGE, "")
    for buyer in ("b1", "b2"):
        rows.dispatch(shop, buyer)
        rows.free_pace()
        (one,) = turns.claim(1).claims
        turns.known_failure(one, turns.begin(one), replace(slow, wait=timedelta(hours=1)))
    assert rows.pace(shop).backoff_level == 2
    assert rows.pace(shop).free_at - utc_now() > timedelta(seconds=2)
    rows.dispatch(shop, "b3")
    rows.free_pace()
    turns.send_next()
    assert rows.pace(shop).backoff_level == 0


def test_failures_at_the_same_moment_slow_a_shop_down_once(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    begun = []
    for buyer in ("b1", "b2", "b3"):
        rows.dispatch(shop, buyer)
        (one,) = turns.claim(1).claims
        begun.append((one, turns.begin(one)))
    for one, attempt in begun:
        turns.known_failure(one, attempt, Step(Next.SLOW_DOWN, Reason.OUTAGE, ""))
    assert rows.pace(shop).backoff_level == 1


def limited(turns: Turns, most: int = 10) -> list[int]:
    return turns.claimed(most, limit_of=lambda _channel, _country: 5)


def test_the_budget_is_reserved_for_the_whole_dispatch(turns: Turns, rows: OutboxRows) -> None:
    """One of five is kept free for people."""
    shop = rows.shop()
    first = rows.dispatch(shop, "b1", parts=3)
    assert limited(turns) == first[:1]
    (one,) = [Claim(first[0], rows.organisation_id, 1)]
    step = replace(WAIT, next=Next.AGAIN, wait=timedelta(hours=1))
    turns.known_failure(one, turns.begin(one), step)
    second = rows.dispatch(shop, "b1", parts=2)
    assert limited(turns) == []
    assert rows.dispatch_of(second[0]).reason == Reason.MESSAGE_LIMIT
    fits = rows.dispatch(shop, "b1", parts=1)
    assert limited(turns) == fits


def test_a_message_in_doubt_counts(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    rows.dispatch(shop, "b1")
    (one,) = turns.claim().claims
    turns.unknown(one, turns.begin(one))
    rows.free_pace()
    held = rows.dispatch(shop, "b1", parts=4)
    assert limited(turns) == []
    assert rows.dispatch_of(held[0]).state is DispatchState.HELD


def test_messages_of_people_count(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    held = rows.dispatch(shop, "b1", parts=4)
    rows.count_unanswered(held[0], 1)
    assert limited(turns) == []
    assert rows.dispatch_of(held[0]).reason == Reason.MESSAGE_LIMIT
    rows.count_unanswered(held[0], 0)
    rows.release(held[0])
    assert limited(turns) == held[:1]


def test_what_a_buyer_got_a_part_of_goes_on_to_its_end(turns: Turns, rows: OutboxRows) -> None:
    ids = rows.dispatch(rows.shop(), "b1", parts=4)
    turns.send_next()
    rows.count_unanswered(ids[0], 5)
    assert limited(turns) == ids[1:2]


def test_a_queued_proof_that_grew_too_old_waits_for_a_person(
    turns: Turns, rows: OutboxRows
) -> None:
    ids = rows.dispatch(rows.shop(), "b1", parts=2, asked_at=utc_now() - timedelta(hours=73))
    assert turns.claimed() == []
    dispatch = rows.dispatch_of(ids[0])
    assert (dispatch.state, dispatch.reason) == (DispatchState.NEEDS_PERSON, Reason.TOO_OLD)
    assert {turns.state(one) for one in ids} == {MessageState.CANCELLED}


@only_postgres
def test_claimers_at_the_same_time_never_get_the_same_message(
    turns: Turns, rows: OutboxRows
) -> None:
    expected = {
        message_id
        for shop in [rows.shop() for _ in range(4)]
        for number in range(6)
        for message_id in rows.dispatch(shop, f"b{number}")
    }
    taken: list[int] = []
    together = threading.Barrier(3)

    def run() -> None:
        together.wait()
        empty = 0
        while empty < 5:
            got = turns.claimed(3)
            taken.extend(got)
            empty = 0 if got else empty + 1

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(taken) == Counter(expected)
