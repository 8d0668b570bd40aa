"""How long a kind is kept, and what becomes of an old photo: tables of the rules."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.conversations.states import DispatchState
from cloud.privacy.judging import STILL_NEEDED, Shower, Verdict, judged
from cloud.privacy.kinds import Decided, Kind, cut_off, days_in_force

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
OLDER_THAN = NOW - timedelta(days=120)
OLD, YOUNG = OLDER_THAN - timedelta(seconds=1), OLDER_THAN


def decided(*days_and_hours: tuple[int | None, float]) -> list[Decided]:
    """Decisions of so many hours ago."""
    return [Decided(days, NOW - timedelta(hours=hours)) for days, hours in days_and_hours]


@pytest.mark.parametrize(
    ("decisions", "days"),
    [
        (decided(), 120),
        (decided((30, 24)), 30),
        (decided((30, 23)), 120),
        (decided((200, 1)), 200),
        (decided((None, 1)), None),
        # After the upgrade, and decided since: what held before holds for a day.
        (decided((120, 1), (None, 100)), None),
        (decided((120, 24), (None, 100)), 120),
        # Several within a day: the longest of all that held in it.
        (decided((30, 1), (60, 2), (90, 48)), 90),
        (decided((30, 1), (300, 2), (90, 48)), 300),
        # A slip that is taken back at once never counted.
        (decided((120, 1), (30, 2), (120, 900)), 120),
        (decided((30, 30), (None, 31)), 30),
    ],
)
def test_days_in_force(decisions: list[Decided], days: int | None) -> None:
    assert days_in_force(Kind.PHOTOS, decisions, NOW) == days


def test_for_ever_lets_nothing_go() -> None:
    assert cut_off(None, NOW) is None
    assert cut_off(120, NOW) == OLDER_THAN


def shower(at: datetime, closing: str = "send", *states: DispatchState) -> Shower:
    return Shower(at, closing, frozenset(states))


SENT = DispatchState.SENT


@pytest.mark.parametrize(
    ("showers", "verdict"),
    [
        ([], Verdict.GOES),
        ([shower(OLD, "send", SENT)], Verdict.GOES),
        ([shower(OLD, "send", DispatchState.FAILED)], Verdict.GOES),
        ([shower(OLD, "unsent", DispatchState.SAVED_NOT_SENT)], Verdict.GOES),
        ([shower(OLD, "cancelled")], Verdict.GOES),
        ([shower(OLD, "withdrawn")], Verdict.GOES),
        ([shower(YOUNG, "send", SENT)], Verdict.YOUNG),
        ([shower(OLD, "send", SENT), shower(YOUNG, "send", SENT)], Verdict.YOUNG),
        ([shower(OLD, "unsent")], Verdict.NEEDED),
        ([shower(OLD, "send")], Verdict.NEEDED),
        ([shower(OLD, "send", SENT, DispatchState.QUEUED)], Verdict.NEEDED),
        ([shower(OLD, "send", SENT), shower(OLD, "unsent")], Verdict.NEEDED),
    ],
)
def test_what_becomes_of_an_old_photo(showers: list[Shower], verdict: Verdict) -> None:
    assert judged(showers, OLDER_THAN, is_held=False) is verdict
    assert judged(showers, OLDER_THAN, is_held=True) is Verdict.HELD


def test_whatever_may_still_be_sent_is_needed() -> None:
    ended = {
        DispatchState.SENT,
        DispatchState.PARTLY_SENT,
        DispatchState.FAILED,
        DispatchState.SAVED_NOT_SENT,
        DispatchState.CANCELLED,
        DispatchState.NOT_SHOWN,
    }
    assert set(DispatchState) == ended | STILL_NEEDED
