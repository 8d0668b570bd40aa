"""Sent, saved, held, or a person's: the rules alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud.conversations.states import DispatchState, Reason
from cloud.dispatcher.rules import SEND, Decision, MatchFacts, after_holding, decide, may_begin

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOO_OLD = timedelta(hours=72)
DAY = timedelta(hours=24)
S, R = DispatchState, Reason
GOOD = MatchFacts(
    order_cancelled=False,
    order_refunded=False,
    has_buyer=True,
    sending_enabled=True,
    platform_enabled=True,
    channel_can_send=True,
    batch_refused=False,
    authorized=True,
    sent_before=False,
    other_parcel=False,
    closed_at=NOW - timedelta(minutes=1),
    now=NOW,
    asked_by_person=False,
)

HELD = Decision(S.HELD, R.AUTHORIZATION)
NOBODY = Decision(S.NEEDS_PERSON, R.BUYER_UNREACHABLE)
CANNOT = Decision(S.SAVED_NOT_SENT, R.CHANNEL_CANNOT_SEND)
ALONE = Decision(S.SAVED_NOT_SENT, R.BATCHES_SWITCHED_OFF)
ROWS: list[tuple[dict[str, Any], Decision, Decision]] = [
    # the facts, what happens by itself, what happens when a person asked
    ({}, SEND, SEND),
    ({"order_cancelled": True}, Decision(S.SAVED_NOT_SENT, R.ORDER_CANCELLED), SEND),
    ({"order_refunded": True}, Decision(S.SAVED_NOT_SENT, R.ORDER_CANCELLED), SEND),
    ({"sending_enabled": False}, Decision(S.SAVED_NOT_SENT, R.SHOP_SWITCHED_OFF), SEND),
    ({"platform_enabled": False}, Decision(S.SAVED_NOT_SENT, R.PLATFORM_SWITCHED_OFF), SEND),
    ({"sent_before": True}, Decision(S.NEEDS_PERSON, R.ALREADY_SENT), SEND),
    ({"sent_before": True, "other_parcel": True}, SEND, SEND),
    ({"closed_at": NOW - TOO_OLD}, SEND, SEND),
    (
        {"closed_at": NOW - TOO_OLD - timedelta(seconds=1)},
        Decision(S.NEEDS_PERSON, R.TOO_OLD),
        SEND,
    ),
    ({"closed_at": NOW + timedelta(days=300)}, SEND, SEND),
    ({"authorized": False}, HELD, HELD),
    (
        {"has_buyer": False},
        Decision(S.NEEDS_PERSON, R.BUYER_UNREACHABLE),
        Decision(S.NEEDS_PERSON, R.BUYER_UNREACHABLE),
    ),
    (
        {"channel_can_send": False},
        Decision(S.SAVED_NOT_SENT, R.CHANNEL_CANNOT_SEND),
        Decision(S.SAVED_NOT_SENT, R.CHANNEL_CANNOT_SEND),
    ),
    ({"authorized": False, "sending_enabled": False}, HELD, HELD),
    ({"batch_refused": True}, ALONE, ALONE),
    ({"batch_refused": True, "authorized": False}, ALONE, ALONE),
    ({"batch_refused": True, "channel_can_send": False}, CANNOT, CANNOT),
    ({"channel_can_send": False, "authorized": False}, CANNOT, CANNOT),
    (
        {"order_cancelled": True, "sent_before": True},
        Decision(S.SAVED_NOT_SENT, R.ORDER_CANCELLED),
        SEND,
    ),
]


@pytest.mark.parametrize(("facts", "by_itself", "when_asked"), ROWS)
def test_each_fact_has_its_decision(
    facts: dict[str, Any], by_itself: Decision, when_asked: Decision
) -> None:
    """S0-07, S0-20, S0-24, S0-25, S0-48."""
    given = replace(GOOD, **facts)
    assert decide(given, TOO_OLD) == by_itself
    assert decide(replace(given, asked_by_person=True), TOO_OLD) == when_asked


SHOP_OFF, PLATFORM_OFF = {"sending_enabled": False}, {"platform_enabled": False}
BATCH_OFF = {"batch_refused": True}
ASKED, BEGUN = {"asked_by_person": True}, {"has_begun": True}
NO_SHOP = Decision(S.SAVED_NOT_SENT, R.SHOP_SWITCHED_OFF)
NO_PLATFORM = Decision(S.SAVED_NOT_SENT, R.PLATFORM_SWITCHED_OFF)


@pytest.mark.parametrize(
    ("facts", "age", "expected"),
    [
        ({}, TOO_OLD, None),
        ({}, 2 * TOO_OLD, Decision(S.NEEDS_PERSON, R.TOO_OLD)),
        (BEGUN, 2 * TOO_OLD, None),
        (ASKED, 2 * TOO_OLD, None),
        (SHOP_OFF, DAY, NO_SHOP),
        (SHOP_OFF | BEGUN, DAY, NO_SHOP),
        (SHOP_OFF | BEGUN | ASKED, DAY, None),
        (PLATFORM_OFF, DAY, NO_PLATFORM),
        (PLATFORM_OFF, 2 * TOO_OLD, NO_PLATFORM),
        (PLATFORM_OFF | BEGUN, DAY, None),
        (PLATFORM_OFF | ASKED, DAY, None),
        (PLATFORM_OFF | SHOP_OFF, DAY, NO_SHOP),
        (BATCH_OFF | ASKED, DAY, ALONE),
        (BATCH_OFF | ASKED | SHOP_OFF, DAY, ALONE),
        (BATCH_OFF | ASKED | BEGUN, DAY, None),
    ],
)
def test_what_may_stop_a_planned_dispatch(
    facts: dict[str, bool], age: timedelta, expected: Decision | None
) -> None:
    """S0-05, S0-07, S0-08, S0-25."""
    good = {"sending_enabled": True, "platform_enabled": True}
    plain = {"asked_by_person": False, "has_begun": False, "batch_refused": False}
    given = good | plain | facts
    assert may_begin(**given, age=age, too_old=TOO_OLD) == expected


SAVED = Decision(S.SAVED_NOT_SENT, R.ORDER_CANCELLED)
A_PERSONS = Decision(S.NEEDS_PERSON, R.AUTHORIZATION)


@pytest.mark.parametrize(
    ("decision", "is_held", "age", "expected"),
    [
        (SEND, False, 2 * DAY, SEND),
        (SEND, True, DAY, SEND),
        (SEND, True, 2 * DAY, A_PERSONS),
        (HELD, False, DAY, HELD),
        (HELD, False, 2 * DAY, A_PERSONS),
        (HELD, True, 2 * DAY, A_PERSONS),
        (SAVED, True, 2 * DAY, SAVED),
    ],
)
def test_what_is_held_beyond_a_day_is_a_persons(
    decision: Decision, is_held: bool, age: timedelta, expected: Decision
) -> None:
    after = after_holding(decision, is_held=is_held, reason=R.AUTHORIZATION, age=age, longest=DAY)
    assert after == expected
