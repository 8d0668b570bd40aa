"""Upgrading a database: to exactly what the models say, or not at all."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Constraint, Index, MetaData, Table, inspect
from sqlalchemy.engine import Inspector

from cloud.database.engine import Engines, make_engines
from cloud.database.errors import DatabaseDamaged, SchemaMismatch
from cloud.migrations import upgrade as upgrade_module
from cloud.migrations.generate import _portable
from cloud.migrations.models import MODULES, metadata
from cloud.migrations.upgrade import configuration, require_current, upgrade
from tests.database_rows import only_postgres, only_sqlite

CLOUD = Path(__file__).parents[2] / "cloud"


@pytest.fixture
def engines(database_address: str) -> Iterator[Engines]:
    engines = make_engines(database_address)
    yield engines
    engines.dispose()


def described(connection: Connection) -> dict[str, object]:
    """Return all that the database itself says of its tables."""
    look: Inspector = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"])
                for column in look.get_columns(table)
            },
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "indexes": sorted(in_words(index) for index in look.get_indexes(table)),
            "unique": sorted(in_words(one) for one in look.get_unique_constraints(table)),
            "checks": sorted(in_words(one) for one in look.get_check_constraints(table)),
            "references": sorted(in_words(one) for one in look.get_foreign_keys(table)),
        }
        for table in sorted(set(look.get_table_names()) - {"alembic_version"})
    }


def in_words(value: object) -> str:
    """Return a description without the identity of objects in it (conditions of indexes)."""
    if isinstance(value, Mapping):
        return str(sorted((key, in_words(each)) for key, each in value.items()))
    return str(value)


def test_migrations_make_what_the_models_say(engines: Engines) -> None:
    upgrade(engines)
    with engines.writer.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrations_make_the_same_database_as_the_models(engines: Engines) -> None:
    """Alembic compares no check constraints; this compares everything that the engine shows."""
    upgrade(engines)
    with engines.writer.begin() as connection:
        migrated = described(connection)
        found = MetaData()
        found.reflect(connection)
        found.drop_all(connection)
        metadata.create_all(connection)
        assert described(connection) == migrated


def test_every_module_with_tables_is_known_to_the_migrations() -> None:
    files = [path for path in CLOUD.rglob("*.py") if "__tablename__ = " in path.read_text()]
    found = {".".join(path.relative_to(CLOUD.parent).with_suffix("").parts) for path in files}
    assert found == set(MODULES)


def _named(table: Table) -> list[Constraint | Index]:
    return [*table.constraints, *table.indexes]


def test_names_of_constraints_fit_postgresql() -> None:
    tables = metadata.tables.values()
    names = [str(each.name) for table in tables for each in _named(table)]
    assert [name for name in names if len(name) > 63] == []


def test_upgrade_of_a_current_database_changes_nothing(engines: Engines) -> None:
    upgrade(engines)
    upgrade(engines)
    require_current(engines)


def test_processes_that_start_together_upgrade_once(database_address: str) -> None:
    program = (
        "import sys; from cloud.database.engine import make_engines; "
        "from cloud.migrations.upgrade import require_current, upgrade; "
        "engines = make_engines(sys.argv[1]); upgrade(engines); require_current(engines)"
    )
    command = [sys.executable, "-c", program, database_address]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    said = [process.communicate()[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said


def test_empty_database_is_not_current(engines: Engines) -> None:
    with pytest.raises(SchemaMismatch, match="upgrade it first"):
        require_current(engines)


def test_database_of_a_newer_version_is_refused_unharmed(engines: Engines) -> None:
    upgrade(engines)
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        before = described(connection)
    for act in (upgrade, require_current):
        with pytest.raises(SchemaMismatch, match=r"9999.*newer version"):
            act(engines)
    with engines.writer.begin() as connection:
        assert described(connection) == before
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    assert version == "9999"


def test_database_of_another_program_is_refused_unharmed(engines: Engines) -> None:
    with engines.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE recipes (id INTEGER)")
    with pytest.raises(SchemaMismatch, match="another program"):
        upgrade(engines)
    with engines.writer.begin() as connection:
        assert inspect(connection).get_table_names() == ["recipes"]


def test_upgrade_that_fails_leaves_nothing_behind(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_scripts(
        monkeypatch,
        tmp_path / "scripts",
        '    op.create_table("half", sa.Column("id", sa.Integer))\n'
        '    op.create_table("half", sa.Column("id", sa.Integer))\n',
    )
    with pytest.raises(Exception, match="already exists"):
        upgrade(engines)
    with engines.writer.begin() as connection:
        assert inspect(connection).get_table_names() == []


@only_sqlite
def test_copying_a_table_does_not_delete_what_refers_to_it(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite changes a column by copying and dropping the table, which would cascade."""
    use_scripts(
        monkeypatch,
        tmp_path / "scripts",
        '    op.create_table("parents", sa.Column("id", sa.Integer, primary_key=True))\n'
        '    op.create_table("children", sa.Column("parent_id", sa.Integer,'
        ' sa.ForeignKey("parents.id", ondelete="CASCADE")))\n'
        '    op.execute("INSERT INTO parents VALUES (1)")\n'
        '    op.execute("INSERT INTO children VALUES (1)")\n'
        '    with op.batch_alter_table("parents", recreate="always") as batch:\n'
        '        batch.add_column(sa.Column("name", sa.String))\n',
    )
    upgrade(engines)
    with engines.writer.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM children").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@only_sqlite
