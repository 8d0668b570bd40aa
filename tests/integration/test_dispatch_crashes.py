"""The sender dies at each point of a send; another one goes on (U-17, invariant 5).

A death is an error that nothing in the engine catches: the thread ends, and nothing it would still
have written is written, as with a process that was killed. The next dispatcher has another name,
as the next process would.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cloud.conversations.states import DispatchState, MessageState
from cloud.database.feed import ChangeFeed
from cloud.database.session_lock import SessionLock
from cloud.dispatcher import sending
from cloud.dispatcher.senders import lock_key
from cloud.marketplaces.shopee.adapter import Shopee
from sandbox.shopee import demo_seed
from tests.database_rows import only_postgres, only_sqlite
from tests.support.dispatch_bench import SETTINGS, Bench, Packed
from tests.support.waiting import eventually

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004


class Killed(BaseException):
    """The process is gone."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where the sender dies: in the n-th call of a function, before it or after it."""

    owner: Any
    name: str
    after: bool
    skip: int = 0
    uploads_are_late: bool = False
    """The part that follows is claimed with the result before it; else it is `sending` then."""


AFTER_CLAIM = Point(sending, "jobs_from", after=False)
AFTER_UPLOAD = Point(Shopee, "upload_image", after=True, skip=1)
AFTER_SENDING = Point(sending.Sending, "_begin", after=True)
AFTER_REQUEST = Point(Shopee, "send", after=True, skip=2)
AFTER_RESULT = Point(sending, "write_insisting", after=True, uploads_are_late=True)
AFTER_GOING_ON = Point(sending, "write_insisting", after=True)

SAFE = {"after claim": AFTER_CLAIM, "after upload": AFTER_UPLOAD, "after result": AFTER_RESULT}
IN_DOUBT = {
    "after sending": AFTER_SENDING,
    "after request": AFTER_REQUEST,
    "after going on": AFTER_GOING_ON,
}


def kill_at(monkeypatch: pytest.MonkeyPatch, point: Point) -> None:
    real: Callable[..., Any] = getattr(point.owner, point.name)
    left = [point.skip]

    def dying(*args: Any, **keywords: Any) -> Any:
        if left[0] != 0:
            left[0] -= 1
            return real(*args, **keywords)
        left[0] = -1
        if point.after:
            real(*args, **keywords)
        raise Killed

    monkeypatch.setattr(point.owner, point.name, dying)


def run_until_killed(bench: Bench, monkeypatch: pytest.MonkeyPatch, point: Point) -> Packed:
    """A dispatcher whose only sender dies; it never says that it has ended."""
    feed = ChangeFeed(bench.database)
    packed = bench.pack(ORDER)
    with monkeypatch.context() as patched:
        kill_at(patched, point)
        late = point.uploads_are_late
        patched.setattr(sending, "_result_so_far", lambda ahead: None if late else ahead.result())
        dispatcher = bench.dispatcher(feed, senders=1)
        dispatcher.start()
        eventually(lambda: bench.deaths)
        feed.close()
        dispatcher.stop()
    assert [type(one) for one in bench.deaths] == [Killed]
    bench.deaths.clear()
    bench.forget_end_of(dispatcher.sender_id)
    return packed


@only_sqlite
@pytest.mark.parametrize("point", [*SAFE.values(), *IN_DOUBT.values()], ids=[*SAFE, *IN_DOUBT])
def test_the_next_process_sends_the_rest_and_nothing_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, point: Point
) -> None:
    """On SQLite the next process proves by its lock that the earlier one is dead."""
    packed = run_until_killed(bench, monkeypatch, point)
    with bench.running():
        bench.until(packed, DispatchState.SENT)
    assert bench.kinds(BUYER) == ["text", "image", "image", "image"]
    assert bench.pictures(BUYER) == list(packed.photos)
    in_chat = [one["message_id"] for one in bench.chat(BUYER)]
    assert [one.marketplace_message_id for one in bench.messages_of(packed)] == in_chat


@only_postgres
@pytest.mark.parametrize("point", SAFE.values(), ids=SAFE)
def test_another_process_takes_over_when_the_lease_has_run_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, point: Point
) -> None:
    packed = run_until_killed(bench, monkeypatch, point)
    bench.let_leases_lapse()
    with bench.running():
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


@only_postgres
def test_another_process_finds_what_arrived(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = run_until_killed(bench, monkeypatch, AFTER_REQUEST)
    bench.let_leases_lapse()
    with bench.running():
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


@only_postgres
def test_without_proof_that_the_first_sender_is_dead_a_person_decides(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may only be stopped, and send when it wakes: its lock is held."""
    packed = run_until_killed(bench, monkeypatch, AFTER_GOING_ON)
    bench.let_leases_lapse()
    sender = bench.attempts_of(bench.messages_of(packed)[0])[0].sender
    lock = SessionLock(bench.database, lock_key(sender), bench.deaths.append)
    lock.take()
    with bench.running():
        bench.until(packed, DispatchState.NOT_CONFIRMED)
        doubted = bench.until_message(packed, 1, MessageState.UNCERTAIN)
        eventually(lambda: bench.attempts_of(doubted)[-1].read_back == "absent")
        reads = bench.calls("get_message")
        eventually(lambda: bench.calls("get_message") >= reads + 4)
        bench.until(packed, DispatchState.NOT_CONFIRMED)
    lock.let_go()
    assert bench.pictures(BUYER) == []


def test_a_sender_that_slept_beyond_its_lease_does_not_send(bench: Bench) -> None:
    """Stopped between `sending` and the request, as by SIGSTOP: the clock has run on."""
    bench.change_shop(preset_message="")
    readings = iter([0.0, SETTINGS.lease.total_seconds()])
    feed = ChangeFeed(bench.database)
    dispatcher = bench.dispatcher(feed, senders=1)
    dispatcher._sending._monotonic_s = lambda: next(readings, 0.0)
    packed = bench.pack(ORDER)
    dispatcher.start()
    first = bench.until_tried(packed, 0)
    bench.until(packed, DispatchState.SENT)
    feed.close()
    dispatcher.stop()
    assert bench.deaths == []
    assert [one.outcome for one in bench.attempts_of(first)] == ["not-sent", "sent"]
    assert bench.pictures(BUYER) == list(packed.photos)


def test_a_dispatcher_whose_threads_did_not_end_is_not_called_ended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request may still be under way: its end would be a false proof."""
    monkeypatch.setattr("cloud.dispatcher.engine._JOIN_S", 0.01)
    bench.fault("delay", "text", delay_ms=1000)
    feed = ChangeFeed(bench.database)
    dispatcher = bench.dispatcher(feed, senders=1)
    packed = bench.pack(ORDER)
    dispatcher.start()
    bench.until(packed, DispatchState.SENDING)
    feed.close()
    dispatcher.stop()
    assert not bench.has_ended(dispatcher.sender_id)
    eventually(lambda: bench.messages_of(packed)[0].state is MessageState.SENT)


def test_a_dispatcher_that_stops_finishes_what_it_is_sending(bench: Bench) -> None:
    bench.fault("delay", "text", delay_ms=300)
    with bench.running() as dispatcher:
        packed = bench.pack(ORDER)
        bench.until_message_exists(packed, MessageState.SENDING)
    assert bench.has_ended(dispatcher.sender_id)
    states = {one.state for one in bench.messages_of(packed)}
    assert states <= {MessageState.SENT, MessageState.QUEUED}
    assert bench.kinds(BUYER)[:1] == ["text"]
