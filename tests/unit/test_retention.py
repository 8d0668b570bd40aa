"""Which local copies may go, and when nothing may (invariant 3)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.clock import Moment
from edge.spool.retention import (
    ClockMark,
    KeptPhoto,
    Retention,
    ages,
    choose,
    judge_clock,
)

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = 24.0
SECOND_NS = 1_000_000_000


def at(
    hours: float = 0.0,
    *,
    boot: str = "b1",
    synced: bool = True,
    off_by: timedelta = timedelta(0),
) -> Moment:
    """So many hours after the start, both clocks running alike but for ``off_by``."""
    wall = START + timedelta(hours=hours) + off_by
    return Moment(wall, round(hours * 3600 * SECOND_NS), boot, synced)


def kept(sequence: int, taken: Moment, *, size: int = 100, freeable: bool = True) -> KeptPhoto:
    return KeptPhoto(sequence, size, taken, is_freeable=freeable)


NOW = at(40 * DAY)
RULE = Retention(keep_days=30, max_bytes=10_000)


# name, photos, rule, bytes short on the disk, what goes
CHOICES: list[tuple[str, list[KeptPhoto], Retention, int, list[int]]] = [
    ("nothing kept", [], RULE, 0, []),
    ("young", [kept(1, at(39 * DAY))], RULE, 0, []),
    ("exactly as old as allowed", [kept(1, at(10 * DAY))], RULE, 0, []),
    ("a little older", [kept(1, at(10 * DAY - 0.1))], RULE, 0, [1]),
    ("old, not receipted", [kept(1, at(0), freeable=False)], RULE, 0, []),
    (
        "over the bytes: the oldest that may go",
        [kept(1, at(35 * DAY), freeable=False), *(kept(n, at(36 * DAY)) for n in (2, 3, 4))],
        Retention(30, 250),
        0,
        [2, 3],
    ),
    (
        "what is too old counts for the bytes",
        [kept(1, at(0)), kept(2, at(39 * DAY)), kept(3, at(39 * DAY))],
        Retention(30, 200),
        0,
        [1],
    ),
    (
        "all that waits stays, however much it is",
        [kept(n, at(0), freeable=False) for n in (1, 2, 3)],
        Retention(30, 0),
        1000,
        [],
    ),
    (
        "order of the journal, not of the clock",
        [kept(1, at(39 * DAY)), kept(2, at(35 * DAY))],
        Retention(30, 100),
        0,
        [1],
    ),
    (
        "a short disk asks for more",
        [kept(n, at(39 * DAY)) for n in (1, 2, 3)],
        RULE,
        150,
        [1, 2],
    ),
    (
        "a wrong date makes nothing old",
        [kept(1, at(0, boot="b0", synced=False)), kept(2, at(39 * DAY, boot="b0"))],
        RULE,
        0,
        [],
    ),
    (
        "an unknown date is as old as its successor",
        [kept(1, at(0, boot="b0", synced=False)), kept(2, at(5 * DAY, boot="b0"))],
        RULE,
        0,
        [1, 2],
    ),
    (
        "this boot's monotonic clock is believed",
        [kept(1, at(0, synced=False, off_by=timedelta(days=300)))],
        RULE,
        0,
        [1],
    ),
]


@pytest.mark.parametrize(
    ("photos", "rule", "short_bytes", "goes"),
    [case[1:] for case in CHOICES],
    ids=[case[0] for case in CHOICES],
)
def test_what_goes(
    photos: list[KeptPhoto], rule: Retention, short_bytes: int, goes: list[int]
) -> None:
    excess_bytes = excess(photos, rule, short_bytes)
    assert choose(photos, rule, NOW, excess_bytes=excess_bytes) == goes


def excess(photos: list[KeptPhoto], rule: Retention, short_bytes: int) -> int:
    return max(sum(photo.size_bytes for photo in photos) - rule.max_bytes, short_bytes)


photos_in_order = st.lists(
    st.tuples(st.floats(0, 40 * DAY), st.integers(1, 500), st.booleans(), st.booleans())
).map(
    lambda rows: [
        kept(number, at(hours, boot="b0", synced=synced), size=size, freeable=freeable)
        for number, (hours, size, synced, freeable) in enumerate(rows)
    ]
)


@given(photos_in_order, st.integers(0, 60), st.integers(0, 5000), st.integers(0, 5000))
def test_only_what_may_go_goes_and_enough_of_it(
    photos: list[KeptPhoto], days: int, max_bytes: int, short_bytes: int
) -> None:
    rule = Retention(days, max_bytes)
    excess_bytes = excess(photos, rule, short_bytes)
    goes = set(choose(photos, rule, NOW, excess_bytes=excess_bytes))
    may_go = {photo.sequence for photo in photos if photo.is_freeable}
    assert goes <= may_go
    rest = sum(photo.size_bytes for photo in photos if photo.sequence not in goes)
    freed = sum(photo.size_bytes for photo in photos if photo.sequence in goes)
    assert goes == may_go or (rest <= max_bytes and freed >= short_bytes)


@given(photos_in_order)
def test_nothing_is_older_than_its_date_says_or_than_what_came_before(
    photos: list[KeptPhoto],
) -> None:
    taken = [photo.taken for photo in photos]
    for moment, age in zip(taken, ages(taken, NOW), strict=True):
        assert age >= timedelta(0)
        assert not moment.synced or age == NOW.wall - moment.wall


# name, now, mark before, trouble, whether the mark says "jumped" afterwards
HOUR_LATER = timedelta(hours=1)
VERDICTS: list[tuple[str, Moment, ClockMark | None, bool, bool | None]] = [
    ("first sight", at(1), None, False, False),
    ("not synchronised", at(1, synced=False), None, True, None),
    ("not synchronised any more", at(2, synced=False), ClockMark(at(1)), True, False),
    ("steady", at(30), ClockMark(at(1)), False, False),
    ("slewed a minute", at(30, off_by=timedelta(minutes=1)), ClockMark(at(1)), False, False),
    ("forward", at(30, off_by=HOUR_LATER), ClockMark(at(1)), True, True),
    ("a year forward", at(1, off_by=timedelta(days=365)), ClockMark(at(1)), True, True),
    ("back", at(30, off_by=-HOUR_LATER), ClockMark(at(1)), True, True),
    ("off for a week", at(7 * DAY, boot="b2"), ClockMark(at(1)), False, False),
    ("behind after a restart", at(1, boot="b2"), ClockMark(at(5)), True, True),
    ("short after a jump", at(2.5), ClockMark(at(2), jumped=True), True, True),
    ("an hour after a jump", at(3.1), ClockMark(at(2), jumped=True), False, False),
    ("jumped again", at(3.1, off_by=HOUR_LATER), ClockMark(at(2), jumped=True), True, True),
    ("restart after a jump", at(9, boot="b2"), ClockMark(at(2), jumped=True), True, True),
]


@pytest.mark.parametrize(
    ("now", "mark", "trouble", "jumped"),
    [case[1:] for case in VERDICTS],
    ids=[case[0] for case in VERDICTS],
)
def test_whether_the_clock_is_believed(
    now: Moment, mark: ClockMark | None, trouble: bool, jumped: bool | None
) -> None:
    verdict = judge_clock(now, mark)
    assert bool(verdict.trouble) == trouble
    assert (verdict.mark.jumped if verdict.mark else None) == jumped
