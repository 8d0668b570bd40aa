"""What is sent by itself, what is saved, what is held, and what a person decides."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from cloud.accounts.models import Member, Organisation
from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import scoped, system
from cloud.orders.models import Order
from cloud.proofs.platforms import SENDING, Platform
from cloud.proofs.switches import put_switches
from cloud.shops.service import AuthorizationState, Purpose
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench
from tests.support.waiting import eventually

ORDER, OTHER_ORDER, THIRD_ORDER = demo_seed.FURTHER_ORDER_SNS[:3]
BUYER, OTHER_BUYER = 900000004, 900000005
TWO_PARCELS, TWO_PARCELS_BUYER = demo_seed.TWO_PARCELS_ORDER_SN, 900000002
FIRST_PARCEL, SECOND_PARCEL = "SPXMY000000000201", "SPXMY000000000202"
HOLD = timedelta(hours=1)


def test_a_shop_that_is_switched_off_gets_nothing_sent(bench: Bench) -> None:
    """S0-24, S0-25."""
    bench.change_shop(sending_enabled=False)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SAVED_NOT_SENT, reason=Reason.SHOP_SWITCHED_OFF)
    assert bench.kinds(BUYER) == []


def test_what_waits_in_the_queue_is_not_sent_once_the_shop_is_switched_off(bench: Bench) -> None:
    """S0-25: the queue may be long."""
    bench.fault("rate_limit", "image", retry_after_s=3000)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENDING, reason=Reason.RATE_LIMIT)
        bench.change_shop(sending_enabled=False)
        bench.change_pace(free_at=utc_now())
        bench.make_due()
        bench.until(packed, DispatchState.PARTLY_SENT, reason=Reason.SHOP_SWITCHED_OFF)
    assert bench.kinds(BUYER) == ["text"]


def switch_off(bench: Bench, platform: Platform) -> None:
    """As somebody saves it on ParcelGuard's pages."""

    def unit(session: Session) -> None:
        member = Member(
            email="owner@bench.test", role="owner", password_hash="-", created_at=utc_now()
        )
        session.add(member)
        session.flush()
        wanted = {SENDING[platform]: False}
        put_switches(session, wanted, member_id=member.id, now=utc_now())

    bench.database.write(unit, scoped(bench.organisation_id))


@pytest.mark.parametrize("platform", Platform)
def test_what_a_platform_that_is_switched_off_captured_is_saved_and_nothing_else(
    bench: Bench, platform: Platform
) -> None:
    """S0-05, S0-07."""
    with bench.running():
        switch_off(bench, platform)
        packed = bench.pack(ORDER, platform=platform)
        bench.until(packed, DispatchState.SAVED_NOT_SENT, reason=Reason.PLATFORM_SWITCHED_OFF)
        another = next(one for one in Platform if one is not platform)
        sent = bench.pack(OTHER_ORDER, platform=another)
        bench.until(sent, DispatchState.SENT)
    assert bench.kinds(BUYER) == []
    assert len(bench.kinds(OTHER_BUYER)) > 1


def take_webcam_away(bench: Bench) -> None:
    """As the command does for an organisation without the entitlement (S0-08)."""

    def unit(session: Session) -> None:
        session.get_one(Organisation, bench.organisation_id).webcam_entitled = False

    bench.database.write(unit, system("test"))


@pytest.mark.parametrize(
    "stop", [lambda bench: switch_off(bench, Platform.WEBCAM), take_webcam_away]
)
def test_what_waits_in_the_queue_is_saved_once_its_platform_may_not_send(
    bench: Bench, stop: Callable[[Bench], None]
) -> None:
    """S0-05, S0-07, S0-08; what the buyer got a part of goes on."""
    with bench.running():
        bench.fault("rate_limit", "image", retry_after_s=3000)
        begun = bench.pack(OTHER_ORDER, platform=Platform.WEBCAM)
        bench.until(begun, DispatchState.SENDING, reason=Reason.RATE_LIMIT)
        packed = bench.pack(ORDER, platform=Platform.WEBCAM)
        bench.until(packed, DispatchState.QUEUED)
        stop(bench)
        bench.change_pace(free_at=utc_now())
        bench.make_due()
        bench.until(packed, DispatchState.SAVED_NOT_SENT, reason=Reason.PLATFORM_SWITCHED_OFF)
        bench.until(begun, DispatchState.SENT)
    assert bench.kinds(BUYER) == []


def test_an_order_packed_without_photo_gets_no_text_sent(bench: Bench) -> None:
    """S0-11."""
    with bench.running():
        packed = bench.pack(ORDER, 0, platform=Platform.WEBCAM, key="c" * 32)
        bench.until(packed, DispatchState.SAVED_NOT_SENT, reason=Reason.WITHOUT_PHOTO)
    assert bench.kinds(BUYER) == []


def test_a_cancelled_order_is_saved(bench: Bench) -> None:
    with bench.running():
        packed = bench.pack(demo_seed.CANCELLED_ORDER_SN)
        bench.until(packed, DispatchState.SAVED_NOT_SENT, reason=Reason.ORDER_CANCELLED)
    assert bench.kinds(900000003) == []


