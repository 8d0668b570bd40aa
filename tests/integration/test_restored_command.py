"""A backup was put back and a person said so: what may have been sent since is a person's."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.base import utc_now
from cloud.database.feed import ChangeFeed
from cloud.database.restorations import newest_mark, note_restoration
from cloud.database.scope import scoped
from cloud.dispatcher.resending import (
    ResendRequest,
    note_sent_by_hand,
    resend,
    settle_as_there,
)
from cloud.main.restoring import put_all_before_persons
from cloud.marketplaces.shopee.adapter import Shopee
from sandbox.shopee import demo_seed
from tests.database_rows import TEST
from tests.support.dispatch_bench import Bench, Packed
from tests.support.going_on import Uploads, let_uploads_be
from tests.support.waiting import eventually

ORDER, LATER = demo_seed.FURTHER_ORDER_SNS[:2]
BUYER = 900000004
WAITS = (DispatchState.NEEDS_PERSON, Reason.RESTORED)


def put_back(bench: Bench, lost_at: datetime | None = None) -> int:
    """The rows are those of a backup, and somebody typed `packwitness-cloud restored`."""
    now = utc_now()
    count = put_all_before_persons(bench.database, now)
    bench.database.write(lambda session: note_restoration(session, lost_at or now, now), TEST)
    return count


def stands(bench: Bench, packed: Packed) -> tuple[DispatchState, str]:
    dispatch = bench.dispatch_of(packed)
    return dispatch.state, dispatch.reason


def work_until_a_later_one_is_sent(bench: Bench) -> None:
    """By then everything older that may go by itself has gone."""
    with bench.running():
        later = bench.pack(LATER, closed_at=utc_now() + timedelta(hours=1))
        bench.until(later, DispatchState.SENT)


def member(bench: Bench) -> int:
    """A person who decides."""

    def unit(session: Session) -> int:
        row = Member(
            email="owner@example.test", role="owner", password_hash="", created_at=utc_now()
        )
        session.add(row)
        session.flush()
        return row.id

    return bench.database.write(unit, scoped(bench.organisation_id))


def ask_again(bench: Bench, packed: Packed) -> None:
    request = ResendRequest(packed.proof_id, member(bench), "once")

    def unit(session: Session) -> None:
        resend(session, request, utc_now())

    bench.database.write(unit, scoped(bench.organisation_id))


@pytest.mark.parametrize("planned", [False, True])
def test_what_waited_when_the_backup_was_taken_is_sent_by_a_person_alone(
    bench: Bench, *, planned: bool
) -> None:
    """It may have been sent since. Before its parts were fixed, and after."""
    packed = bench.pack(ORDER)
    if planned:
        bench.change_pace(free_at=utc_now() + timedelta(days=1))
        with bench.running():
            bench.until(packed, DispatchState.QUEUED)
        bench.change_pace(free_at=utc_now())
    assert put_back(bench) == 1
    assert stands(bench, packed) == WAITS
    assert put_back(bench) == 0
    work_until_a_later_one_is_sent(bench)
    assert stands(bench, packed) == WAITS
    assert bench.pictures(BUYER) == []
    ask_again(bench, packed)
    with bench.running():
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def test_a_person_who_sees_it_in_the_chat_ends_it(bench: Bench) -> None:
    packed = bench.pack(ORDER)
    put_back(bench)
    now, who = utc_now(), member(bench)
    bench.database.write(
        lambda session: note_sent_by_hand(session, packed.proof_id, who, now),
        scoped(bench.organisation_id),
    )
    work_until_a_later_one_is_sent(bench)
    assert stands(bench, packed) == (DispatchState.SAVED_NOT_SENT, Reason.SENT_BY_HAND)
    assert bench.pictures(BUYER) == []


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("arrived", [True, False])
def test_a_request_that_was_under_way_is_not_repeated_unless_a_person_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
) -> None:
    """Not even when the chat does not show it: it may have gone out later, in another upload."""
    let_uploads_be(monkeypatch, Uploads.EARLY)
    packed = bench.pack(ORDER)
    feed = ChangeFeed(bench.database)
    dispatcher = bench.dispatcher(feed, senders=1)
    with monkeypatch.context() as patched:
        die_at_second_message(patched, arrived=arrived)
        dispatcher.start()
        eventually(lambda: bench.deaths)
        feed.close()
        dispatcher.stop()
    bench.deaths.clear()
    assert put_back(bench) == 1
    assert stands(bench, packed) == (DispatchState.NOT_CONFIRMED, Reason.RESTORED)
    there = bench.kinds(BUYER)
    work_until_a_later_one_is_sent(bench)
    assert stands(bench, packed) == (DispatchState.NOT_CONFIRMED, Reason.RESTORED)
    assert bench.kinds(BUYER) == there
    if not arrived:
        return
    doubtful = bench.messages_of(packed)[1]
    assert doubtful.state is MessageState.UNCERTAIN
    now = utc_now()
    bench.database.write(
        lambda session: settle_as_there(session, doubtful.id, now), scoped(bench.organisation_id)
    )
    assert stands(bench, packed) == (DispatchState.PARTLY_SENT, Reason.RESTORED)
    ask_again(bench, packed)
    with bench.running():
        bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == list(packed.photos)


def die_at_second_message(patched: pytest.MonkeyPatch, *, arrived: bool) -> None:
    real, left = Shopee.send, [2]

    def send(*args: object, **keywords: object) -> object:
        left[0] -= 1
        if left[0] == 0 and not arrived:
            raise Killed
        sent = real(*args, **keywords)  # type: ignore[arg-type]  # passed through
        if left[0] == 0:
            raise Killed
        return sent

    patched.setattr(Shopee, "send", send)


@pytest.mark.parametrize(
    ("closed_after", "clock_synced", "waits"),
    [
        (timedelta(hours=-20), True, True),
        (timedelta(minutes=-1), True, True),
        (timedelta(minutes=5), True, False),
        (timedelta(minutes=5), False, True),
    ],
)
def test_what_the_lost_cloud_may_have_taken_in_waits_for_a_person(
    bench: Bench, closed_after: timedelta, *, clock_synced: bool, waits: bool
) -> None:
    """A table offers it; whether it was sent before, nobody here remembers."""
    lost_at = utc_now() - timedelta(hours=2)
    put_back(bench, lost_at)
    packed = bench.pack(ORDER, closed_at=lost_at + closed_after, clock_synced=clock_synced)
    if waits:
        work_until_a_later_one_is_sent(bench)
        assert stands(bench, packed) == WAITS
    else:
        with bench.running():
            bench.until(packed, DispatchState.SENT)
    assert bench.pictures(BUYER) == ([] if waits else list(packed.photos))


def test_each_restoration_has_a_mark_of_its_own(bench: Bench) -> None:
    def mark() -> str:
        with bench.database.read(scoped(bench.organisation_id)) as session:
            return newest_mark(session)

    assert mark() == ""
    put_back(bench)
    first = mark()
    put_back(bench)
    assert len({"", first, mark()}) == 3
