"""A database from before tables could be disabled: each is in use, and listed by its name."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, insert, select

from cloud.database.engine import Engines, make_engines
from cloud.fleet.naming import sort_key
from cloud.migrations.upgrade import configuration, upgrade

BEFORE = "0007"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
NAMES = ("Table 2", "Table 10", "北區 3")


@pytest.fixture
def engines(database_address: str) -> Iterator[Engines]:
    engines = make_engines(database_address)
    yield engines
    engines.dispose()


def reflected(connection: Connection) -> MetaData:
    """The tables as they are now, whatever the models say."""
    tables = MetaData()
    tables.reflect(connection)
    return tables


def test_tables_of_before_are_in_use_and_sorted(engines: Engines) -> None:
    with engines.writer.begin() as connection:
        command.upgrade(configuration(connection), BEFORE)
    with engines.writer.begin() as connection:
        old = reflected(connection).tables
        connection.execute(insert(old["organisations"]).values(id=1, name="Seller", created_at=NOW))
        rows = [{"name": name, "created_at": NOW, "organisation_id": 1} for name in NAMES]
        connection.execute(insert(old["packing_tables"]), rows)
    upgrade(engines)
    with engines.writer.connect() as connection:
        table = reflected(connection).tables["packing_tables"].c
        columns = (table.name, table.sort_key, table.disabled_at, table.retired_at)
        found = connection.execute(select(*columns).order_by(table.id)).all()
    assert [tuple(row) for row in found] == [(name, sort_key(name), None, None) for name in NAMES]