@pytest.mark.parametrize(
    ("mode", "reason"), [("training", Reason.TRAINING), ("return", Reason.RETURN)]
)
def test_training_and_returns_are_saved(bench: Bench, mode: str, reason: Reason) -> None:
    with bench.running():
        packed = bench.pack(ORDER, mode=mode)
        sent = bench.pack(OTHER_ORDER)
        bench.until(sent, DispatchState.SENT)
        bench.until(packed, DispatchState.SAVED_NOT_SENT, reason=reason)
    assert bench.kinds(BUYER) == []


def test_an_old_proof_waits_for_a_person(bench: Bench) -> None:
    with bench.running():
        packed = bench.pack(ORDER, closed_at=utc_now() - timedelta(hours=73))
        bench.until(packed, DispatchState.NEEDS_PERSON, reason=Reason.TOO_OLD)
    assert bench.kinds(BUYER) == []


def test_an_unknown_code_waits_and_is_matched_when_its_order_appears(bench: Bench) -> None:
    number = "261018LATE0001"
    with bench.running():
        packed = bench.pack(number)
        bench.until(packed, DispatchState.WAITING_FOR_ORDER, reason=Reason.ORDER_NOT_FOUND)
        bench.sandbox.control.add_order(number, bench.sandbox.shop_id, BUYER)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_an_unknown_code_ends_before_a_person(bench: Bench) -> None:
    with bench.running(wait_for_order=timedelta(milliseconds=100)):
        packed = bench.pack("261018NOBODY01")
        bench.until(packed, DispatchState.NEEDS_PERSON, reason=Reason.ORDER_NOT_FOUND)


def test_a_tracking_number_finds_its_order_as_soon_as_it_was_read(bench: Bench) -> None:
    """A waiting proof is woken by the reading of orders, however long it would have slept."""
    with bench.running():
        packed = bench.pack(FIRST_PARCEL)
        bench.until(packed, DispatchState.WAITING_FOR_ORDER, reason=Reason.ORDER_NOT_FOUND)
        sleeps_till = utc_now() + timedelta(hours=1)
        bench.change_dispatch(bench.dispatch_of(packed).id, next_check_at=sleeps_till)
        bench.sync_orders()
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(TWO_PARCELS_BUYER) == list(packed.photos)


def test_both_parcels_of_an_order_are_sent(bench: Bench) -> None:
    """The text goes once: the marketplace refuses it a second time."""
    bench.sync_orders()
    bench.sandbox.control.limits(unanswered_limit=20)
    bench.change_shop(kept_free_for_people=-15)
    with bench.running():
        first = bench.pack(FIRST_PARCEL)
        second = bench.pack(SECOND_PARCEL)
        bench.until(first, DispatchState.SENT)
        bench.until(second, DispatchState.SENT)
    assert sorted(bench.pictures(TWO_PARCELS_BUYER)) == sorted(first.photos + second.photos)
    assert len(bench.texts(TWO_PARCELS_BUYER)) == 1


def test_a_second_proof_of_a_sent_order_waits_for_a_person(bench: Bench) -> None:
    with bench.running():
        first = bench.pack(ORDER)
        bench.until(first, DispatchState.SENT)
        second = bench.pack(ORDER)
        bench.until(second, DispatchState.NEEDS_PERSON, reason=Reason.ALREADY_SENT)
    assert bench.pictures(BUYER) == list(first.photos)


def test_a_second_proof_of_the_same_parcel_waits_for_a_person(bench: Bench) -> None:
    bench.sync_orders()
    with bench.running():
        first = bench.pack(FIRST_PARCEL)
        bench.until(first, DispatchState.SENT)
        again = bench.pack(FIRST_PARCEL)
        bench.until(again, DispatchState.NEEDS_PERSON, reason=Reason.ALREADY_SENT)
        by_order = bench.pack(TWO_PARCELS)
        bench.until(by_order, DispatchState.NEEDS_PERSON, reason=Reason.ALREADY_SENT)


def test_a_code_of_several_orders_waits_for_a_person(bench: Bench) -> None:
    """Never to the wrong buyer: tracking numbers are used again over the years."""
    path = f"/orders/{OTHER_ORDER}"
    control = bench.sandbox.control
    package = control.call("GET", path)["packages"][0]["package_number"]
    control.call("PATCH", f"{path}/packages/{package}", {"tracking_number": FIRST_PARCEL})
    bench.sync_orders()
    with bench.running():
        packed = bench.pack(FIRST_PARCEL)
        bench.until(packed, DispatchState.NEEDS_PERSON, reason=Reason.SEVERAL_ORDERS)
    assert bench.kinds(TWO_PARCELS_BUYER) == []
    assert bench.kinds(OTHER_BUYER) == []


