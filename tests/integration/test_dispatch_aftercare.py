"""The chat of what was sent is read once more: what the buyer does not see is not called sent."""

from datetime import timedelta

import pytest

from cloud.conversations.derive import LOOKED_AT_AFTER
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.base import utc_now
from cloud.dispatcher.aftercare import Aftercare
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench, Packed

ORDER = demo_seed.FURTHER_ORDER_SNS[0]


def sent(bench: Bench) -> Packed:
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    return packed


def make_due(bench: Bench, packed: Packed) -> None:
    dispatch = bench.dispatch_of(packed)
    bench.change_dispatch(dispatch.id, next_check_at=utc_now() - timedelta(seconds=1))


def look(bench: Bench) -> int:
    return Aftercare(bench.database, bench.gateway).turn()


def test_it_is_read_some_time_after_the_end_and_once(bench: Bench) -> None:
    packed = sent(bench)
    dispatch = bench.dispatch_of(packed)
    assert dispatch.next_check_at == dispatch.updated_at + LOOKED_AT_AFTER
    assert look(bench) == 0
    reads = bench.calls("get_message")
    make_due(bench, packed)
    assert [look(bench), look(bench)] == [1, 0]
    assert bench.calls("get_message") == reads + 1
    dispatch = bench.dispatch_of(packed)
    assert (dispatch.state, dispatch.next_check_at) == (DispatchState.SENT, None)


def test_what_the_marketplace_hid_afterwards_is_called_not_shown(bench: Bench) -> None:
    """Issue 3: it hides it afterwards."""
    bench.fault("status_after", "image", skip=1)
    packed = sent(bench)
    sends = bench.calls("send_message")
    make_due(bench, packed)
    with bench.running():
        dispatch = bench.until(packed, DispatchState.PARTLY_SENT, reason=Reason.REFUSED_CONTENT)
    states = [one.state for one in bench.messages_of(packed)]
    assert states == [MessageState.SENT] * 2 + [MessageState.NOT_SHOWN, MessageState.SENT]
    assert dispatch.sent_count == 3
    assert bench.calls("send_message") == sends, "a person decides about another try"


def test_a_chat_that_cannot_be_read_is_read_later(bench: Bench) -> None:
    bench.fault("status_after", "image", count=3)
    packed = sent(bench)
    make_due(bench, packed)
    bench.sandbox.control.fault("error_before", "get_message", count=1)
    assert look(bench) == 1
    dispatch = bench.dispatch_of(packed)
    assert dispatch.state is DispatchState.SENT
    assert dispatch.next_check_at is not None
    assert dispatch.next_check_at > utc_now()
    make_due(bench, packed)
    look(bench)
    assert bench.dispatch_of(packed).state is DispatchState.PARTLY_SENT


def test_one_that_can_never_be_read_is_given_up(bench: Bench) -> None:
    packed = sent(bench)
    bench.sandbox.control.fault("error_before", "get_message", count=None)
    bench.change_dispatch(bench.dispatch_of(packed).id, updated_at=utc_now() - timedelta(hours=7))
    make_due(bench, packed)
    assert look(bench) == 1
    dispatch = bench.dispatch_of(packed)
    assert (dispatch.state, dispatch.next_check_at) == (DispatchState.SENT, None)


@pytest.mark.parametrize("others", [60])
def test_it_is_found_behind_what_came_after_it(bench: Bench, others: int) -> None:
    bench.fault("status_after", "image", count=3)
    packed = sent(bench)
    for number in range(others):
        bench.sandbox.control.buyer_writes(bench.sandbox.shop_id, 900000004, f"Hello {number}")
    make_due(bench, packed)
    look(bench)
    assert bench.dispatch_of(packed).sent_count == 1