def test_upgrade_that_breaks_references_is_refused(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_scripts(
        monkeypatch,
        tmp_path / "scripts",
        '    op.create_table("parents", sa.Column("id", sa.Integer, primary_key=True))\n'
        '    op.create_table("children", sa.Column("parent_id", sa.Integer,'
        ' sa.ForeignKey("parents.id")))\n'
        '    op.execute("INSERT INTO children VALUES (1)")\n',
    )
    with pytest.raises(SchemaMismatch, match="1 rows of children"):
        upgrade(engines)
    with engines.writer.begin() as connection:
        assert inspect(connection).get_table_names() == []


@only_postgres
def test_upgrade_waits_for_another_one(database_address: str, engines: Engines) -> None:
    other = make_engines(database_address)
    with other.writer.connect() as first, first.begin(), ThreadPoolExecutor(1) as pool:
        first.exec_driver_sql(f"SELECT pg_advisory_xact_lock({upgrade_module._LOCK_NUMBER})")
        waiting = pool.submit(upgrade, engines)
        blocked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while first.exec_driver_sql(blocked).scalar() == 0:
            assert not waiting.done()
        first.rollback()
        waiting.result()
    other.dispose()


def test_file_that_is_no_database_is_refused_unharmed(tmp_path: Path) -> None:
    file = tmp_path / "photo.sqlite"
    file.write_bytes(b"\xff\xd8" * 4096)
    engines = make_engines(f"sqlite:///{file}")
    with pytest.raises(DatabaseDamaged):
        upgrade(engines)
    engines.dispose()
    assert file.read_bytes() == b"\xff\xd8" * 4096


def test_revisions_are_one_line_of_numbers(tmp_path: Path) -> None:
    engines = make_engines(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with engines.writer.connect() as connection:
        scripts = ScriptDirectory.from_config(configuration(connection))
    engines.dispose()
    numbers = [script.revision for script in scripts.walk_revisions()][::-1]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


def test_old_database_keeps_its_rows_through_an_upgrade(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    engines = make_engines(f"sqlite:///{file}")
    upgrade(engines)
    engines.dispose()
    with sqlite3.connect(file) as connection:
        connection.execute(
            "INSERT INTO organisations (name, created_at, webcam_entitled, requires_code)"
            " VALUES ('kept', '2026', 1, 0)"
        )
    connection.close()
    engines = make_engines(f"sqlite:///{file}")
    upgrade(engines)
    with engines.reader.connect() as reading:
        assert reading.exec_driver_sql("SELECT name FROM organisations").scalar() == "kept"
    engines.dispose()


def use_scripts(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str) -> None:
    """Let `upgrade` run one migration with this body instead of the product's."""
    (folder / "versions").mkdir(parents=True)
    migrations = CLOUD / "migrations"
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_text((migrations / name).read_text())
    (folder / "versions" / "0001_test.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f'revision = "0001"\ndown_revision = None\ndef upgrade():\n{body}'
    )
    monkeypatch.setattr(upgrade_module, "SCRIPTS", folder)


def test_generated_conditions_use_the_booleans_of_each_engine() -> None:
    code = 'sqlite_where=sa.text("a IS 0"), postgresql_where=sa.text("a IS 0 AND b IS 1")\n'
    assert _portable("    # ### made by Alembic\n" + code) == (
        'sqlite_where=sa.text("a IS 0"), postgresql_where=sa.text("a IS false AND b IS true")\n'
    )