def test_a_shop_that_is_not_authorized_holds_until_it_is(bench: Bench) -> None:
    """S0-20: never called sent, and the authorization is named."""
    bench.sync_orders()
    bench.change_authorization(Purpose.CHAT, state=AuthorizationState.NEVER)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.HELD, reason=Reason.AUTHORIZATION)
        assert bench.kinds(BUYER) == []
        bench.change_authorization(Purpose.CHAT, state=AuthorizationState.AUTHORIZED)
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_what_was_held_too_long_waits_for_a_person_even_when_its_cause_is_gone(
    bench: Bench,
) -> None:
    bench.sync_orders()
    bench.change_authorization(Purpose.CHAT, state=AuthorizationState.NEVER)
    with bench.running(held_release=HOLD):
        packed = bench.pack(ORDER)
        dispatch = bench.until(packed, DispatchState.HELD)
    bench.change_dispatch(dispatch.id, asked_at=utc_now() - 2 * HOLD)
    bench.change_authorization(Purpose.CHAT, state=AuthorizationState.AUTHORIZED)
    with bench.running(held_release=HOLD):
        bench.until(packed, DispatchState.NEEDS_PERSON, reason=Reason.AUTHORIZATION)
    assert bench.kinds(BUYER) == []


def test_of_two_held_proofs_of_an_order_the_first_is_sent(bench: Bench) -> None:
    bench.sync_orders()
    bench.change_authorization(Purpose.CHAT, state=AuthorizationState.NEVER)
    with bench.running():
        first, second = bench.pack(ORDER), bench.pack(ORDER)
        bench.until(first, DispatchState.HELD)
        bench.until(second, DispatchState.HELD)
        bench.change_authorization(Purpose.CHAT, state=AuthorizationState.AUTHORIZED)
        bench.until(first, DispatchState.SENT)
        bench.until(second, DispatchState.NEEDS_PERSON, reason=Reason.ALREADY_SENT)
    assert bench.pictures(BUYER) == list(first.photos)


def test_a_begun_dispatch_that_ends_while_it_is_held_sends_nothing_more(bench: Bench) -> None:
    """Its queued messages must not outlive it."""
    bench.fault("error_body", "image", error="error_permission")
    with bench.running(held_check=timedelta(hours=1)):
        packed = bench.pack(ORDER)
        dispatch = bench.until(packed, DispatchState.HELD, reason=Reason.AUTHORIZATION)
        bench.change_shop(sending_enabled=False)
        bench.change_dispatch(dispatch.id, next_check_at=utc_now())
        other = bench.pack(OTHER_ORDER)
        bench.until(other, DispatchState.SAVED_NOT_SENT)
        bench.until(packed, DispatchState.PARTLY_SENT, reason=Reason.SHOP_SWITCHED_OFF)
        bench.change_shop(sending_enabled=True)
        third = bench.pack(THIRD_ORDER)
        bench.until(third, DispatchState.SENT)
    assert bench.kinds(BUYER) == ["text"]


def test_more_than_the_buyer_may_get_is_held_until_they_answer(bench: Bench) -> None:
    """People's messages count, and room is kept for them."""
    control = bench.sandbox.control
    control.seller_writes(bench.sandbox.shop_id, BUYER, "Your colour is sold out, is blue fine?")
    bench.change_shop(kept_free_for_people=3)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.HELD, reason=Reason.MESSAGE_LIMIT)
        other = bench.pack(OTHER_ORDER)
        bench.until(other, DispatchState.SENT)
        assert bench.kinds(BUYER) == []
        control.buyer_writes(bench.sandbox.shop_id, BUYER, "Blue is fine")
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures_shown(BUYER) == [packed.photos]


def test_what_is_held_tells_nobody_anew_each_time_it_is_looked_at(bench: Bench) -> None:
    bench.sandbox.control.seller_writes(bench.sandbox.shop_id, BUYER, "Hello")
    bench.change_shop(kept_free_for_people=3)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.HELD, reason=Reason.MESSAGE_LIMIT)
        told = bench.told(packed)
        reads = bench.calls("get_message")
        eventually(lambda: bench.calls("get_message") >= reads + 3)
        assert bench.told(packed) == told


def test_a_limit_that_the_marketplace_counts_stricter_holds_too(bench: Bench) -> None:
    bench.sandbox.control.limits(unanswered_limit=2)
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.HELD, reason=Reason.MESSAGE_LIMIT)
        bench.sandbox.control.buyer_writes(bench.sandbox.shop_id, BUYER, "Thanks")
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_a_proof_without_anything_to_send_is_a_persons(bench: Bench) -> None:
    bench.change_shop(preset_message="")
    with bench.running():
        packed = bench.pack(ORDER, photos=0, key="c" * 32)
        bench.until(packed, DispatchState.NEEDS_PERSON, reason=Reason.OTHER)


def test_without_a_preset_the_photos_go_alone(bench: Bench) -> None:
    """S0-22."""
    bench.change_shop(preset_message="  ")
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    assert bench.kinds(BUYER) == ["image"] * 3


def test_an_order_that_nobody_may_write_to_is_a_persons(bench: Bench) -> None:
    bench.sync_orders()

    def forget_buyer(session: Session) -> None:
        session.execute(update(Order).where(Order.order_number == ORDER).values(buyer_id=""))

    bench.database.write(forget_buyer, scoped(bench.organisation_id))
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.NEEDS_PERSON, reason=Reason.BUYER_UNREACHABLE)
