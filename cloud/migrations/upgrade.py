"""Brings a database to this version's schema, or refuses one that it does not know.

There is no way back: an older program refuses the newer schema, and the backup is the way back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SQLAlchemyError

from cloud.database.engine import BUSY_TIMEOUT_S, Engines
from cloud.database.errors import SchemaMismatch
from cloud.database.translate import outside_view

SCRIPTS = Path(__file__).parent
# Any number that no other program of the server is likely to lock.
_LOCK_NUMBER = 7_042_021_101
_LONGEST_UPGRADE_S = 600


def upgrade(engines: Engines) -> None:
    """Bring the database to the newest schema, in one transaction: all of it or nothing.

    Processes that start together wait for the first. Raises SchemaMismatch, before anything is
    written, for a database of a newer version or of another program; else as `Database.write`.
    """
    try:
        with _exclusive(engines) as connection:
            config = configuration(connection)
            _refuse_unknown(connection, ScriptDirectory.from_config(config))
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        view = outside_view(error)
        raise view from view.__cause__


def require_current(engines: Engines) -> None:
    """Raise SchemaMismatch unless the database has exactly this version's schema."""
    try:
        with engines.reader.connect() as connection:
            scripts = ScriptDirectory.from_config(configuration(connection))
            _refuse_unknown(connection, scripts)
            if _revisions(connection) != set(scripts.get_heads()):
                raise SchemaMismatch("the database has an older schema: upgrade it first")
    except SQLAlchemyError as error:
        view = outside_view(error)
        raise view from view.__cause__


def configuration(connection: Connection) -> Config:
    """Return Alembic's settings for work on this connection."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _refuse_unknown(connection: Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    found = _revisions(connection)
    if found - known:
        raise SchemaMismatch(
            f"the database has schema {', '.join(sorted(found - known))}, which this version does "
            "not know: it was made by a newer version. Start that version again, or restore the "
            "backup from before it"
        )
    if not found and set(inspect(connection).get_table_names()) - {"alembic_version"}:
        raise SchemaMismatch(
            "the database holds tables but no schema version: it belongs to another program. "
            "Name an empty database"
        )


def _revisions(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


@contextmanager
def _exclusive(engines: Engines) -> Iterator[Connection]:
    """Yield a connection in a transaction that no other upgrade can be in."""
    if engines.is_sqlite:
        with (
            engines.writer.connect() as connection,
            _with_patience(connection),
            _without_foreign_keys(connection),
            connection.begin(),
        ):
            yield connection
            _refuse_broken_references(connection)
        return
    with engines.writer.connect() as connection:
        # Not SERIALIZABLE: after waiting for the lock it must see what the other one did. Said
        # here, because an option of an engine made from `writer` would lose against its own.
        connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})")
            yield connection


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Switch references off while tables are copied: dropping one would delete what refers to it.

    SQLite ignores this switch inside a transaction, so it goes to the driver itself.
    """
    _tell_driver(connection, "PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        _tell_driver(connection, "PRAGMA foreign_keys=ON")


@contextmanager
def _with_patience(connection: Connection) -> Iterator[None]:
    """Wait for another process's upgrade for longer than for any other of its transactions."""
    _tell_driver(connection, f"PRAGMA busy_timeout={_LONGEST_UPGRADE_S * 1000}")
    try:
        yield
    finally:
        _tell_driver(connection, f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}")


def _tell_driver(connection: Connection, pragma: str) -> None:
    driver = connection.connection.driver_connection
    if driver is None:
        raise SchemaMismatch("the database connection is closed")
    driver.execute(pragma).close()


def _refuse_broken_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise SchemaMismatch(
            f"the upgrade would leave {len(broken)} rows of {broken[0][0]} without what they refer "
            "to; nothing was changed"
        )
