"""SQLite to PostgreSQL: all rows, the same values, and new rows after them (issue 3)."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import cast, func, select, update
from sqlalchemy.dialects.postgresql import REGCLASS

from cloud.accounts.models import Organisation
from cloud.database.changes import Change, changes_after, horizon, record_change
from cloud.database.engine import Engines, make_engines
from cloud.database.errors import MoveRefused, SchemaMismatch
from cloud.database.write import Database
from cloud.migrations import moving
from cloud.migrations.models import metadata
from cloud.migrations.moving import move
from cloud.migrations.upgrade import upgrade
from tests.database_rows import TEST, add_organisation
from tests.fixtures_database import PostgresServer
from tests.support.every_table import HIGHEST, fill, rows_of

pytestmark = pytest.mark.postgres


def quiet(_text: str) -> None:
    """Nobody wants to hear how far it is."""


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "source.sqlite"
    copy.write_bytes(sqlite_template.read_bytes())
    return copy


@pytest.fixture
def source(file: Path) -> Iterator[Engines]:
    engines = make_engines(f"sqlite:///{file}")
    fill(engines.writer)
    yield engines
    engines.dispose()


@pytest.fixture
def address(postgres_server: PostgresServer) -> Iterator[str]:
    """A database without a table."""
    name = postgres_server.create()
    yield postgres_server.address(name)
    postgres_server.drop(name)


@pytest.fixture
def target(address: str) -> Iterator[Engines]:
    engines = make_engines(address)
    yield engines
    engines.dispose()


def is_empty(engines: Engines) -> bool:
    return not any(rows_of(engines.reader).values())


@pytest.mark.parametrize("rows_at_once", [1, 1000])
def test_every_table_arrives_with_the_same_values(
    source: Engines, target: Engines, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr(moving, "ROWS_AT_ONCE", rows_at_once)
    before = rows_of(source.reader)
    moved = move(source, target, quiet)
    assert rows_of(target.reader) == before == rows_of(source.reader)
    assert moved.rows_of == {table.name: 2 for table in metadata.sorted_tables}
    assert all(len(rows) == 2 for rows in before.values())


def test_new_rows_are_numbered_after_the_highest(
    source: Engines, target: Engines, address: str
) -> None:
    move(source, target, quiet)
    with Database.open(address) as database:
        assert database.write(add_organisation("New"), TEST) == HIGHEST + 1
    tables = metadata.sorted_tables
    counted = [one for one in tables if one.autoincrement_column is not None]
    with target.reader.connect() as connection:
        for table in counted:
            name = connection.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
            last = select(func.pg_sequence_last_value(cast(name, REGCLASS)))
            # One was added above.
            assert (connection.scalar(last) or 0) >= HIGHEST, table.name
    assert len(counted) > 15


def test_readers_go_on_from_the_last_change_they_saw(
    source: Engines, target: Engines, address: str
) -> None:
    """An open page that saw change 7 gets the one it had not read, and then what is new."""
    move(source, target, quiet)
    with Database.open(address) as database:
        assert horizon(database).newest_id > HIGHEST
        database.write(
            lambda session: record_change(
                session, kind="test", subject="new", organisation_id=HIGHEST
            ),
            TEST,
        )
        read = changes_after(database, 7, None, 10)
    assert [read[0].id, read[1].subject] == [HIGHEST, "new"]
    assert len(read) == 2


def test_changes_numbered_beyond_the_server_are_refused(source: Engines, target: Engines) -> None:
    with source.writer.begin() as connection:
        connection.execute(update(Change).where(Change.id == HIGHEST).values(id=1 << 62))
    with pytest.raises(MoveRefused, match="changes are numbered up to"):
        move(source, target, quiet)
    assert is_empty(target)


def test_a_database_in_use_is_not_a_target(source: Engines, target: Engines, address: str) -> None:
    upgrade(target)
    with Database.open(address) as database:
        database.write(add_organisation("Somebody"), TEST)
    before = rows_of(target.reader)
    with pytest.raises(MoveRefused, match="not empty: its table organisations has rows"):
        move(source, target, quiet)
    assert rows_of(target.reader) == before


def test_other_schemas_are_refused(source: Engines, target: Engines) -> None:
    with source.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="9999"):
        move(source, target, quiet)


def test_a_target_of_another_schema_is_refused(source: Engines, target: Engines) -> None:
    upgrade(target)
    with target.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="9999"):
        move(source, target, quiet)
    assert is_empty(target)


def test_only_sqlite_is_moved_and_only_to_postgresql(source: Engines, target: Engines) -> None:
    for wrong in ((source, source), (target, target), (target, source)):
        with pytest.raises(MoveRefused, match="from SQLite to PostgreSQL"):
            move(*wrong, quiet)


def test_a_row_that_postgresql_refuses_is_named_by_its_table_alone(
    source: Engines, target: Engines
) -> None:
    """SQLite keeps to no length."""
    with source.writer.begin() as connection:
        connection.execute(update(Organisation).values(name="secret " * 1000))
    with pytest.raises(MoveRefused, match=r"row of table organisations \(22001\)") as caught:
        move(source, target, quiet)
    assert "secret" not in str(caught.value)
    assert is_empty(target)


class Interrupted(BaseException):
    """The person pressed Ctrl-C, or the machine stopped."""


@pytest.mark.parametrize(
    "at", ["so far 2 rows of table attempts", "so far 2 of 2 rows of table att"]
)
def test_an_interrupted_move_leaves_the_target_empty(
    source: Engines, target: Engines, at: str
) -> None:
    def stop(text: str) -> None:
        if text.startswith(at):
            raise Interrupted

    with pytest.raises(Interrupted):
        move(source, target, stop)
    assert is_empty(target)
    assert move(source, target, quiet).rows > 0


def test_a_value_that_comes_back_altered_undoes_everything(
    source: Engines, target: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = moving._insert

    def altering(table: object, rows: list[dict[str, object]], connection: object) -> None:
        changed = [dict(row) for row in rows]
        if getattr(table, "name", "") == "shops":
            changed[0]["name"] = "another"
        real(table, changed, connection)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(moving, "_insert", altering)
    with pytest.raises(MoveRefused, match="table shops is not the same after copying"):
        move(source, target, quiet)
    assert is_empty(target)


def test_nobody_writes_to_the_source_meanwhile(
    file: Path, source: Engines, target: Engines
) -> None:
    """A command beside the cloud would add a table or a shop that is not moved."""
    refused: list[str] = []

    def write(_text: str) -> None:
        if not refused:
            other = sqlite3.connect(file, timeout=0)
            with pytest.raises(sqlite3.OperationalError) as caught:
                other.execute("DELETE FROM attempts")
            refused.append(str(caught.value))
            other.close()

    move(source, target, write)
    assert refused == ["database is locked"]
