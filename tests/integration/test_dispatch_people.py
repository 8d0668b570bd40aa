"""What people do to a proof: take it back, send it again, settle what nobody knows."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.dispatcher.errors import (
    NoSuchProof,
    NotConfirmedYet,
    ReasonMissing,
    SettledAlready,
    StillBeingSent,
)
from cloud.dispatcher.resending import (
    ResendRequest,
    resend,
    settle_as_absent,
    settle_as_there,
)
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench, Packed

ORDER, OTHER_ORDER = demo_seed.FURTHER_ORDER_SNS[:2]
BUYER, OTHER_BUYER = 900000004, 900000005
LONG = timedelta(hours=1)


@pytest.fixture
def member_id(bench: Bench) -> int:
    def unit(session: Session) -> int:
        member = Member(
            email="owner@example.test",
            name="Owner",
            password_hash="",
            role="owner",
            created_at=utc_now(),
        )
        session.add(member)
        session.flush()
        return member.id

    return bench.database.write(unit, scoped(bench.organisation_id))


def ask(bench: Bench, packed: Packed, member_id: int, key: str = "k1", **how: Any) -> int:
    """Resend, as the form says it."""
    request = ResendRequest(packed.proof_id, member_id, key, **how)

    def unit(session: Session) -> Dispatch:
        return resend(session, request, utc_now())

    return bench.database.write(unit, scoped(bench.organisation_id)).id


def settle_there(bench: Bench, message_id: int) -> None:
    bench.database.write(
        lambda session: settle_as_there(session, message_id, utc_now()),
        scoped(bench.organisation_id),
    )


def settle_absent(bench: Bench, message_id: int) -> None:
    bench.database.write(
        lambda session: settle_as_absent(session, message_id, utc_now()),
        scoped(bench.organisation_id),
    )


def make_uncertain(bench: Bench, *, is_in_chat: bool) -> Packed:
    """A proof whose first photo nobody knows about, and which no reading settles."""
    bench.sandbox.control.fault("error_before", "get_message", count=None)
    bench.fault("drop_after" if is_in_chat else "drop_before", "image")
    packed = bench.pack(ORDER)
    bench.until(packed, DispatchState.NOT_CONFIRMED)
    return packed


def test_what_is_taken_back_in_time_is_never_sent(bench: Bench) -> None:
    packed = bench.pack(ORDER)
    bench.withdraw(packed, ORDER)
    with bench.running():
        other = bench.pack(OTHER_ORDER)
        bench.until(other, DispatchState.SENT)
        bench.until(packed, DispatchState.CANCELLED, reason=Reason.WITHDRAWN)
    assert bench.kinds(BUYER) == []


def test_what_is_taken_back_half_way_sends_nothing_more(bench: Bench) -> None:
    bench.fault("rate_limit", "image", retry_after_s=3000)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENDING, reason=Reason.RATE_LIMIT)
        bench.withdraw(packed, ORDER)
        bench.until(packed, DispatchState.PARTLY_SENT, reason=Reason.WITHDRAWN)
        bench.make_due()
        bench.change_pace(free_at=utc_now())
        bench.until(bench.pack(OTHER_ORDER), DispatchState.SENT)
    assert bench.kinds(BUYER) == ["text"]


def test_what_is_taken_back_after_it_was_sent_stays_sent(bench: Bench) -> None:
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
        bench.withdraw(packed, ORDER)
        bench.until(packed, DispatchState.SENT)


def test_what_is_taken_back_in_doubt_is_not_sent_again_when_it_is_absent(bench: Bench) -> None:
    with bench.running():
        packed = make_uncertain(bench, is_in_chat=False)
        bench.withdraw(packed, ORDER)
        bench.sandbox.control.call("DELETE", "/faults")
        bench.until(packed, DispatchState.PARTLY_SENT)
    assert {one.state for one in bench.messages_of(packed)} == {
        MessageState.SENT,
        MessageState.CANCELLED,
    }
    assert bench.kinds(BUYER) == ["text"]


def test_a_sent_proof_is_sent_again_whole_when_asked_for(bench: Bench, member_id: int) -> None:
    """S0-48, S0-49: the stored photos, and an entry of its own; the text is not repeated."""
    bench.change_shop(kept_free_for_people=-5)
    bench.sandbox.control.limits(unanswered_limit=20)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
        with pytest.raises(ReasonMissing):
            ask(bench, packed, member_id)
        again = ask(bench, packed, member_id, everything=True, note="The buyer lost them")
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == [*packed.photos, *packed.photos]
    assert len(bench.texts(BUYER)) == 1
    assert [one.id for one in bench.dispatches_of(packed)][1:] == [again]


def test_only_what_is_missing_is_sent_again(bench: Bench, member_id: int) -> None:
    """S0-47."""
    bench.fault("error_body", "image", error="message_is_censored", skip=1)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.PARTLY_SENT)
        ask(bench, packed, member_id)
        bench.until(packed, DispatchState.SENT)
    first, second, third = packed.photos
    assert bench.pictures(BUYER) == [first, third, second]


def test_one_of_many_goes_only_where_its_shop_lets_many_go_at_once(
    bench: Bench, member_id: int
) -> None:
    """Issue 4, policy made visible; a person may still send each by itself."""
    with bench.running():
        packed = bench.pack(ORDER, mode="training")
        bench.until(packed, DispatchState.SAVED_NOT_SENT)
        ask(bench, packed, member_id, in_batch=True)
        bench.until(packed, DispatchState.SAVED_NOT_SENT, reason=Reason.BATCHES_SWITCHED_OFF)
        assert bench.pictures(BUYER) == []
        bench.change_shop(batches_enabled=True)
        ask(bench, packed, member_id, "k2", in_batch=True)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_what_waits_in_a_batch_is_not_sent_once_its_shop_lets_none_go(
    bench: Bench, member_id: int
) -> None:
    bench.change_shop(sending_enabled=False, batches_enabled=True)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SAVED_NOT_SENT)
        bench.change_pace(free_at=utc_now() + timedelta(hours=1))
        ask(bench, packed, member_id, in_batch=True)
        bench.until(packed, DispatchState.QUEUED)
        bench.change_shop(batches_enabled=False)
        bench.change_pace(free_at=utc_now())
        bench.until(packed, DispatchState.SAVED_NOT_SENT, reason=Reason.BATCHES_SWITCHED_OFF)
    assert bench.pictures(BUYER) == []


def test_pressing_resend_twice_asks_once(bench: Bench, member_id: int) -> None:
    packed = bench.pack(ORDER)
    bench.change_shop(sending_enabled=False)
    with bench.running():
        bench.until(packed, DispatchState.SAVED_NOT_SENT)
    asked = {ask(bench, packed, member_id, "k7") for _ in range(2)}
    assert len(asked) == 1
    with bench.running():
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_a_person_may_send_what_was_saved(bench: Bench, member_id: int) -> None:
    with bench.running():
        packed = bench.pack(ORDER, mode="training")
        bench.until(packed, DispatchState.SAVED_NOT_SENT)
        ask(bench, packed, member_id)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_resend_cancels_what_was_not_sent_yet(bench: Bench, member_id: int) -> None:
    bench.fault("rate_limit", "image", retry_after_s=3000)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENDING, reason=Reason.RATE_LIMIT)
        ask(bench, packed, member_id)
        bench.change_pace(free_at=utc_now())
        bench.until(packed, DispatchState.SENT)
    earlier = bench.dispatches_of(packed)[0]
    assert (earlier.state, earlier.reason) == (DispatchState.PARTLY_SENT, Reason.SUPERSEDED)
    assert bench.kinds(BUYER) == ["text", "image", "image", "image"]
    assert bench.pictures(BUYER) == list(packed.photos)


def test_resend_is_refused_while_a_part_is_on_its_way(bench: Bench, member_id: int) -> None:
    bench.fault("delay", "image", delay_ms=1500)
    with bench.running(request_deadline_s=5.0):
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENDING)
        bench.until_message(packed, 1, MessageState.SENDING)
        with pytest.raises(StillBeingSent):
            ask(bench, packed, member_id)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_resend_is_refused_while_an_outcome_is_unknown(bench: Bench, member_id: int) -> None:
    with bench.running():
        packed = make_uncertain(bench, is_in_chat=True)
        with pytest.raises(NotConfirmedYet):
            ask(bench, packed, member_id)


def test_resend_of_what_is_not_there_is_refused(bench: Bench, member_id: int) -> None:
    with pytest.raises(NoSuchProof):
        ask(bench, Packed(4711, "", ()), member_id)


def test_a_person_who_saw_the_photo_ends_the_doubt(bench: Bench, member_id: int) -> None:
    """Not called sent, and not sent again: not even by a resend."""
    with bench.running():
        packed = make_uncertain(bench, is_in_chat=True)
        doubted = bench.messages_of(packed)[1]
        settle_there(bench, doubted.id)
        bench.sandbox.control.call("DELETE", "/faults")
        bench.until(packed, DispatchState.PARTLY_SENT, reason=Reason.SETTLED_BY_PERSON)
        assert bench.pictures(BUYER) == list(packed.photos)
        with pytest.raises(SettledAlready):
            settle_absent(bench, doubted.id)


def test_a_person_who_did_not_see_the_photo_has_it_sent(bench: Bench) -> None:
    with bench.running(settle=LONG):
        packed = make_uncertain(bench, is_in_chat=False)
        bench.sandbox.control.call("DELETE", "/faults")
        settle_absent(bench, bench.messages_of(packed)[1].id)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_a_person_who_overlooked_the_photo_does_not_have_it_sent_twice(bench: Bench) -> None:
    """The same upload is refused by the marketplace as a repetition, and then found."""
    with bench.running():
        packed = make_uncertain(bench, is_in_chat=True)
        settle_absent(bench, bench.messages_of(packed)[1].id)
        bench.sandbox.control.call("DELETE", "/faults")
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_after_a_person_settled_a_photo_only_others_are_missing(
    bench: Bench, member_id: int
) -> None:
    with bench.running():
        packed = make_uncertain(bench, is_in_chat=True)
        bench.fault("error_body", "image", error="message_is_censored", skip=1)
        settle_there(bench, bench.messages_of(packed)[1].id)
        bench.sandbox.control.buyer_writes(bench.sandbox.shop_id, BUYER, "Hi")
        bench.until(packed, DispatchState.PARTLY_SENT)
        ask(bench, packed, member_id)
        bench.until(packed, DispatchState.SENT)
    assert sorted(bench.pictures(BUYER)) == sorted(packed.photos)
