"""Leases and fencing on both engines: what a holder may do that is late, or gone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.conversations.states import DispatchState, MessageState
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.errors import ClaimLost
from cloud.dispatcher.retry import Next
from cloud.dispatcher.senders import end_others, register
from tests.support.claim_turns import GONE, WAIT, Turns
from tests.support.outbox_rows import OutboxRows


def test_a_lapsed_claim_is_queued_again(turns: Turns, rows: OutboxRows) -> None:
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    (one,) = turns.claim(lease=GONE).claims
    assert (turns.return_lapsed(), turns.doubt_lapsed()) == (1, 0)
    assert turns.state(message_id) is MessageState.QUEUED
    with pytest.raises(ClaimLost):
        turns.begin(one)
    assert turns.claimed() == [message_id]


def test_a_lapsed_request_is_in_doubt_and_never_queued(turns: Turns, rows: OutboxRows) -> None:
    """Invariant 5."""
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    (one,) = turns.claim().claims
    turns.begin(one, lease=GONE)
    assert (turns.return_lapsed(), turns.doubt_lapsed()) == (0, 1)
    assert turns.state(message_id) is MessageState.UNCERTAIN
    assert (turns.return_lapsed(), turns.doubt_lapsed()) == (0, 0)
    assert turns.claimed() == []
    dispatch = turns.dispatch(turns.message(message_id).dispatch_id)
    assert dispatch.state is DispatchState.NOT_CONFIRMED


def test_a_lease_that_runs_is_left_alone(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    rows.dispatch(shop, "b1")
    rows.dispatch(shop, "b2")
    (one,) = turns.claim().claims
    turns.begin(one)
    turns.claim()
    assert (turns.return_lapsed(), turns.doubt_lapsed()) == (0, 0)


def test_what_a_dead_sender_held_lapses_at_once(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    turns.write(lambda session: register(session, "sender-1", timedelta(seconds=90)))
    rows.dispatch(shop, "b1")
    rows.dispatch(shop, "b2")
    (one,) = turns.claim().claims
    turns.begin(one)
    turns.claim()
    turns.write(lambda session: end_others(session, "sender-2"))
    assert (turns.return_lapsed(), turns.doubt_lapsed()) == (1, 1)


def test_a_request_does_not_begin_after_its_lease(turns: Turns, rows: OutboxRows) -> None:
    rows.dispatch(rows.shop(), "b1")
    (one,) = turns.claim(lease=GONE).claims
    with pytest.raises(ClaimLost):
        turns.begin(one)


def lapsed_and_claimed_anew(turns: Turns) -> tuple[Claim, Claim]:
    (old,) = turns.claim(lease=GONE).claims
    turns.return_lapsed()
    (new,) = turns.claim().claims
    return old, new


def test_an_older_holder_changes_nothing(turns: Turns, rows: OutboxRows) -> None:
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    old, new = lapsed_and_claimed_anew(turns)
    turns.known_failure(old, None, replace(WAIT, next=Next.FAIL_DISPATCH))
    assert turns.state(message_id) is MessageState.CLAIMED
    turns.begin(new)
    turns.known_failure(old, None, replace(WAIT, next=Next.FAIL_DISPATCH))
    assert turns.state(message_id) is MessageState.SENDING


def test_a_late_answer_that_it_was_sent_settles_the_doubt(turns: Turns, rows: OutboxRows) -> None:
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    (one,) = turns.claim().claims
    begun = turns.begin(one, lease=GONE)
    turns.doubt_lapsed()
    turns.sent(one, begun)
    assert turns.state(message_id) is MessageState.SENT


@pytest.mark.parametrize("how", ["refused", "not sent"])
def test_a_late_answer_that_it_was_not_sent_settles_the_doubt(
    turns: Turns, rows: OutboxRows, how: str
) -> None:
    """Otherwise no attempt would be left in doubt, and the message in doubt for ever."""
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    (one,) = turns.claim().claims
    begun = turns.begin(one, lease=GONE)
    turns.doubt_lapsed()
    if how == "refused":
        turns.known_failure(one, begun)
    else:
        turns.give_back(one, begun)
    assert turns.state(message_id) is MessageState.QUEUED


def test_a_late_answer_stops_whoever_would_send_a_second_time(
    turns: Turns, rows: OutboxRows
) -> None:
    """A person said that it is absent; the first caller knows better."""
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    (one,) = turns.claim().claims
    begun = turns.begin(one, lease=GONE)
    turns.doubt_lapsed()
    rows.queue_anew(message_id)
    (second,) = turns.claim().claims
    turns.sent(one, begun)
    assert turns.state(message_id) is MessageState.SENT
    with pytest.raises(ClaimLost):
        turns.begin(second)


def test_the_same_result_may_be_written_twice(turns: Turns, rows: OutboxRows) -> None:
    """As after a commit whose outcome was unknown."""
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    (one,) = turns.claim().claims
    begun = turns.begin(one)
    turns.sent(one, begun)
    turns.sent(one, begun)
    assert rows.conversation_of(message_id).unanswered == 1


def test_an_id_that_another_message_has_is_no_proof(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    rows.dispatch(shop, "b1")
    (first,) = turns.claim().claims
    turns.sent(first, turns.begin(first), "same")
    (message_id,) = rows.dispatch(shop, "b2")
    (second,) = turns.claim().claims
    turns.sent(second, turns.begin(second), "same")
    assert turns.state(message_id) is MessageState.UNCERTAIN
