"""Tracking numbers come late, are used again by carriers, and shared by orders."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.dispatcher.advice import Adviser
from cloud.dispatcher.asking import OrderAsking
from cloud.dispatcher.resending import ResendRequest, resend
from cloud.marketplaces import orders as told
from cloud.orders.models import Order, Parcel
from cloud.orders.queries import TRACKING_COUNTS_FOR, candidates
from cloud.orders.service import put_order
from cloud.orders.tracking import ASK_EVERY, ASK_LONGEST, next_ask
from cloud.proofs.models import Proof
from cloud.sync.orders import OrderReader, SyncSettings
from tests.support.dispatch_bench import Bench
from tests.support.waiting import eventually
from wire.messages import AdviceKind

CODE = "SPXMY0001"
BUYER = 900000004
OLD = TRACKING_COUNTS_FOR + timedelta(days=2)


def order(number: str, *, age: timedelta, buyer_id: str = "9", code: str = CODE) -> told.Order:
    at = utc_now() - age
    return told.Order(
        number=number,
        status="PROCESSED",
        created_at=at,
        updated_at=at,
        buyer_id=buyer_id,
        buyer_name="aisyah",
        parcels=(told.Parcel("P1", code, "SPX", "ready"),),
        items=(),
        is_cancelled=False,
        is_cancel_requested=False,
        recipient=None,
        is_packed=True,
    )


def put(bench: Bench, *orders: told.Order) -> None:
    def unit(session: Session) -> None:
        for one in orders:
            put_order(session, bench.shop_id, one, utc_now())

    bench.database.write(unit, scoped(bench.organisation_id))


def meant(bench: Bench, scanned_at: datetime, code: str = CODE) -> list[str]:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        found = candidates(session, code, scanned_at=scanned_at)
        return sorted(one.order.order_number for one in found)


def parcel(bench: Bench) -> Parcel:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return session.scalars(select(Parcel)).one()


def change_parcel(bench: Bench, **changes: datetime) -> None:
    def unit(session: Session) -> None:
        session.execute(update(Parcel).where(Parcel.package_number == "LATE1").values(**changes))

    bench.database.write(unit, scoped(bench.organisation_id))


class TestNumbersThatAreUsedAgain:
    def test_the_order_of_these_weeks_is_meant_and_not_that_of_another_year(
        self, bench: Bench
    ) -> None:
        put(bench, order("OLD", age=OLD), order("NEW", age=timedelta(days=1)))
        assert meant(bench, utc_now()) == ["NEW"]

    def test_an_old_order_alone_is_nobodys_to_send_to(self, bench: Bench) -> None:
        """Its number was given to another parcel, whose order is not known yet."""
        put(bench, order("OLD", age=OLD))
        assert meant(bench, utc_now()) == []
        packed = bench.pack(CODE)
        with bench.running():
            bench.until(packed, DispatchState.WAITING_FOR_ORDER, reason=Reason.ORDER_NOT_FOUND)
            put(bench, order("NEW", age=timedelta(hours=1), buyer_id=str(BUYER)))
            bench.until(packed, DispatchState.SENT, DispatchState.FAILED)
        assert bench.dispatch_of(packed).order_id == order_id(bench, "NEW")

    def test_a_proof_sent_again_later_means_the_order_that_was_packed(self, bench: Bench) -> None:
        """Nothing to the wrong buyer: the number belongs to another parcel by now."""
        put(bench, order("OLD", age=OLD, buyer_id=str(BUYER)))
        packed = bench.pack(CODE)
        long_ago = utc_now() - OLD + timedelta(days=1)

        def unit(session: Session) -> int:
            session.execute(update(Proof).values(packed_at=long_ago, received_at=long_ago))
            member = Member(
                email="a@b.test", name="Ann", password_hash="", role="owner", created_at=utc_now()
            )
            session.add(member)
            session.flush()
            request = ResendRequest(
                proof_id=packed.proof_id,
                member_id=member.id,
                request_key="again",
                everything=True,
                note="disputed",
            )
            return resend(session, request, utc_now()).id

        bench.database.write(unit, scoped(bench.organisation_id))
        put(bench, order("NEW", age=timedelta(days=1), buyer_id="900000005"))
        with bench.running():
            decided = eventually(lambda: bench.dispatch_of(packed).order_id)
        assert decided == order_id(bench, "OLD")

    def test_a_table_whose_clock_runs_ahead_means_the_orders_of_today(self, bench: Bench) -> None:
        put(bench, order("NEW", age=timedelta(days=1)))
        assert meant(bench, utc_now() + TRACKING_COUNTS_FOR) == []
        packed = bench.pack(CODE, closed_at=utc_now() + timedelta(days=400))
        with bench.running():
            decided = eventually(lambda: bench.dispatch_of(packed).order_id)
        assert decided == order_id(bench, "NEW")

    def test_a_later_order_is_not_meant(self, bench: Bench) -> None:
        put(bench, order("NEW", age=timedelta(days=1)))
        assert meant(bench, utc_now() - timedelta(days=10)) == []

    def test_an_order_number_is_never_too_old(self, bench: Bench) -> None:
        put(bench, order("OLD", age=OLD))
        assert meant(bench, utc_now(), "OLD") == ["OLD"]

    def test_the_table_hears_of_the_order_of_these_weeks(self, bench: Bench) -> None:
        put(
            bench,
            replace(order("OLD", age=OLD), is_cancelled=True),
            order("NEW", age=timedelta(days=1)),
        )
        adviser = Adviser(bench.database, OrderAsking(bench.database, bench.gateway))
        assert adviser.advise(bench.organisation_id, CODE).kind is AdviceKind.KNOWN


def order_id(bench: Bench, number: str) -> int:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        return session.scalars(select(Order.id).where(Order.order_number == number)).one()


class TestParcels:
    def test_one_parcel_of_several_orders_is_a_persons(self, bench: Bench) -> None:
        put(bench, order("A", age=timedelta(days=1)), order("B", age=timedelta(days=1)))
        assert meant(bench, utc_now()) == ["A", "B"]
        packed = bench.pack(CODE)
        with bench.running():
            bench.until(packed, DispatchState.NEEDS_PERSON, reason=Reason.SEVERAL_ORDERS)

    def test_each_parcel_of_an_order_is_sent_for_itself(self, bench: Bench) -> None:
        """The second one is no repetition of the first."""
        sandbox = bench.sandbox
        packages = [
            {"package_number": "P1", "tracking_number": "SPXMY1"},
            {"package_number": "P2", "tracking_number": "SPXMY2"},
        ]
        number = "261018TWOPARC1"
        sandbox.control.add_order(number, sandbox.shop_id, BUYER, packages=packages)
        bench.change_shop(preset_message="")
        bench.sync_orders()
        with bench.running():
            first = bench.pack("SPXMY1", photos=1)
            bench.until(first, DispatchState.SENT)
            second = bench.pack("SPXMY2", photos=1)
            bench.until(second, DispatchState.SENT)
            again = bench.pack("SPXMY2", photos=1)
            bench.until(again, DispatchState.NEEDS_PERSON, reason=Reason.ALREADY_SENT)
        assert bench.dispatch_of(first).parcel_id != bench.dispatch_of(second).parcel_id
        assert bench.pictures(BUYER) == [*first.photos, *second.photos]


class TestNumbersThatComeLate:
    def test_a_packed_parcel_without_a_number_is_asked_for(self, bench: Bench) -> None:
        put(bench, order("A", age=timedelta(days=1), code=""))
        made = parcel(bench)
        assert made.due_since is not None
        assert made.ask_at == made.due_since + ASK_EVERY

    @pytest.mark.parametrize(
        "changes", [{"is_packed": False}, {"is_cancelled": True}], ids=["not packed", "cancelled"]
    )
    def test_one_that_gets_no_number_is_not(self, bench: Bench, changes: dict[str, bool]) -> None:
        waiting = order("A", age=timedelta(days=1), code="")
        put(bench, replace(waiting, **changes))  # type: ignore[arg-type]  # fields by name
        assert parcel(bench).ask_at is None
        put(bench, waiting)
        put(bench, replace(waiting, **changes))  # type: ignore[arg-type]  # fields by name
        assert parcel(bench).ask_at is None

    def test_reading_the_order_again_does_not_put_the_question_off(self, bench: Bench) -> None:
        waiting = order("A", age=timedelta(days=1), code="")
        put(bench, waiting)
        asked_at = parcel(bench).ask_at
        put(bench, waiting)
        assert parcel(bench).ask_at == asked_at
        put(bench, order("A", age=timedelta(hours=1)))
        assert (parcel(bench).tracking_number, parcel(bench).ask_at) == (CODE, None)

    def test_a_number_that_was_issued_since_is_found_and_what_waits_for_it_goes_on(
        self, bench: Bench
    ) -> None:
        number, code = "261018LATENUM1", "SPXMY9"
        issue = add_waiting(bench, number)
        bench.sync_orders()
        packed = bench.pack(code)
        later = utc_now() + timedelta(hours=1)
        bench.change_dispatch(bench.dispatch_of(packed).id, next_check_at=later)
        issue(code)
        assert read_in_turn(bench) == 0, "not before it is time"
        change_parcel(bench, ask_at=utc_now())
        assert read_in_turn(bench) == 1
        assert (parcel_of(bench, number).tracking_number, parcel_of(bench, number).ask_at) == (
            code,
            None,
        )
        with bench.running():
            bench.until(packed, DispatchState.SENT)

    def test_a_number_that_is_still_missing_is_asked_for_later(self, bench: Bench) -> None:
        number = "261018LATENUM1"
        add_waiting(bench, number)
        bench.sync_orders()
        change_parcel(bench, ask_at=utc_now())
        assert read_in_turn(bench) == 1
        asked_at = parcel_of(bench, number).ask_at
        assert asked_at is not None
        assert asked_at > utc_now() + ASK_EVERY / 2
        assert read_in_turn(bench) == 0

    def test_a_parcel_that_is_refused_keeps_no_other_from_being_asked_about(
        self, bench: Bench
    ) -> None:
        for number in ("261018LATENUM1", "261018LATENUM2"):
            add_waiting(bench, number)
        bench.sync_orders()
        change_parcel(bench, ask_at=utc_now())
        bench.sandbox.control.fault("error_body", "get_tracking_number", error="error_param")
        assert read_in_turn(bench) == 2
        assert read_in_turn(bench) == 0

    def test_one_that_never_comes_is_not_asked_for_for_ever(self) -> None:
        since = utc_now()
        now, asked = since, 0
        while True:
            then = next_ask(since, now)
            if then is None:
                break
            assert then - now >= ASK_EVERY
            now, asked = then, asked + 1
        assert now - since >= ASK_LONGEST
        assert asked < 60


def add_waiting(bench: Bench, number: str) -> "Issue":
    sandbox = bench.sandbox
    packages = [{"package_number": "LATE1", "tracking_number": ""}]
    sandbox.control.add_order(
        number, sandbox.shop_id, BUYER, packages=packages, order_status="PROCESSED"
    )
    return Issue(bench, number)


class Issue:
    """The carrier issues the number."""

    def __init__(self, bench: Bench, number: str) -> None:
        self._bench = bench
        self._number = number

    def __call__(self, code: str) -> None:
        path = f"/orders/{self._number}/packages/LATE1"
        self._bench.sandbox.control.call("PATCH", path, {"tracking_number": code})


def parcel_of(bench: Bench, number: str) -> Parcel:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        statement = select(Parcel).join(Order, Order.id == Parcel.order_id)
        return session.scalars(statement.where(Order.order_number == number)).one()


def read_in_turn(bench: Bench) -> int:
    """How often a tracking number was asked for."""
    before = bench.calls("get_tracking_number")
    bench.change_shop(orders_synced_until=utc_now() + timedelta(minutes=20))
    reader = OrderReader(bench.database, bench.gateway, SyncSettings(every=timedelta(0)))
    shops: Sequence[object] = [reader.read_in_turn(shop) for shop in reader.shops()]
    assert shops != [None]
    return bench.calls("get_tracking_number") - before
