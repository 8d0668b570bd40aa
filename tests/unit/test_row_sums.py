"""The checksum by which a moved database is verified."""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest

from cloud.migrations.row_sums import RowSum, canonical

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Colour(StrEnum):
    RED = "red"


def sum_of(*rows: tuple[object, ...]) -> RowSum:
    made = RowSum()
    made.add(rows)
    return made


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (0, None),
        ("", None),
        ("1", 1),
        (b"a", "a"),
        (1, 1.0),
        (0.1, 0.1 + 1e-17 * 8),
        (NOON, NOON + timedelta(microseconds=1)),
        (NOON, NOON.isoformat()),
        (NOON.date(), NOON),
        (NOON.date(), NOON.date() + timedelta(days=1)),
    ],
)
def test_different_values_are_told_apart(one: object, other: object) -> None:
    if one != other or type(one) is not type(other):
        assert canonical(one) != canonical(other)
        assert sum_of((one,)) != sum_of((other,))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Colour.RED, "red"),
        (NOON, NOON.astimezone(timezone(timedelta(hours=8)))),
    ],
)
def test_the_same_value_in_other_clothes_is_the_same(one: object, other: object) -> None:
    assert sum_of((one,)) == sum_of((other,))


def test_values_do_not_run_together() -> None:
    assert sum_of(("ab", "c")) != sum_of(("a", "bc"))
    assert sum_of(("a",), ("b",)) != sum_of(("b",), ("a",))
    assert sum_of(("a", "b")) != sum_of(("a",), ("b",))


def test_a_kind_that_no_column_has_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="list"):
        canonical([])
