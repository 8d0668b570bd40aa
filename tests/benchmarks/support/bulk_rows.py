"""Puts millions of rows into either database: COPY on PostgreSQL, one transaction on SQLite.

Foreign keys are not looked at meanwhile and indexes are made afterwards, which is what makes it
fast. The statistics of PostgreSQL are then what its autovacuum would have made.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Protocol

import psycopg
from sqlalchemy import Engine

from cloud.database.base import Base
from cloud.database.engine import Engines

Cell = str | int | None
"""Times are text in UTC without their zone; truths are 0 and 1."""
Row = tuple[Cell, ...]
Chunk = Mapping[str, Sequence[Row]]
"""Rows by the name of their table."""


class Filler(Protocol):
    """Takes rows in; they are there when its block ends."""

    def put(self, chunk: Chunk) -> None:
        """Add rows, whose cells are in the order of the columns that were named."""


class _Sqlite:
    def __init__(
        self, connection: sqlite3.Connection, columns: Mapping[str, Sequence[str]]
    ) -> None:
        self._connection = connection
        self._statements = {
            table: f"INSERT INTO {table} ({', '.join(names)})"  # noqa: S608  names of our models
            f" VALUES ({', '.join('?' * len(names))})"
            for table, names in columns.items()
        }

    def put(self, chunk: Chunk) -> None:
        for table, rows in chunk.items():
            self._connection.executemany(self._statements[table], rows)


class _Postgres:
    def __init__(
        self,
        connection: psycopg.Connection[tuple[object, ...]],
        columns: Mapping[str, Sequence[str]],
    ) -> None:
        self._connection = connection
        self._columns = columns

    def put(self, chunk: Chunk) -> None:
        for table, rows in chunk.items():
            names = ", ".join(self._columns[table])
            with (
                self._connection.cursor() as cursor,
                cursor.copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy,
            ):
                copy.write("".join(map(_line, rows)))


def _line(row: Row) -> str:
    return "\t".join([r"\N" if cell is None else str(cell) for cell in row]) + "\n"


@contextmanager
def filling(engines: Engines, columns: Mapping[str, Sequence[str]]) -> Iterator[Filler]:
    """Rows may be put in the block; afterwards the indexes are there and the server knows them."""
    with _without_indexes(engines.writer, columns):
        if engines.is_sqlite:
            with closing(sqlite3.connect(str(engines.writer.url.database))) as file, file:
                yield _Sqlite(file, columns)
        else:
            with _server(engines) as server:
                server.execute("SET TIME ZONE 'UTC'")
                server.execute("SET session_replication_role = replica")
                yield _Postgres(server, columns)
    if not engines.is_sqlite:
        tidy(engines)


def tidy(engines: Engines) -> None:
    """What PostgreSQL's autovacuum would do in time."""
    with _server(engines) as server:
        server.autocommit = True
        server.execute("VACUUM ANALYZE")


def _server(engines: Engines) -> psycopg.Connection[tuple[object, ...]]:
    address = engines.writer.url.set(drivername="postgresql")
    return psycopg.connect(address.render_as_string(hide_password=False))


@contextmanager
def _without_indexes(engine: Engine, tables: Iterable[str]) -> Iterator[None]:
    indexes = [index for name in tables for index in Base.metadata.tables[name].indexes]
    with engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
    yield
    with engine.begin() as connection:
        for index in indexes:
            index.create(connection)
