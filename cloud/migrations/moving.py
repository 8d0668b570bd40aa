"""Copies a database of this version's schema into an empty one on PostgreSQL, and verifies it.

All of it is one transaction of the target: a move that is interrupted, or finds a difference,
leaves it as empty as it was.

The changes are copied with their numbers. PostgreSQL makes those of new ones from transaction
numbers (see database/changes.py), which begin above 700 million: an open page and the link go on
from the last number they saw, get what they had not read yet, and then everything new. A source
that has counted further than the target's next number is refused; its readers would miss news.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    String,
    Table,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cloud.database.changes import Change, least_new_id
from cloud.database.engine import Engines
from cloud.database.errors import MoveRefused
from cloud.database.translate import outside_view, sqlstate, translated
from cloud.migrations.models import metadata
from cloud.migrations.row_sums import RowSum
from cloud.migrations.upgrade import require_current, upgrade

ROWS_AT_ONCE = 1000

OnStep = Callable[[str], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moved:
    """What was copied, and found again in the target."""

    rows_of: dict[str, int]
    """By table."""

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(self.rows_of.values())


def move(source: Engines, target: Engines, on_step: OnStep) -> Moved:
    """Copy all rows, verify them, and let the target count on after the highest ids.

    ``on_step`` hears, in few words, how far it is; it may be called often. Nothing else can write
    to either database meanwhile. Raises MoveRefused, SchemaMismatch for a source of another
    version, and what `Database.write` raises. After CommitUnknown or ConnectionLost the target
    holds all or nothing.
    """
    if not source.is_sqlite or target.is_sqlite:
        raise MoveRefused("a database is moved from SQLite to PostgreSQL")
    require_current(source)
    try:
        with target.reader.connect() as connection:
            # Before the upgrade, which is not for what somebody uses.
            _require_empty(connection)
        upgrade(target)
        with _reading_alone(source) as reading, _writing_alone(target) as writing:
            _require_empty(writing)
            _require_room_for_news(reading, writing)
            moved = Moved({t.name: _copy(t, reading, writing, on_step) for t in _tables()})
            _count_on(writing)
    except SQLAlchemyError as error:
        view = outside_view(error)
        raise view from view.__cause__
    return moved


def _tables() -> Sequence[Table]:
    """Each after those that it refers to."""
    return metadata.sorted_tables


@contextmanager
def _reading_alone(source: Engines) -> Iterator[Connection]:
    """Yield one state of the source, and keep others from writing what would not be moved."""
    with source.writer.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


@contextmanager
def _writing_alone(target: Engines) -> Iterator[Connection]:
    """Yield a transaction of the target in which nobody else writes to any table."""
    with target.writer.connect() as connection:
        # Not SERIALIZABLE: the locks make it as if alone, and it would note every row read.
        connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            quote = connection.dialect.identifier_preparer.format_table
            names = ", ".join(quote(table) for table in _tables())
            connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
            yield connection


def _require_empty(target: Connection) -> None:
    present = set(inspect(target).get_table_names())
    for table in _tables():
        if table.name not in present:
            continue
        if target.execute(select(*table.primary_key).limit(1)).first() is not None:
            raise MoveRefused(
                f"the database to move to is not empty: its table {table.name} has rows. "
                "Name an empty one"
            )


def _require_room_for_news(source: Connection, target: Connection) -> None:
    highest = source.scalar(select(func.max(Change.id))) or 0
    least = least_new_id(target)
    if highest >= least:
        raise MoveRefused(
            f"the changes are numbered up to {highest}, and this server would go on at {least}: "
            "take a PostgreSQL server that has been in use for longer"
        )


def _copy(table: Table, source: Connection, target: Connection, on_step: OnStep) -> int:
    """Copy a table and read it back; return its number of rows."""
    read = RowSum()
    for rows in _batches(table, source):
        read.add(row.values() for row in rows)
        _insert(table, rows, target)
        on_step(f"so far {read.rows} rows of table {table.name} copied")
    found = RowSum()
    for rows in _batches(table, target):
        found.add(row.values() for row in rows)
        on_step(f"so far {found.rows} of {read.rows} rows of table {table.name} verified")
    if found != read:
        raise MoveRefused(
            f"table {table.name} is not the same after copying ({read.rows} rows were read, "
            f"{found.rows} found again); nothing was moved"
        )
    logger.info("a table was moved", extra={"table": table.name, "rows": read.rows})
    return read.rows


def _insert(table: Table, rows: Sequence[RowMapping], target: Connection) -> None:
    try:
        target.execute(insert(table), [dict(row) for row in rows])
    except DBAPIError as error:
        if translated(error) is not None:
            raise
        # SQLite takes texts of any length and integers of any size. The driver's own text is
        # left out, for it may quote the row.
        raise MoveRefused(
            f"PostgreSQL refuses a row of table {table.name} "
            f"({sqlstate(error.orig) or type(error.orig).__name__}); nothing was moved"
        ) from None


def _batches(table: Table, connection: Connection) -> Iterator[Sequence[RowMapping]]:
    statement = select(*table.c).order_by(
        *(_bytewise(column, connection) for column in table.primary_key)
    )
    with connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)) as found:
        yield from found.mappings().partitions()


def _bytewise(column: Column[Any], connection: Connection) -> ColumnElement[Any]:
    """Order texts by their bytes, as SQLite does, whatever the language of the other database."""
    if connection.dialect.name == "postgresql" and isinstance(column.type, String):
        return column.collate("C")
    return column


def _count_on(target: Connection) -> None:
    """Give new rows numbers after the highest copied one."""
    for table in _tables():
        key = table.autoincrement_column
        if key is None:
            continue
        highest = target.scalar(select(func.max(key)))
        if highest is not None:
            sequence = func.pg_get_serial_sequence(table.name, key.name)
            target.execute(select(func.setval(sequence, highest)))
