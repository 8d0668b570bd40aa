"""A database from before pictures of several photos: what it holds means the same afterwards."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Boolean, Connection, DateTime, Integer, LargeBinary, MetaData, Table, insert
from sqlalchemy.exc import IntegrityError

from cloud.database.engine import Engines, make_engines
from cloud.migrations.upgrade import configuration, upgrade

BEFORE = "0004"
SHA = "a" * 64
NOW = datetime(2026, 11, 22, tzinfo=UTC)
_FILLERS: dict[type[Any], Any] = {
    Boolean: False,
    DateTime: NOW,
    Integer: 0,
    LargeBinary: b"",
}


@pytest.fixture
def engines(database_address: str) -> Iterator[Engines]:
    engines = make_engines(database_address)
    yield engines
    engines.dispose()


@pytest.fixture
def old(engines: Engines) -> None:
    """One shop of each kind, and a dispatch of a text and a photo."""
    with engines.writer.begin() as connection:
        command.upgrade(configuration(connection), BEFORE)
    with engines.writer.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        organisation = add(connection, tables, "organisations", name="Seller")
        shops = [
            add(connection, tables, "shops", kept_free_for_people=kept, external_id=str(kept))
            for kept in (0, 1, 3)
        ]
        assert organisation == 1
        ids = {"shop_id": shops[0], "buyer_id": "b1"}
        conversation = add(connection, tables, "conversations", **ids)
        dispatch = add(connection, tables, "dispatches", kind="proof", state="queued")
        about = {"conversation_id": conversation, "dispatch_id": dispatch, "shop_id": shops[0]}
        for position, (kind, sha256) in enumerate([("text", None), ("image", SHA)]):
            what = {"position": position, "kind": kind, "photo_sha256": sha256, "state": "queued"}
            add(connection, tables, "messages", **about, **what)


def add(connection: Connection, tables: MetaData, kind_of_row: str, /, **values: Any) -> int:
    table = tables.tables[kind_of_row]
    row = {**_needed(table), **values}
    result = connection.execute(insert(table).values(row))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _needed(table: Table) -> dict[str, Any]:
    """Something for each column that must have a value."""
    needed: dict[str, Any] = {}
    for column in table.columns:
        if not column.nullable and not column.primary_key and column.server_default is None:
            kinds = (value for kind, value in _FILLERS.items() if isinstance(column.type, kind))
            needed[column.name] = next(kinds, "")
    if "organisation_id" in needed:
        needed["organisation_id"] = 1
    return needed


@pytest.mark.usefixtures("old")
def test_a_message_shows_the_photo_that_it_showed(engines: Engines) -> None:
    upgrade(engines)
    with engines.reader.connect() as connection:
        rows = connection.exec_driver_sql("SELECT kind, photos FROM messages ORDER BY position")
        assert [tuple(row) for row in rows] == [("text", ""), ("image", SHA)]


@pytest.mark.usefixtures("old")
def test_the_old_default_becomes_the_new_one_and_other_choices_stay(engines: Engines) -> None:
    upgrade(engines)
    with engines.reader.connect() as connection:
        rows = connection.exec_driver_sql("SELECT kept_free_for_people FROM shops ORDER BY id")
        assert [kept for (kept,) in rows] == [0, 2, 3]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE messages SET state = 'sent'",
        "UPDATE messages SET state = 'claimed'",
        "UPDATE messages SET kind = 'letter'",
        "UPDATE messages SET photos = ''",
        "UPDATE messages SET position = 0",
        "UPDATE shops SET picture_side_px = 10",
    ],
)
@pytest.mark.usefixtures("old")
def test_conditions_hold_in_the_changed_tables(engines: Engines, change: str) -> None:
    """The old ones too: SQLite changes a table by copying it."""
    upgrade(engines)
    with pytest.raises(IntegrityError), engines.writer.begin() as connection:
        connection.exec_driver_sql(change)
