"""Pushes are worked off after they came in: once, whatever their order, by any process."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.orders.models import Order, Parcel
from cloud.shops.models import Authorization, Shop
from cloud.shops.service import AuthorizationState, Purpose
from cloud.sync.inbox import take_due
from cloud.sync.models import InboxPush
from cloud.sync.push_effects import Outcome
from cloud.sync.push_work import LostPushes, PushWork
from cloud.sync.push_worker import PushWorker
from cloud.sync.resting import REST_S, RestingShops
from sandbox.shopee import demo_seed
from tests.database_rows import add_organisation
from tests.support.dispatch_bench import TEST, Bench
from tests.support.push_door import PushDoor, open_door
from tests.support.waiting import eventually

NUMBER = "261018PUSHED01"
BUYER = 900000004
KNOWN = demo_seed.NORMAL_ORDER_SN


@pytest.fixture
def door(bench: Bench) -> Iterator[PushDoor]:
    with open_door(bench) as made:
        yield made


def add_order(door: PushDoor, tracking: str = "") -> None:
    packages = [{"package_number": "OFG1", "tracking_number": tracking}]
    sandbox = door.bench.sandbox
    sandbox.control.add_order(
        NUMBER, sandbox.shop_id, BUYER, packages=packages, order_status="PROCESSED"
    )


def known_orders(door: PushDoor) -> list[str]:
    with door.bench.database.read(scoped(door.bench.organisation_id)) as session:
        return list(session.scalars(select(Order.order_number)))


def tracking_numbers(door: PushDoor) -> list[str | None]:
    with door.bench.database.read(scoped(door.bench.organisation_id)) as session:
        return list(session.scalars(select(Parcel.tracking_number).order_by(Parcel.id)))


def states(bench: Bench) -> dict[str, str]:
    with bench.database.read(scoped(bench.organisation_id)) as session:
        rows = session.scalars(select(Authorization).order_by(Authorization.id))
        return {row.purpose: row.state for row in rows}


def due_now(door: PushDoor) -> None:
    def unit(session: Session) -> None:
        session.execute(
            update(InboxPush).where(InboxPush.due_at.is_not(None)).values(due_at=utc_now())
        )

    door.bench.database.write(unit, TEST)


def work_all(door: PushDoor) -> None:
    while door.work_off():
        pass


class TestOrders:
    def test_a_new_order_is_read_when_the_marketplace_tells_of_it(self, door: PushDoor) -> None:
        door.register()
        add_order(door, "SPXMY1")
        eventually(lambda: len(door.kept()) == 2)
        assert known_orders(door) == []
        work_all(door)
        assert known_orders(door) == [NUMBER]
        assert tracking_numbers(door) == ["SPXMY1"]
        assert door.outcomes()[0] == Outcome.DONE

    def test_what_waits_for_the_order_goes_on(self, door: PushDoor) -> None:
        bench = door.bench
        packed = bench.pack(NUMBER)
        later = utc_now() + timedelta(hours=1)
        bench.change_dispatch(bench.dispatch_of(packed).id, next_check_at=later)
        add_order(door)
        door.tell(door.order(NUMBER))
        work_all(door)
        with bench.running():
            bench.until(packed, DispatchState.SENT)

    def test_an_order_that_was_read_since_is_not_read_again(self, door: PushDoor) -> None:
        """Three pushes about one order at once, and one request."""
        add_order(door)
        for status in ("UNPAID", "READY_TO_SHIP", "PROCESSED"):
            door.tell(door.body(3, {"ordersn": NUMBER, "status": status}))
        work_all(door)
        assert door.bench.calls("get_order_detail") == 1
        assert door.outcomes() == [Outcome.DONE, Outcome.NOTHING, Outcome.NOTHING]

    def test_an_order_that_is_not_there_is_no_trouble(self, door: PushDoor) -> None:
        door.tell(door.order(NUMBER))
        work_all(door)
        assert (known_orders(door), door.outcomes()) == ([], [Outcome.DONE])

    def test_a_push_that_comes_late_changes_nothing_back(self, door: PushDoor) -> None:
        """What it tells is not taken over: the order is read as it is now."""
        add_order(door)
        door.tell(door.body(3, {"ordersn": NUMBER, "status": "CANCELLED"}))
        work_all(door)
        with door.bench.database.read(scoped(door.bench.organisation_id)) as session:
            assert session.scalars(select(Order.status)).one() == "PROCESSED"

    def test_a_shop_without_authorization_leaves_it_to_the_reading(self, door: PushDoor) -> None:
        bench = door.bench
        bench.change_authorization(Purpose.ORDERS, state=AuthorizationState.REVOKED)
        door.tell(door.order(NUMBER))
        work_all(door)
        assert door.outcomes() == [Outcome.LEFT]


class TestTrackingNumbers:
    def tell(self, door: PushDoor, number: str, parcel: str = "OFG1") -> None:
        data = {"ordersn": NUMBER, "package_number": parcel, "tracking_no": number}
        door.tell(door.body(4, data))
        work_all(door)

    def test_a_number_is_kept_without_asking(self, door: PushDoor) -> None:
        add_order(door)
        door.tell(door.order(NUMBER))
        work_all(door)
        calls = door.bench.calls("get_order_detail")
        self.tell(door, "SPXMY1")
        assert tracking_numbers(door) == ["SPXMY1"]
        assert door.bench.calls("get_order_detail") == calls

    def test_the_number_of_an_unknown_order_is_read_with_it(self, door: PushDoor) -> None:
        add_order(door, "SPXMY1")
        self.tell(door, "SPXMY1")
        assert (known_orders(door), tracking_numbers(door)) == ([NUMBER], ["SPXMY1"])

    def test_an_older_number_that_comes_late_replaces_none(self, door: PushDoor) -> None:
        add_order(door, "SPXMY2")
        door.tell(door.order(NUMBER))
        work_all(door)
        self.tell(door, "SPXMY1")
        assert tracking_numbers(door) == ["SPXMY2"]


class TestAuthorizations:
    def revoked(self, door: PushDoor, **changes: object) -> None:
        door.tell(door.body(2, {"shop_id": door.bench.sandbox.shop_id, "success": 1}, **changes))
        work_all(door)

    def test_a_revoked_one_ends_for_all_that_the_app_serves_and_sends_are_held(
        self, door: PushDoor
    ) -> None:
        """S0-20, S1-22: held with its reason, and nothing is lost."""
        bench = door.bench
        self.revoked(door)
        assert states(bench) == {"orders": "revoked", "chat": "revoked"}
        bench.change_authorization(Purpose.ORDERS, state=AuthorizationState.AUTHORIZED)
        packed = bench.pack(KNOWN)
        with bench.running():
            bench.until(packed, DispatchState.HELD, reason=Reason.AUTHORIZATION)

    def test_one_told_before_the_shop_was_authorized_anew_is_too_late(self, door: PushDoor) -> None:
        told = utc_now() - timedelta(minutes=2)
        self.revoked(door, timestamp=int(told.timestamp()))
        assert states(door.bench) == {"orders": "authorized", "chat": "authorized"}
        assert door.outcomes() == [Outcome.NOTHING]

    def test_another_organisations_shop_stays_as_it_is(self, door: PushDoor) -> None:
        """Whoever has an app of their own can sign whatever they like about any shop."""
        bench = door.bench
        other = bench.database.write(add_organisation("Other"), TEST)

        def move(session: Session) -> None:
            session.execute(update(Authorization).values(organisation_id=other))
            session.execute(update(Shop).values(organisation_id=other))

        bench.database.write(move, TEST)
        self.revoked(door)
        assert door.outcomes() == [Outcome.UNKNOWN_SHOP]
        with bench.database.read(TEST) as session:
            assert set(session.scalars(select(Authorization.state))) == {"authorized"}

    def test_the_end_of_one_is_learnt_from_the_shop(self, door: PushDoor) -> None:
        before = int((utc_now() + timedelta(days=7)).timestamp())
        data = {"shop_expire_soon": [door.bench.sandbox.shop_id], "expire_before": before}
        door.tell(door.body(12, data, shop_id=0))
        work_all(door)
        bench = door.bench
        with bench.database.read(scoped(bench.organisation_id)) as session:
            ends = set(session.scalars(select(Authorization.ends_at)))
        assert len(ends) == 1
        assert all(end is not None and end > utc_now() + timedelta(days=30) for end in ends)

    def test_without_the_shop_the_bound_counts(self, door: PushDoor) -> None:
        bench = door.bench
        bench.sandbox.control.fault("error_before", "get_shop_info")
        before = int((utc_now() + timedelta(days=7)).timestamp())
        data = {"shop_expire_soon": [bench.sandbox.shop_id], "expire_before": before}
        door.tell(door.body(12, data, shop_id=0))
        work_all(door)
        with bench.database.read(scoped(bench.organisation_id)) as session:
            ends = session.scalars(select(Authorization.ends_at)).all()
        assert [end and int(end.timestamp()) for end in ends] == [before, before]


class TestChats:
    def test_what_the_message_limit_holds_goes_on_when_the_buyer_has_written(
        self, door: PushDoor
    ) -> None:
        bench = door.bench
        door.register(kinds=["10"])
        bench.sandbox.control.limits(unanswered_limit=2)
        packed = bench.pack(KNOWN)
        with bench.running():
            held = bench.until(packed, DispatchState.HELD, reason=Reason.MESSAGE_LIMIT)
        later = utc_now() + timedelta(hours=1)
        bench.change_dispatch(held.id, next_check_at=later)
        read_at = bench.conversation(packed).checked_at
        assert read_at is not None
        bench.sandbox.control.buyer_writes(bench.sandbox.shop_id, 900000001, "thanks")
        eventually(lambda: door.work_off() or None)
        assert door.outcomes() == [Outcome.DONE]
        assert bench.conversation(packed).checked_at is None
        with bench.running():
            bench.until(packed, DispatchState.SENT)

    def test_what_the_shop_writes_itself_lets_nothing_go_on(self, door: PushDoor) -> None:
        bench = door.bench
        packed = bench.pack(KNOWN)
        with bench.running():
            bench.until(packed, DispatchState.SENT)
        conversation = bench.conversation(packed)
        content = {
            "message_id": "1",
            "conversation_id": conversation.external_id,
            "to_id": conversation.buyer_id,
            "from_shop_id": bench.sandbox.shop_id,
        }
        door.tell(door.body(10, {"type": "message", "content": content}))
        work_all(door)
        assert door.outcomes() == [Outcome.DONE]
        assert bench.conversation(packed).checked_at == conversation.checked_at

    @pytest.mark.parametrize("named", ["by its id", "by its buyer"])
    def test_a_buyers_message_makes_our_count_stale(self, door: PushDoor, named: str) -> None:
        """TikTok Shop does not name the buyer; a new conversation has no id with us yet."""
        bench = door.bench
        packed = bench.pack(KNOWN)
        with bench.running():
            bench.until(packed, DispatchState.SENT)
        conversation = bench.conversation(packed)
        assert conversation.checked_at is not None
        is_by_id = named == "by its id"
        content = {
            "message_id": "1",
            "conversation_id": conversation.external_id if is_by_id else "77",
            "from_id": 0 if is_by_id else conversation.buyer_id,
            "from_shop_id": 0,
        }
        door.tell(door.body(10, {"type": "message", "content": content}))
        work_all(door)
        assert door.outcomes() == [Outcome.DONE]
        assert bench.conversation(packed).checked_at is None

    def test_a_message_in_no_conversation_of_ours_is_nothing(self, door: PushDoor) -> None:
        content = {"message_id": "1", "conversation_id": "77", "from_id": 5, "from_shop_id": 0}
        door.tell(door.body(10, {"type": "message", "content": content}))
        work_all(door)
        assert door.outcomes() == [Outcome.NOTHING]


class TestTrouble:
    def test_passing_trouble_puts_a_push_off(self, door: PushDoor) -> None:
        add_order(door)
        door.bench.sandbox.control.fault("error_before", "get_order_detail")
        door.tell(door.order(NUMBER))
        assert door.work_off() == 1
        (put_off,) = door.kept()
        assert (put_off.tries, put_off.outcome) == (1, "")
        assert put_off.due_at is not None
        assert put_off.due_at > utc_now()
        assert door.work_off() == 0
        due_now(door)
        work_all(door)
        assert (known_orders(door), door.outcomes()) == ([NUMBER], [Outcome.DONE])

    def test_a_shop_in_trouble_is_left_alone_and_keeps_no_other_push_waiting(
        self, door: PushDoor
    ) -> None:
        """Each request to a marketplace that is away takes its whole deadline."""
        add_order(door)
        sandbox = door.bench.sandbox
        sandbox.control.fault("error_before", "get_order_detail")
        now_s = [0.0]
        parts = door.parts(RestingShops(lambda: now_s[0]))
        work = PushWork(parts)
        for number in (NUMBER, "261018PUSHED02", "261018PUSHED03"):
            door.tell(door.order(number))
        door.tell(door.body(2, {"shop_id": sandbox.shop_id, "success": 1}))
        assert work.work_off() == 4
        assert door.bench.calls("get_order_detail") == 1
        assert door.outcomes() == ["", "", "", Outcome.DONE]
        for purpose in Purpose:
            door.bench.change_authorization(purpose, state=AuthorizationState.AUTHORIZED)
        now_s[0] = REST_S
        due_now(door)
        work.work_off()
        assert known_orders(door) == [NUMBER]

    def test_trouble_that_does_not_pass_is_left_to_the_reading(self, door: PushDoor) -> None:
        door.bench.sandbox.control.fault("error_before", "get_order_detail", count=None)
        door.tell(door.order(NUMBER))
        for _ in range(8):
            assert door.outcomes() == [""]
            door.work_off()
            due_now(door)
        assert door.outcomes() == [Outcome.LEFT]

    def test_what_one_process_took_another_does_not(self, door: PushDoor) -> None:
        bench = door.bench
        for number in range(3):
            door.tell(door.order(f"261018PUSHED0{number}"))
        lasts = timedelta(minutes=5)
        mine = bench.database.write(lambda session: take_due(session, 2, lasts), TEST)
        others = bench.database.write(lambda session: take_due(session, 9, lasts), TEST)
        assert (len(mine), len(others)) == (2, 1)
        assert bench.database.write(lambda session: take_due(session, 9, lasts), TEST) == []

    def test_what_a_dead_process_took_is_due_again(self, door: PushDoor) -> None:
        bench = door.bench
        door.tell(door.order(NUMBER))
        ended = timedelta(seconds=-1)
        assert bench.database.write(lambda session: take_due(session, 9, ended), TEST)
        work_all(door)
        assert door.outcomes() == [Outcome.DONE]

    def test_what_kills_whoever_takes_it_is_given_up(self, door: PushDoor) -> None:
        bench = door.bench
        add_order(door)
        door.tell(door.order(NUMBER))
        for _ in range(8):
            bench.database.write(lambda session: take_due(session, 9, timedelta(0)), TEST)
        work_all(door)
        assert (known_orders(door), door.outcomes()) == ([], [Outcome.LEFT])

    def test_the_worker_works_by_itself_and_ends(self, door: PushDoor) -> None:
        bench = door.bench
        add_order(door)
        parts = door.parts()
        stops: list[bool] = []
        worker = PushWorker(
            PushWork(parts), LostPushes(parts), lambda: stops.append(True), bench.deaths.append
        )
        worker.start()
        door.tell(door.order(NUMBER))
        eventually(lambda: door.outcomes() == [Outcome.DONE])
        worker.stop()
        assert (stops, bench.deaths) == ([True], [])
