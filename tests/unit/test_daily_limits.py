"""Days as marketplaces count them, and what of their requests is kept for people."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from cloud.marketplaces.daily import Counted, DailyLimit
from cloud.marketplaces.registry import capabilities_of
from cloud.shops.daily import ours_of

EAST = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("zone", "now", "day", "left"),
    [
        (UTC, datetime(2026, 3, 1, 0, 0, tzinfo=UTC), date(2026, 3, 1), timedelta(days=1)),
        (UTC, datetime(2026, 3, 1, 23, 59, tzinfo=UTC), date(2026, 3, 1), timedelta(minutes=1)),
        (EAST, datetime(2026, 3, 1, 15, 0, tzinfo=UTC), date(2026, 3, 1), timedelta(hours=1)),
        (EAST, datetime(2026, 3, 1, 16, 0, tzinfo=UTC), date(2026, 3, 2), timedelta(days=1)),
    ],
)
def test_a_day_begins_where_the_marketplace_says(
    zone: timezone, now: datetime, day: date, left: timedelta
) -> None:
    limit = DailyLimit(Counted.SEND, 10, zone)
    assert limit.day(now) == day
    assert limit.left_of_day(now) == left


@pytest.mark.parametrize(
    ("call", "most", "ours"),
    [
        (Counted.SEND, 10_000, 9_500),
        (Counted.SEND, 20, 19),
        (Counted.SEND, 3, 2),
        (Counted.LIST_MESSAGES, 10_000, 10_000),
    ],
)
def test_some_sends_of_a_day_are_kept_for_people(call: Counted, most: int, ours: int) -> None:
    assert ours_of(DailyLimit(call, most)) == ours


def test_tiktok_counts_its_chat_by_the_day() -> None:
    """Of marketplace-apis 3.4: list, messages, send and read."""
    limits = capabilities_of("tiktok", "MY").daily_limits
    assert {limit.call for limit in limits} == set(Counted)
    assert {limit.most for limit in limits} == {10_000}
    assert not capabilities_of("lazada", "MY").daily_limits
