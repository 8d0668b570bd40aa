"""Going on to the next part with the result of the one before, on both engines.

It is a claim like any other: what stops a claim stops it too.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.conversations.models import Attempt, Dispatch, Message
from cloud.conversations.outbox import DispatchNews, news_in
from cloud.conversations.states import DispatchState, MessageState
from cloud.database.base import utc_now
from cloud.database.changes import changes_after
from cloud.dispatcher.beginning import Begun
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.going_on import NOT_NOW, Following, keep_for_later
from cloud.marketplaces.chats import UploadedImage
from cloud.shops.models import Shop
from tests.support.claim_turns import GONE, LEASE, Turns
from tests.support.outbox_rows import TEST, OutboxRows

UPLOADED = UploadedImage("https://uploaded.example/1", width_px=1280, height_px=960)


def kept_upload(message: Message) -> UploadedImage:
    return UploadedImage(
        message.uploaded_url or "", message.uploaded_width_px, message.uploaded_height_px
    )


def following(rows: OutboxRows, message_id: int, *, is_ready: bool = True) -> Following:
    return Following(
        claim=Claim(message_id, rows.organisation_id, fence=1),
        is_ready=is_ready,
        uploaded=UPLOADED if is_ready else None,
        sender="sender-1",
        lease=LEASE,
    )


def begun_first(turns: Turns) -> tuple[Claim, Begun]:
    (one,) = turns.claim().claims
    return one, turns.begin(one)


def newest_news(turns: Turns) -> DispatchNews | None:
    return news_in(changes_after(turns.database, 0, None, 1000)[-1])


def test_the_next_part_begins_with_the_result(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    first, second = rows.dispatch(shop, "b1", parts=2)
    one, begun = begun_first(turns)
    went_on = turns.sent(one, begun, following=following(rows, second))
    assert went_on.is_claimed
    assert went_on.begun is not None
    assert (turns.state(first), turns.state(second)) == (MessageState.SENT, MessageState.SENDING)
    message = turns.message(second)
    assert (message.fence, message.tries, message.claimed_by) == (1, 1, "sender-1")
    assert kept_upload(message) == UPLOADED
    with turns.database.read(TEST) as session:
        attempt = session.get_one(Attempt, went_on.begun.attempt_id)
        assert (attempt.message_id, attempt.number, attempt.fence) == (second, 1, 1)
    dispatch = rows.dispatch_of(first)
    assert (dispatch.state, dispatch.sent_count) == (DispatchState.SENDING, 1)
    turns.sent(following(rows, second).claim, went_on.begun)
    assert rows.dispatch_of(first).state is DispatchState.SENT
    assert rows.conversation_of(first).unanswered == 2


def test_a_part_that_is_not_ready_is_claimed_only(turns: Turns, rows: OutboxRows) -> None:
    _, second = rows.dispatch(rows.shop(), "b1", parts=2)
    one, begun = begun_first(turns)
    next_part = following(rows, second, is_ready=False)
    went_on = turns.sent(one, begun, following=next_part)
    assert (went_on.is_claimed, went_on.begun) == (True, None)
    assert turns.state(second) is MessageState.CLAIMED
    assert turns.message(second).tries == 0
    turns.begin(next_part.claim)
    assert turns.state(second) is MessageState.SENDING


def test_its_shop_has_used_its_turn(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop()
    _, second = rows.dispatch(shop, "b1", parts=2)
    one, begun = begun_first(turns)
    before = rows.pace(shop).last_claimed_at
    turns.sent(one, begun, following=following(rows, second))
    after = rows.pace(shop).last_claimed_at
    assert before is not None
    assert after is not None
    assert after > before


def test_a_shops_pace_holds_for_the_next_part_too(turns: Turns, rows: OutboxRows) -> None:
    shop = rows.shop(gap_ms=600_000)
    _, second = rows.dispatch(shop, "b1", parts=2)
    one, begun = begun_first(turns)
    assert turns.sent(one, begun, following=following(rows, second)) == NOT_NOW
    message = turns.message(second)
    assert (message.state, message.fence) == (MessageState.QUEUED, 0)
    assert kept_upload(message) == UPLOADED, "or it would be uploaded twice"


@pytest.mark.parametrize("what", ["switched off", "withdrawn", "later", "held"])
def test_what_has_come_up_since_stops_it(turns: Turns, rows: OutboxRows, what: str) -> None:
    shop = rows.shop()
    first, second = rows.dispatch(shop, "b1", parts=2)
    one, begun = begun_first(turns)
    if what == "later":
        rows.change(second, not_before=utc_now() + timedelta(hours=1))
    with turns.database.read(TEST) as session:
        dispatch_id = session.get_one(Message, first).dispatch_id
    stops: dict[str, tuple[type, int, dict[str, object]]] = {
        "switched off": (Shop, shop, {"sending_enabled": False}),
        "withdrawn": (Dispatch, dispatch_id, {"withdrawn": True}),
        "held": (Dispatch, dispatch_id, {"state": DispatchState.HELD}),
    }
    if what in stops:
        rows.change_row(*stops[what])
    assert turns.sent(one, begun, following=following(rows, second)) == NOT_NOW
    assert turns.state(first) is MessageState.SENT
    assert turns.state(second) is MessageState.QUEUED


def test_a_part_that_somebody_took_is_left_alone(turns: Turns, rows: OutboxRows) -> None:
    _, second = rows.dispatch(rows.shop(), "b1", parts=2)
    one, begun = begun_first(turns)
    rows.change(second, fence=1)
    assert turns.sent(one, begun, following=following(rows, second)) == NOT_NOW
    assert turns.message(second).uploaded_url is None


def test_a_part_that_came_in_between_goes_first(turns: Turns, rows: OutboxRows) -> None:
    """An order card, which the marketplace asked for."""
    _, second, third = rows.dispatch(rows.shop(), "b1", parts=3)
    one, begun = begun_first(turns)
    assert turns.sent(one, begun, following=following(rows, third)) == NOT_NOW
    assert turns.claimed() == [second]


def test_a_claim_that_was_lost_takes_nothing_more(turns: Turns, rows: OutboxRows) -> None:
    first, second = rows.dispatch(rows.shop(), "b1", parts=2)
    (one,) = turns.claim().claims
    begun = turns.begin(one, lease=GONE)
    turns.doubt_lapsed()
    assert turns.sent(one, begun, following=following(rows, second)) == NOT_NOW
    assert turns.state(first) is MessageState.SENT
    assert turns.state(second) is MessageState.QUEUED


@pytest.mark.parametrize("is_ready", [True, False])
def test_run_again_it_finds_what_it_took(turns: Turns, rows: OutboxRows, is_ready: bool) -> None:
    """As after a commit whose outcome was unknown: nobody else would send what is `sending`."""
    first, second = rows.dispatch(rows.shop(), "b1", parts=2)
    one, begun = begun_first(turns)
    next_part = following(rows, second, is_ready=is_ready)
    once = turns.sent(one, begun, following=next_part)
    again = turns.sent(one, begun, following=next_part)
    assert again.is_claimed
    assert (again.begun and again.begun.attempt_id) == (once.begun and once.begun.attempt_id)
    assert rows.conversation_of(first).unanswered == 1
    assert turns.sent(one, begun, following=replace(next_part, sender="another")) == NOT_NOW


def test_an_upload_is_kept_only_where_nobody_took_the_part(turns: Turns, rows: OutboxRows) -> None:
    first, second = rows.dispatch(rows.shop(), "b1", parts=2)
    for message_id in (first, second):
        claim = Claim(message_id, rows.organisation_id, fence=1)
        if message_id == first:
            turns.claim()
        turns.write(lambda session, claim=claim: keep_for_later(session, claim, UPLOADED))  # type: ignore[misc]
    assert turns.message(first).uploaded_url is None
    assert kept_upload(turns.message(second)) == UPLOADED


def test_news_say_whether_the_next_part_waits_for_a_sender(turns: Turns, rows: OutboxRows) -> None:
    _, second = rows.dispatch(rows.shop(), "b1", parts=2)
    assert newest_news(turns) == DispatchNews(DispatchState.QUEUED, waits_for_sender=True)
    one, begun = begun_first(turns)
    assert newest_news(turns) == DispatchNews(DispatchState.SENDING, waits_for_sender=False)
    turns.sent(one, begun, following=following(rows, second))
    assert newest_news(turns) == DispatchNews(DispatchState.SENDING, waits_for_sender=False)
    rows.dispatch(rows.shop(), "b2", parts=2)
    one, begun = begun_first(turns)
    turns.sent(one, begun)
    assert newest_news(turns) == DispatchNews(DispatchState.SENDING, waits_for_sender=True)
