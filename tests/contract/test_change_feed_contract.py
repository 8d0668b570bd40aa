"""The feed of changes on both engines: nothing is missed, nothing is seen before its commit."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.database.base import utc_now
from cloud.database.changes import PAYLOAD_LIMIT_BYTES, forget_changes, record_change
from cloud.database.feed import ChangeFeed
from cloud.database.scope import scoped
from cloud.database.write import Database
from tests.database_rows import (
    TEST,
    UnitRefused,
    add_organisation,
    names,
    only_postgres,
    only_sqlite,
)

LONG_S = 20.0


@pytest.fixture
def feed(database: Database) -> Iterator[ChangeFeed]:
    feed = ChangeFeed(database)
    yield feed
    feed.close()


@pytest.fixture
def organisation_id(database: Database) -> int:
    return database.write(add_organisation("one"), TEST)


def tell(database: Database, organisation_id: int, *subjects: str) -> None:
    def unit(session: Session) -> None:
        for subject in subjects:
            record_change(session, kind="proof.new", subject=subject)

    database.write(unit, scoped(organisation_id))


def subjects(feed: ChangeFeed, after: int, organisation_id: int | None = None) -> list[str]:
    return [change.subject for change in feed.after(after, organisation_id, 1000)]


def test_changes_come_in_order_with_what_was_said(
    database: Database, feed: ChangeFeed, organisation_id: int
) -> None:
    start = feed.position()

    def unit(session: Session) -> None:
        record_change(session, kind="a", subject="proof:1", device_id="d1", payload={"n": 1})
        record_change(session, kind="b", subject="proof:2")

    database.write(unit, scoped(organisation_id))
    assert feed.wait(start, LONG_S)
    first, second = feed.after(start, None, 10)
    assert (first.kind, first.subject, first.device_id) == ("a", "proof:1", "d1")
    assert (first.payload, first.organisation_id) == ('{"n":1}', organisation_id)
    assert (second.kind, second.subject, second.device_id) == ("b", "proof:2", None)
    assert start < first.id < second.id
    assert first.created_at.tzinfo is not None


def test_reader_goes_on_from_where_it_was(
    database: Database, feed: ChangeFeed, organisation_id: int
) -> None:
    start = feed.position()
    tell(database, organisation_id, "1", "2", "3")
    assert feed.wait(start, LONG_S)
    last_id = feed.after(start, None, 2)[-1].id
    assert subjects(feed, last_id) == ["3"]


def test_change_of_a_unit_that_raised_is_not_told(
    database: Database, feed: ChangeFeed, organisation_id: int
) -> None:
    def unit(session: Session) -> None:
        record_change(session, kind="a", subject="undone")
        session.flush()
        raise UnitRefused

    start = feed.position()
    with pytest.raises(UnitRefused):
        database.write(unit, scoped(organisation_id))
    tell(database, organisation_id, "done")
    assert feed.wait(start, LONG_S)
    assert subjects(feed, start) == ["done"]


def test_each_organisation_reads_its_own(
    database: Database, feed: ChangeFeed, organisation_id: int
) -> None:
    other_id = database.write(add_organisation("two"), TEST)
    start = feed.position()
    tell(database, organisation_id, "mine")
    tell(database, other_id, "other")
    assert feed.wait(start, LONG_S)
    seen_by = {each: subjects(feed, start, each) for each in (organisation_id, other_id)}
    assert seen_by == {organisation_id: ["mine"], other_id: ["other"]}
    assert subjects(feed, start) == ["mine", "other"]


def a_sleeper_of(feed: ChangeFeed, monkeypatch: pytest.MonkeyPatch) -> "Sleeper":
    # Only a signal can wake in time.
    monkeypatch.setattr("cloud.database.feed._LOOK_AGAIN_S", 1000.0)
    return Sleeper(feed, monkeypatch)


class Sleeper:
    """A reader that waits for news and is asleep already."""

    def __init__(self, feed: ChangeFeed, monkeypatch: pytest.MonkeyPatch) -> None:
        self.start = feed.position()
        asleep = Event()
        sleep = feed._sleep

        def told_sleep(seen: int, longest_s: float) -> None:
            asleep.set()
            sleep(seen, longest_s)

        monkeypatch.setattr(feed, "_sleep", told_sleep)
        self._pool = ThreadPoolExecutor(1)
        self._feed = feed
        self._woken = self._pool.submit(feed.wait, self.start, 1000.0)
        assert asleep.wait(LONG_S)

    def was_woken(self) -> bool:
        try:
            return self._woken.result(timeout=LONG_S)
        except TimeoutError:
            self._feed.close()
            return False
        finally:
            self._pool.shutdown()


def test_sleeping_reader_is_woken_by_a_change(
    database: Database,
    feed: ChangeFeed,
    organisation_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not database.engines.is_sqlite:
        listening_process(database)
    sleeper = a_sleeper_of(feed, monkeypatch)
    tell(database, organisation_id, "1")
    assert sleeper.was_woken()


def test_wait_ends_without_news(database: Database, feed: ChangeFeed, organisation_id: int) -> None:
    tell(database, organisation_id, "old")
    assert feed.wait(0, LONG_S)
    assert feed.wait(feed.after(0, None, 10)[-1].id, 0.0) is False


def test_closing_ends_every_wait(database: Database) -> None:
    feed = ChangeFeed(database)
    with ThreadPoolExecutor(2) as pool:
        waits = [pool.submit(feed.wait, 1 << 62, LONG_S) for _ in range(2)]
        feed.close()
        assert [wait.result() for wait in waits] == [False, False]


def test_many_writers_and_a_reader_miss_nothing(
    database: Database, feed: ChangeFeed, organisation_id: int
) -> None:
    """A reader that always goes on from the last id it saw sees every change once."""
    start = last_id = feed.position()
    expected = {f"{writer}-{number}" for writer in range(8) for number in range(25)}

    def write(writer: int) -> None:
        for number in range(25):
            tell(database, organisation_id, f"{writer}-{number}")

    seen: list[str] = []
    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(write, writer) for writer in range(8)]
        while len(seen) < len(expected) and feed.wait(last_id, LONG_S):
            for change in feed.after(last_id, None, 7):
                assert change.id > last_id
                seen.append(change.subject)
                last_id = change.id
        for writer in writers:
            writer.result()
    assert sorted(seen) == sorted(expected)
    assert sorted(subjects(feed, start)) == sorted(expected)


def test_number_is_not_given_again_after_old_changes_are_forgotten(
    database: Database, feed: ChangeFeed, organisation_id: int
) -> None:
    tell(database, organisation_id, "old")
    assert feed.wait(0, LONG_S)
    last_id = feed.after(0, None, 10)[-1].id
    tomorrow = utc_now() + timedelta(days=1)
    assert database.write(lambda session: forget_changes(session, tomorrow), TEST) == 1
    tell(database, organisation_id, "new")
    assert feed.wait(last_id, LONG_S)
    assert subjects(feed, last_id) == ["new"]


def test_large_payload_is_refused(database: Database, organisation_id: int) -> None:
    def unit(session: Session) -> None:
        record_change(session, kind="a", subject="b", payload={"x": "y" * PAYLOAD_LIMIT_BYTES})

    with pytest.raises(ValueError, match="4096 bytes"):
        database.write(unit, scoped(organisation_id))


@only_sqlite
def test_waiter_is_told_after_the_commit_only(database: Database, organisation_id: int) -> None:
    seen: list[list[str]] = []
    database.on_news(lambda: seen.append(names(database)))

    def unit(session: Session) -> None:
        session.get_one(Organisation, organisation_id).name = "renamed"
        record_change(session, kind="a", subject="b")

    database.write(unit, scoped(organisation_id))
    # The listener runs after the callers go on; the next write comes after it.
    database.write(lambda _session: None, TEST)
    assert seen == [["renamed"]]


@only_sqlite
def test_what_another_process_wrote_is_seen_in_its_place(
    database: Database, feed: ChangeFeed, organisation_id: int
) -> None:
    """A command beside the cloud: what readers find in memory begins anew after it."""
    start = feed.position()
    tell(database, organisation_id, "ours")
    address = database.engines.writer.url.render_as_string(hide_password=False)
    with Database.open(address) as other:
        tell(other, organisation_id, "theirs")
        # It wakes nobody here, and is found when a reader looks by itself.
        assert [one.subject for one in feed.next(start + 1, None, 10, 0)] == ["theirs"]
    tell(database, organisation_id, "ours again")
    for seen, left in enumerate((["ours", "theirs", "ours again"], ["theirs", "ours again"])):
        found = feed.next(start + seen, None, 10, LONG_S)
        assert [one.subject for one in found] == left


@only_postgres
def test_change_waits_for_every_older_transaction(
    database: Database, feed: ChangeFeed, organisation_id: int
) -> None:
    """Without this, the older one's change would get a lower number after readers went past."""
    start = feed.position()
    older_wrote, newer_done = Event(), Event()

    def older(session: Session) -> None:
        record_change(session, kind="a", subject="older")
        session.flush()
        older_wrote.set()
        assert newer_done.wait(LONG_S)

    thread = Thread(target=database.write, args=(older, scoped(organisation_id)))
    thread.start()
    assert older_wrote.wait(LONG_S)
    tell(database, organisation_id, "newer")
    hidden_while_open = subjects(feed, start)
    newer_done.set()
    thread.join()
    assert hidden_while_open == []
    assert feed.wait(start, LONG_S)
    assert subjects(feed, start) == ["older", "newer"]


