"""The newest changes, kept at hand for readers that are nearly up to date."""

from datetime import UTC, datetime

import pytest

from cloud.database.news import ChangeRow, RecentChanges

WHEN = datetime(2026, 11, 22, tzinfo=UTC)


def changes(*ids: int, organisation_id: int = 1) -> list[ChangeRow]:
    return [ChangeRow(one, organisation_id, "a", f"proof:{one}", None, "{}", WHEN) for one in ids]


def recent(*groups: list[ChangeRow], most: int = 100) -> RecentChanges:
    made = RecentChanges(most)
    for group in groups:
        made.add(group)
    return made


def ids(made: RecentChanges, last_id: int, *, of: int | None = None, limit: int = 100) -> object:
    rows = made.after(last_id, of, limit)
    return None if rows is None else [row.id for row in rows]


@pytest.mark.parametrize(
    ("last_id", "expected"), [(3, None), (4, [5, 6, 7]), (5, [6, 7]), (7, []), (9, [])]
)
def test_what_comes_after_is_known_from_the_first_one_on(last_id: int, expected: object) -> None:
    assert ids(recent(changes(5, 6), changes(7)), last_id) == expected


def test_nothing_is_known_before_the_first_one() -> None:
    assert ids(recent(), 0) is None
    assert ids(recent([]), 0) is None


def test_what_another_process_wrote_between_is_left_to_the_database() -> None:
    made = recent(changes(5, 6), changes(8, 9))
    assert ids(made, 6) is None
    assert ids(made, 7) == [8, 9]


def test_no_more_are_kept_than_wanted() -> None:
    made = recent(changes(1, 2, 3), changes(4), most=2)
    assert ids(made, 1) is None
    assert ids(made, 2) == [3, 4]


def test_readers_of_an_organisation_see_its_own_alone_and_as_many_as_they_want() -> None:
    made = recent(changes(1), changes(2, organisation_id=2), changes(3, 4))
    assert ids(made, 0, of=1) == [1, 3, 4]
    assert ids(made, 0, of=1, limit=2) == [1, 3]
    assert ids(made, 0, limit=2) == [1, 2]
    assert ids(made, 0, limit=0) == []
