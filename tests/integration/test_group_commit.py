"""SQLite: one writer thread, commits shared by the units that wait."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database import sqlite_writer
from cloud.database.engine import make_engines
from cloud.database.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFull,
    DatabaseUnusable,
    WriteMisuse,
    WriterStopped,
)
from cloud.database.write import Database
from tests.database_rows import (
    TEST,
    WHEN,
    UnitRefused,
    add_organisation,
    names,
    only_sqlite,
)


class Group:
    """Holds the writer thread until a whole group waits in its queue."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.commits = 0
        self._go_on = Event()
        self._held = Event()
        self._pool = ThreadPoolExecutor(80)
        event.listen(database.engines.writer, "commit", self._count)

    def _count(self, _connection: object) -> None:
        self.commits += 1

    def run(self, *units: Callable[[Session], object]) -> list[Future[object]]:
        def hold(_session: Session) -> None:
            self._held.set()
            self._go_on.wait(20)

        holder = self._pool.submit(self.database.write, hold, TEST)
        self._held.wait(20)
        waiting = self.database._writer
        assert isinstance(waiting, sqlite_writer.GroupCommitWriter)
        futures = []
        for number, unit in enumerate(units, start=1):
            futures.append(self._pool.submit(self.database.write, unit, TEST))
            while waiting._queue.qsize() < number:
                Event().wait(0.001)
        self._go_on.set()
        holder.result()
        self._pool.shutdown()
        self.commits -= 1
        return futures


@only_sqlite
def test_waiting_units_share_one_commit(database: Database) -> None:
    group = Group(database)
    futures = group.run(*[add_organisation(f"n{number:02}") for number in range(20)])
    assert sorted(names(database)) == [f"n{number:02}" for number in range(20)]
    assert len({future.result() for future in futures}) == 20
    assert group.commits == 1


@only_sqlite
def test_group_is_limited(database: Database) -> None:
    group = Group(database)
    group.run(
        *[add_organisation(f"n{number:02}") for number in range(sqlite_writer.GROUP_LIMIT + 1)]
    )
    assert group.commits == 2
    assert len(names(database)) == sqlite_writer.GROUP_LIMIT + 1


@only_sqlite
def test_unit_that_raises_harms_no_other_of_its_group(database: Database) -> None:
    def bad(session: Session) -> None:
        add_organisation("bad")(session)
        raise UnitRefused

    group = Group(database)
    first, second, third = group.run(add_organisation("first"), bad, add_organisation("third"))
    first.result()
    third.result()
    with pytest.raises(UnitRefused):
        second.result()
    assert names(database) == ["first", "third"]
    assert group.commits == 2


@only_sqlite
def test_unit_that_breaks_its_session_harms_no_other_of_its_group(database: Database) -> None:
    def swallowing(session: Session) -> None:
        for _ in range(2):
            session.add(Organisation(id=7, name="twice", created_at=WHEN))
            with suppress(DBAPIError):
                session.flush()

    group = Group(database)
    first, second = group.run(add_organisation("first"), swallowing)
    first.result()
    with pytest.raises(WriteMisuse, match="let it rise"):
        second.result()
    assert names(database) == ["first"]


@only_sqlite
def test_no_caller_goes_on_before_the_commit(database: Database) -> None:
    seen: list[list[str]] = []

    def look(_connection: object) -> None:
        seen.append(names(database))

    event.listen(database.engines.writer, "commit", look)
    database.write(add_organisation("one"), TEST)
    assert seen == [[]]
    assert names(database) == ["one"]


@only_sqlite
def test_dead_writer_is_reported_and_fails_all_who_wait(migrated_address: str) -> None:
    deaths: list[BaseException] = []
    database = Database.open(migrated_address, on_death=deaths.append)

    def fatal(_session: Session) -> None:
        raise SystemExit

    fatal_write, next_write = Group(database).run(fatal, add_organisation("next"))
    for write in (fatal_write, next_write):
        with pytest.raises(WriterStopped, match="SystemExit"):
            write.result()
    with pytest.raises(WriterStopped, match="SystemExit"):
        database.write(add_organisation("later"), TEST)
    database.close()
    assert [type(death) for death in deaths] == [SystemExit]


@only_sqlite
def test_full_disk_is_transient_and_leaves_earlier_rows(database: Database) -> None:
    database.write(add_organisation("before"), TEST)

    def limit_pages(connection: object, _entry: object, _proxy: object) -> None:
        connection.execute("PRAGMA max_page_count=1").close()  # type: ignore[attr-defined]

    event.listen(database.engines.writer, "checkout", limit_pages)
    with pytest.raises(DatabaseFull):
        database.write(add_organisation("x" * 100_000), TEST)
    event.remove(database.engines.writer, "checkout", limit_pages)

    def lift(connection: object, _entry: object, _proxy: object) -> None:
        connection.execute("PRAGMA max_page_count=100000").close()  # type: ignore[attr-defined]

    event.listen(database.engines.writer, "checkout", lift)
    database.write(add_organisation("after"), TEST)
    assert names(database) == ["after", "before"]


@only_sqlite
def test_lock_of_another_program_is_transient(
    database: Database, migrated_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.database.engine.BUSY_TIMEOUT_S", 0.05)
    other = make_engines(migrated_address)
    impatient = Database.open(migrated_address)
    with other.writer.begin(), pytest.raises(DatabaseBusy):
        impatient.write(add_organisation("one"), TEST)
    impatient.write(add_organisation("two"), TEST)
    impatient.close()
    other.dispose()
    assert names(database) == ["two"]


@only_sqlite
def test_waiting_group_waits_once_for_the_lock_of_another_program(
    migrated_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.database.engine.BUSY_TIMEOUT_S", 0.05)
    other = make_engines(migrated_address)
    with Database.open(migrated_address) as database:
        group = Group(database)
        lock = other.writer.connect()
        begins: list[object] = []

        def lock_the_second(connection: object) -> None:
            begins.append(connection)
            if len(begins) == 2:  # The first holds the writer until the group waits.
                lock.begin()

        event.listen(database.engines.writer, "begin", lock_the_second, insert=True)
        for write in group.run(*[add_organisation("x") for _ in range(5)]):
            with pytest.raises(DatabaseBusy):
                write.result()
        assert len(begins) == 2
        lock.close()
    other.dispose()


@only_sqlite
def test_sqlite_is_set_to_be_durable(database: Database) -> None:
    with database.engines.writer.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_new_database_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite"
    database = Database.open(f"sqlite:///{file}")
    with database.engines.writer.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE made (id INTEGER)")
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    database.close()
    assert modes
    assert set(modes.values()) == {0o600}


def test_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    file = tmp_path / "photo.sqlite"
    file.write_bytes(b"\xff\xd8" * 4096)
    with Database.open(f"sqlite:///{file}") as database, pytest.raises(DatabaseDamaged):
        database.write(add_organisation("one"), TEST)
    assert file.read_bytes() == b"\xff\xd8" * 4096


@pytest.mark.parametrize(
    "address", ["", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "sqlite:////nowhere/at/all"]
)
def test_address_that_cannot_work_is_refused(address: str) -> None:
    with pytest.raises(DatabaseUnusable):
        make_engines(address)