@only_postgres
def test_change_of_another_process_wakes(
    database: Database,
    feed: ChangeFeed,
    organisation_id: int,
    migrated_address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two `Database` objects share nothing but the server, like two processes."""
    listening_process(database)
    sleeper = a_sleeper_of(feed, monkeypatch)
    with Database.open(migrated_address) as other:
        tell(other, organisation_id, "elsewhere")
    assert sleeper.was_woken()
    assert subjects(feed, sleeper.start) == ["elsewhere"]


def listening_process(database: Database) -> int:
    """Wait until a connection has said LISTEN, and return its process id."""
    statement = (
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND state = 'idle' "
        "AND datname = current_database()"
    )
    found = None
    while found is None:
        with database.engines.reader.connect() as connection:
            found = connection.exec_driver_sql(statement).scalar()
    return int(found)


@only_postgres
def test_listener_connects_again(
    database: Database, organisation_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.database.feed._RECONNECT_S", 0.01)
    feed = ChangeFeed(database)
    first = listening_process(database)
    with database.engines.reader.connect() as connection:
        connection.execute(select(func.pg_terminate_backend(first)))
    while listening_process(database) == first:
        pass
    sleeper = a_sleeper_of(feed, monkeypatch)
    tell(database, organisation_id, "after the loss")
    assert sleeper.was_woken()
    feed.close()


@only_postgres
def test_dead_listener_is_reported(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("cloud.database.feed.psycopg.connect", fail)
    deaths: list[BaseException] = []
    ChangeFeed(database, on_death=deaths.append).close()
    assert [type(death) for death in deaths] == [MemoryError]
