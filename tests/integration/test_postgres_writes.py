"""PostgreSQL: real conflicts, deadlocks and lost connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import Connection, event, func, select
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.errors import (
    CommitUnknown,
    ConnectionLost,
    DatabaseBusy,
)
from cloud.database.scope import Scope, scoped
from cloud.database.write import Database
from cloud.fleet.models import PackingTable
from tests.database_rows import (
    TEST,
    WHEN,
    add_organisation,
    names,
    only_postgres,
)


@only_postgres
def test_real_serialization_failure_runs_the_unit_again(database: Database) -> None:
    key = database.write(add_organisation("0"), TEST)
    barrier = Barrier(2, timeout=20)
    runs: list[str] = []

    def unit(session: Session) -> None:
        row = session.get_one(Organisation, key)
        runs.append(row.name)
        if len(runs) <= 2:
            barrier.wait()  # Both have read the same state: one of them must be refused.
        row.name = str(int(row.name) + 1)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(database.write, unit, TEST) for _ in range(2)]:
            done.result()
    assert runs[:2] == ["0", "0"]
    assert len(runs) >= 3
    assert names(database) == ["2"]


@only_postgres
def test_row_that_a_rival_has_just_added_is_found_when_run_again(database: Database) -> None:
    """The rival adds without looking: PostgreSQL calls that a violation, not a conflict."""
    scope = scoped(database.write(add_organisation("one"), TEST))
    looked: list[bool] = []

    def add_blindly(session: Session) -> None:
        session.add(PackingTable(name="A", created_at=WHEN))

    def unit(session: Session) -> int:
        found = session.scalars(select(PackingTable).where(PackingTable.name == "A")).first()
        looked.append(found is not None)
        if found is None:
            rival = Thread(target=database.write, args=(add_blindly, scope))
            rival.start()
            rival.join()
            found = PackingTable(name="A", created_at=WHEN)
            session.add(found)
            session.flush()
        return found.id

    database.write(unit, scope)
    assert looked == [False, True]


@only_postgres
def test_row_of_a_rival_is_found_also_after_conflicts(database: Database) -> None:
    key = database.write(add_organisation("0"), TEST)
    scope = scoped(key)
    seen: list[str] = []

    def count_up(session: Session) -> None:
        row = session.get_one(Organisation, key)
        row.name = str(int(row.name) + 1)

    def add_blindly(session: Session) -> None:
        session.add(PackingTable(name="A", created_at=WHEN))

    def rival(unit: Callable[[Session], None], of: Scope) -> None:
        thread = Thread(target=database.write, args=(unit, of))
        thread.start()
        thread.join()

    def unit(session: Session) -> None:
        row = session.get_one(Organisation, key)
        found = session.scalars(select(PackingTable).where(PackingTable.name == "A")).first()
        seen.append("found" if found else row.name)
        if len(seen) <= 3:
            rival(count_up, TEST)  # refuses what follows as a conflict
        elif found is None:
            rival(add_blindly, scope)  # and this one as a violation
        if found is None:
            session.add(PackingTable(organisation_id=key, name="A", created_at=WHEN))
            session.flush()
        row.name = f"{row.name}0"

    database.write(unit, TEST)
    assert seen == ["0", "1", "2", "3", "found"]


@only_postgres
def test_real_deadlock_runs_the_unit_again(database: Database) -> None:
    keys = [
        database.write(add_organisation("0"), TEST),
        database.write(add_organisation("0"), TEST),
    ]
    barrier = Barrier(2, timeout=20)
    runs: list[int] = []

    def unit(order: list[int]) -> Callable[[Session], None]:
        def count_up(session: Session) -> None:
            runs.append(order[0])
            together = len(runs) <= 2
            for key in order:
                statement = select(Organisation).where(Organisation.id == key).with_for_update()
                row = session.scalars(statement).one()
                row.name = str(int(row.name) + 1)
                session.flush()
                if together and key == order[0]:
                    barrier.wait()

        return count_up

    with ThreadPoolExecutor(2) as pool:
        rivals = [unit(keys), unit(keys[::-1])]
        for done in [pool.submit(database.write, rival, TEST) for rival in rivals]:
            done.result()
    assert len(runs) >= 3
    assert names(database) == ["2", "2"]


@only_postgres
def test_conflict_without_end_gives_up_as_transient(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.database.postgres_writer.LONGEST_PAUSE_S", 0.0)
    key = database.write(add_organisation("0"), TEST)
    runs: list[int] = []

    def hopeless(session: Session) -> None:
        runs.append(1)
        row = session.get_one(Organisation, key)
        rival = Thread(target=database.write, args=(rename, TEST))
        rival.start()
        rival.join()
        row.name = "mine"

    def rename(session: Session) -> None:
        session.get_one(Organisation, key).name = f"theirs {len(runs)}"

    with pytest.raises(DatabaseBusy):
        database.write(hopeless, TEST)
    assert len(runs) == 12


@only_postgres
def test_lost_connection_is_transient_and_the_next_write_works(database: Database) -> None:
    def cut(session: Session) -> None:
        add_organisation("lost")(session)
        session.scalar(select(func.pg_terminate_backend(func.pg_backend_pid())))

    with pytest.raises(ConnectionLost):
        database.write(cut, TEST)
    database.write(add_organisation("next"), TEST)
    assert names(database) == ["next"]


@only_postgres
def test_connection_lost_in_commit_says_that_the_outcome_is_unknown(database: Database) -> None:
    def cut(connection: Connection) -> None:
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with database.engines.reader.connect() as other:
            other.execute(select(func.pg_terminate_backend(process, 10_000)))

    event.listen(database.engines.writer, "commit", cut, once=True)
    with pytest.raises(CommitUnknown):
        database.write(add_organisation("perhaps"), TEST)
    database.write(add_organisation("next"), TEST)
    assert names(database) == ["next"]


def test_server_that_is_not_there_is_transient(tmp_path: Path) -> None:
    address = f"postgresql+psycopg://nobody@/nothing?host={tmp_path}"
    with Database.open(address) as database, pytest.raises(ConnectionLost):
        database.write(add_organisation("one"), TEST)
