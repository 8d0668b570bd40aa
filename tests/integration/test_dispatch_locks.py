"""Units that lock what they decide by (decision 19): two at the same moment, on PostgreSQL."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.conversations import outbox
from cloud.conversations.models import Conversation, Dispatch
from cloud.conversations.outbox import Counted, conversation_with
from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.dispatcher import deciding
from cloud.dispatcher.deciding import Due, decide_dispatch
from sandbox.shopee import demo_seed
from tests.database_rows import TEST, only_postgres
from tests.support.dispatch_bench import SETTINGS, Bench, Packed

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = "900000004"
A_CHANCE_S = 1.0
"""For the other one to come as far, where nothing holds it."""


def meet(barrier: threading.Barrier) -> None:
    try:
        barrier.wait(A_CHANCE_S)
    except threading.BrokenBarrierError:
        return  # The other one waits for us, as it should.


def count_two(bench: Bench) -> Callable[[Session], int]:
    """Notes that the chat shows two unanswered messages, as many as were known."""

    def unit(session: Session) -> int:
        return conversation_with(
            session,
            organisation_id=bench.organisation_id,
            shop_id=bench.shop_id,
            buyer_id=BUYER,
            buyer_name="",
            counted=Counted(unanswered=2, before=2, external_id="", read_at=utc_now()),
        )

    return unit


def decide(bench: Bench, packed: Packed) -> DispatchState | None:
    dispatch = bench.dispatch_of(packed)
    due = Due(dispatch.id, bench.organisation_id, ORDER, packed.proof_key, "")
    return bench.database.write(
        lambda session: decide_dispatch(session, due, None, SETTINGS),
        scoped(bench.organisation_id),
        locks=True,
    )


@only_postgres
def test_one_of_two_proofs_of_an_order_that_are_decided_at_once_is_a_persons(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 5: nobody gets the photos of an order twice by accident."""
    bench.sync_orders()
    # Or the second one would be stopped by being unable to make the same conversation.
    bench.database.write(count_two(bench), scoped(bench.organisation_id))
    both_have_read = threading.Barrier(2)
    real: Callable[..., Sequence[int | None]] = deciding._sent_before

    def sent_before(session: Session, dispatch: Dispatch, order_id: int) -> Sequence[int | None]:
        before = real(session, dispatch, order_id)
        meet(both_have_read)
        return before

    monkeypatch.setattr(deciding, "_sent_before", sent_before)
    two = [bench.pack(ORDER), bench.pack(ORDER)]
    with ThreadPoolExecutor(2) as threads:
        for one in [threads.submit(decide, bench, packed) for packed in two]:
            one.result()
    decided = sorted((bench.dispatch_of(one).state, bench.dispatch_of(one).reason) for one in two)
    assert decided == [
        (DispatchState.NEEDS_PERSON, Reason.ALREADY_SENT),
        (DispatchState.QUEUED, ""),
    ]


@only_postgres
def test_a_message_that_is_counted_while_the_chat_is_counted_anew_stays_counted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message limit: one too many is refused by the marketplace."""
    scope = scoped(bench.organisation_id)

    def count_one_more(session: Session) -> None:
        session.execute(
            update(Conversation)
            .where(Conversation.buyer_id == BUYER)
            .values(unanswered=Conversation.unanswered + 1)
        )

    bench.database.write(count_two(bench), scope)
    has_read, counted_there = threading.Event(), threading.Event()
    real = outbox._NOTE.run

    def note(session: Session, **values: object) -> int:
        has_read.set()
        counted_there.wait(A_CHANCE_S)
        return real(session, **values)

    monkeypatch.setattr(outbox._NOTE, "run", note)
    with ThreadPoolExecutor(2) as threads:
        anew = threads.submit(bench.database.write, count_two(bench), scope, locks=True)
        assert has_read.wait(20)
        more: Future[None] = threads.submit(bench.database.write, count_one_more, scope)
        more.add_done_callback(lambda _: counted_there.set())
        anew.result()
        more.result()
    with bench.database.read(TEST) as session:
        [unanswered] = session.scalars(select(Conversation.unanswered))
    assert unanswered == 3
