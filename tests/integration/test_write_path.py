"""The write path on both engines: what a caller of `Database.write` can rely on."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from threading import Barrier, Event

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.clock import database_now
from cloud.database.errors import (
    ConstraintViolated,
    DatabaseReadOnly,
    WriteMisuse,
    WriterStopped,
)
from cloud.database.scope import scoped
from cloud.database.translate import outside_view
from cloud.database.write import Database
from cloud.fleet.models import PackingTable
from tests.database_rows import TEST, WHEN, UnitRefused, add_organisation, names


def test_result_is_returned_and_written_after_write(database: Database) -> None:
    number = database.write(add_organisation("one"), TEST)
    with database.read(TEST) as session:
        assert session.get_one(Organisation, number).name == "one"


def test_rows_returned_by_a_unit_stay_readable(database: Database) -> None:
    def unit(session: Session) -> Organisation:
        row = Organisation(name="kept", created_at=WHEN)
        session.add(row)
        return row

    row = database.write(unit, TEST)
    assert (row.id > 0, row.name) == (True, "kept")


def test_time_comes_back_aware_in_utc_to_the_microsecond(database: Database) -> None:
    database.write(add_organisation("one"), TEST)
    with database.read(TEST) as session:
        found = session.scalars(select(Organisation.created_at)).one()
    assert (found, found.tzinfo) == (WHEN, UTC)


def test_naive_time_is_refused(database: Database) -> None:
    naive = WHEN.replace(tzinfo=None)

    def unit(session: Session) -> None:
        session.add(Organisation(name="one", created_at=naive))

    with pytest.raises(Exception, match="without a zone"):
        database.write(unit, TEST)


def test_database_time_is_aware_and_compares_with_stored_times(database: Database) -> None:
    def unit(session: Session) -> datetime:
        now = database_now(session)
        session.add(Organisation(name="now", created_at=now))
        session.flush()
        found = session.scalars(select(Organisation).where(Organisation.created_at <= now)).one()
        assert found.created_at == now
        return now

    now = database.write(unit, TEST)
    assert now.tzinfo is UTC
    assert abs((now - datetime.now(UTC)).total_seconds()) < 60


def test_error_of_a_unit_reaches_its_caller_and_undoes_its_rows(database: Database) -> None:
    def unit(session: Session) -> None:
        add_organisation("undone")(session)
        raise UnitRefused

    with pytest.raises(UnitRefused):
        database.write(unit, TEST)
    database.write(add_organisation("next"), TEST)
    assert names(database) == ["next"]


def test_unit_that_goes_on_after_a_failed_statement_writes_nothing(database: Database) -> None:
    """PostgreSQL answers the COMMIT of a failed transaction without an error."""

    def unit(session: Session) -> None:
        add_organisation("swallowed")(session)
        session.add(Organisation(id=1, name="first", created_at=WHEN))
        session.add(Organisation(id=1, name="second", created_at=WHEN))
        with suppress(DBAPIError):
            session.flush()

    with pytest.raises(WriteMisuse, match="let it rise"):
        database.write(unit, TEST)
    assert names(database) == []


def test_violated_constraint_is_named_without_the_values(database: Database) -> None:
    organisation_id = database.write(add_organisation("one"), TEST)

    def unit(session: Session) -> None:
        for _ in range(2):
            session.add(PackingTable(name="secret place", created_at=WHEN))

    with pytest.raises(ConstraintViolated, match="packing_tables") as caught:
        database.write(unit, scoped(organisation_id))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_callers_side_by_side_each_get_their_own_result(database: Database) -> None:
    def one(number: int) -> tuple[int, str]:
        key = database.write(add_organisation(f"n{number}"), TEST)
        with database.read(TEST) as session:
            return number, session.get_one(Organisation, key).name

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(one, range(64)))
    assert results == [(number, f"n{number}") for number in range(64)]


def test_read_then_write_units_never_lose_an_update(database: Database) -> None:
    """On PostgreSQL the rivals conflict and run again; on SQLite they run in turn."""
    key = database.write(add_organisation("0"), TEST)

    def count_up(session: Session) -> None:
        row = session.get_one(Organisation, key)
        row.name = str(int(row.name) + 1)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(database.write, count_up, TEST) for _ in range(20)]:
            done.result()
    assert names(database) == ["20"]


def test_add_unless_there_adds_once_for_rivals(database: Database) -> None:
    organisation_id = database.write(add_organisation("one"), TEST)
    barrier = Barrier(2, timeout=20)

    def unit(session: Session) -> int:
        found = session.scalars(select(PackingTable).where(PackingTable.name == "A")).first()
        if found is None:
            found = PackingTable(name="A", created_at=WHEN)
            session.add(found)
            session.flush()
        return found.id

    def rival(_: int) -> int:
        barrier.wait()
        return database.write(unit, scoped(organisation_id))

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(rival, range(2))
    assert first == second


def test_write_within_a_unit_is_refused(database: Database) -> None:
    def unit(_session: Session) -> None:
        database.write(add_organisation("inner"), TEST)

    with pytest.raises(WriteMisuse, match="must not call write"):
        database.write(unit, TEST)


@pytest.mark.parametrize("method", ["commit", "rollback", "begin_nested"])
def test_unit_must_not_end_its_transaction(database: Database, method: str) -> None:
    with pytest.raises(WriteMisuse):
        database.write(lambda session: getattr(session, method)(), TEST)


def test_reading_session_writes_nothing(database: Database) -> None:
    with database.read(TEST) as session:
        session.add(Organisation(name="one", created_at=WHEN))
        with pytest.raises(WriteMisuse):
            session.flush()
    assert names(database) == []


def test_reading_connection_is_read_only_for_statements_too(database: Database) -> None:
    database.write(add_organisation("one"), TEST)
    with database.engines.reader.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.exec_driver_sql("DELETE FROM organisations")
    assert isinstance(outside_view(caught.value), DatabaseReadOnly)
    assert names(database) == ["one"]


def test_reading_session_sees_one_state(database: Database) -> None:
    with database.read(TEST) as session:
        before = session.scalar(select(func.count()).select_from(Organisation))
        database.write(add_organisation("meanwhile"), TEST)
        after = session.scalar(select(func.count()).select_from(Organisation))
    assert (before, after) == (0, 0)
    assert names(database) == ["meanwhile"]


def test_close_finishes_what_waits_and_refuses_the_rest(database: Database) -> None:
    running, go_on = Event(), Event()

    def slow(session: Session) -> None:
        running.set()
        go_on.wait(20)
        add_organisation("waited for")(session)

    with ThreadPoolExecutor(3) as pool:
        written = pool.submit(database.write, slow, TEST)
        running.wait(20)
        closing = pool.submit(database.close)
        go_on.set()
        written.result()
        closing.result()
    with pytest.raises(WriterStopped):
        database.write(add_organisation("late"), TEST)
    assert names(database) == ["waited for"]
    database.close()
