"""Rows in every table of the cloud's schema, with values that databases are apt to alter."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Double,
    Engine,
    Enum,
    Integer,
    LargeBinary,
    String,
    Table,
    insert,
    select,
)

from cloud.database.base import UtcDateTime
from cloud.migrations.models import metadata

HIGHEST = 40
NUMBERS = (7, HIGHEST)
_WHEN = datetime(2026, 11, 22, 23, 59, 59, 999999, tzinfo=UTC)

Rows = dict[str, list[tuple[Any, ...]]]


def fill(engine: Engine) -> None:
    """Add two rows to each table; the ids leave gaps, as those of deleted rows do."""
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(insert(table), [_row(table, number) for number in NUMBERS])


def rows_of(engine: Engine) -> Rows:
    """All there is, table by table, in any order that both engines give."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(*table.c))), key=repr)
            for table in metadata.sorted_tables
        }


def _row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.c}


_CONDITIONED: dict[tuple[str, str], Any] = {
    ("messages", "photos"): "",
    ("shops", "picture_side_px"): 2000,
}
"""Columns that the database lets have only some values."""


def _value(column: Column[Any], number: int) -> Any:
    """The second row has no value where none is needed."""
    if column.nullable and number == HIGHEST:
        return None
    if (column.table.name, column.name) in _CONDITIONED:
        return _CONDITIONED[column.table.name, column.name]
    if column.foreign_keys and isinstance(column.type, Integer):
        return number
    return next(
        make(column.type, number) for kind, make in _MAKERS if isinstance(column.type, kind)
    )


def _word(kind: Any, _number: int) -> Any:
    return kind.python_type(kind.enums[0])


def _text(kind: Any, number: int) -> str:
    """Order by language and order by bytes differ for these."""
    return {7: "b \u4f60\U0001f4e6 '\\n\n", HIGHEST: "B"}[number][: kind.length]


_MAKERS: tuple[tuple[type[Any], Callable[[Any, int], Any]], ...] = (
    (Enum, _word),  # before String, of which it is a kind
    (Boolean, lambda _kind, number: number == HIGHEST),
    (Integer, lambda _kind, number: number),
    (Double, lambda _kind, number: 0.1 * number),
    (LargeBinary, lambda _kind, number: bytes([0, 255, 39, 92, number])),
    (Date, lambda _kind, number: _WHEN.date() + timedelta(days=number)),
    (UtcDateTime, lambda _kind, number: _WHEN + timedelta(days=number)),
    (String, _text),
)
