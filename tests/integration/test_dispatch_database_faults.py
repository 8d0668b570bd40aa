"""The database is in trouble while messages go out: nothing is lost, nothing twice."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event

from cloud.conversations.states import DispatchState
from cloud.database.errors import DatabaseReadOnly
from cloud.database.feed import ChangeFeed
from cloud.database.insisting import write_insisting
from cloud.dispatcher import sending
from cloud.marketplaces.shopee.adapter import Shopee
from sandbox.shopee import demo_seed
from tests.database_rows import only_postgres, only_sqlite
from tests.support.database_trouble import Trouble, TroubledWrites
from tests.support.dispatch_bench import Bench, Packed
from tests.support.going_on import Uploads, let_uploads_be
from tests.support.waiting import eventually

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004
SHORT_LEASE = timedelta(seconds=4)
WRITES_OF_A_DISPATCH = 5
"""By a sender: `sending` of the first part, and the result of each part with the next begun."""


@pytest.fixture(autouse=True)
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part begins with the result of the one before it."""
    let_uploads_be(monkeypatch, Uploads.EARLY)


def assert_all_once(bench: Bench, packed: Packed) -> None:
    assert bench.kinds(BUYER) == ["text", "image", "image", "image"]
    assert bench.pictures(BUYER) == list(packed.photos)
    in_chat = [one["message_id"] for one in bench.chat(BUYER)]
    assert [one.marketplace_message_id for one in bench.messages_of(packed)] == in_chat


# --- one write goes wrong ------------------------------------------------------------------------


@only_postgres
@pytest.mark.parametrize("number", range(1, WRITES_OF_A_DISPATCH + 1))
@pytest.mark.parametrize("trouble", Trouble, ids=lambda one: one.value)
def test_a_connection_that_ends_at_any_write_of_a_sender_costs_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, number: int
) -> None:
    """What was committed unseen is found to be ours; what was not is written again."""
    writes = TroubledWrites(bench.database, trouble, number)
    monkeypatch.setattr(bench.database, "write", writes.write)
    packed = bench.pack(ORDER)
    with bench.running(senders=1, lease=SHORT_LEASE):
        bench.until(packed, DispatchState.SENT)
    assert writes.happened
    assert_all_once(bench, packed)
    tries = [one.tries for one in bench.messages_of(packed)]
    assert tries == [2 if number == 1 and trouble is Trouble.ANSWER_LOST else 1, 1, 1, 1]


# --- it is away for a while ----------------------------------------------------------------------


def while_a_request_is_under_way(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """The marketplace has the second message when the trouble begins."""
    real, left = Shopee.send, [2]

    def send(*args: object, **keywords: object) -> object:
        sent = real(*args, **keywords)  # type: ignore[arg-type]  # passed through
        left[0] -= 1
        if left[0] == 0:
            act()
        return sent

    monkeypatch.setattr(Shopee, "send", send)


@contextmanager
def insisting(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Set when the result of a request could not be written at once."""
    noticed = threading.Event()
    real = write_insisting

    def watched(database: object, *args: object, **keywords: bool) -> object:
        class Watched:
            @staticmethod
            def write(*inner: object, **more: object) -> object:
                try:
                    return database.write(*inner, **more)  # type: ignore[attr-defined]  # a Database
                except Exception:
                    noticed.set()
                    raise

        return real(Watched(), *args, **keywords)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(sending, "write_insisting", watched)
    yield noticed


def run_through(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[], None],
    end: Callable[[], None],
) -> Packed:
    """Trouble from a request under way until its result was refused once; no process ends."""
    with insisting(monkeypatch) as noticed:
        while_a_request_is_under_way(monkeypatch, begin)
        packed = bench.pack(ORDER)
        with bench.running(senders=1):
            assert noticed.wait(20)
            end()
            bench.until(packed, DispatchState.SENT)
    return packed


@only_sqlite
def test_a_database_locked_by_another_program_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_impatient(bench)
    file = bench.database.engines.writer.url.database
    other = sqlite3.connect(str(file), isolation_level=None, check_same_thread=False)
    packed = run_through(
        bench,
        monkeypatch,
        begin=lambda: other.execute("BEGIN IMMEDIATE").close(),
        end=lambda: other.execute("ROLLBACK").close(),
    )
    other.close()
    assert_all_once(bench, packed)


def be_impatient(bench: Bench) -> None:
    """Ten seconds for each try would make the test long."""

    def prepare(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=50").close()

    event.listen(bench.database.engines.writer, "checkout", prepare)


@only_sqlite
def test_a_database_without_room_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [1_000_000]

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages[0]}").close()

    def fill(connection: Connection) -> None:
        if pages[0] == 1:
            # What a commit needs fits into half-filled pages now and then.
            connection.exec_driver_sql("CREATE TABLE filler (content TEXT)")
            connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(100000))")

    event.listen(bench.database.engines.writer, "checkout", limit)
    event.listen(bench.database.engines.writer, "begin", fill)
    packed = run_through(
        bench,
        monkeypatch,
        begin=lambda: pages.__setitem__(0, 1),
        end=lambda: pages.__setitem__(0, 1_000_000),
    )
    assert_all_once(bench, packed)


@only_postgres
def test_a_server_that_lets_nobody_in_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """As during its restart: every connection ends, and no new one is taken."""
    server = request.getfixturevalue("postgres_server")
    name = bench.database.engines.writer.url.database

    def shut() -> None:
        server.administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.administer(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'packwitness'"
        )

    packed = run_through(
        bench,
        monkeypatch,
        begin=shut,
        end=lambda: server.administer(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"),
    )
    assert_all_once(bench, packed)


# --- it takes no writes --------------------------------------------------------------------------


def test_a_database_that_takes_no_writes_ends_the_process_and_the_next_one_looks_the_message_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby server, or a disk that went read-only: the supervisor starts it again."""
    is_read_only = [False]
    let_it_be_read_only(bench, is_read_only)
    feed = ChangeFeed(bench.database)
    dispatcher = bench.dispatcher(feed, senders=1, lease=SHORT_LEASE)
    with monkeypatch.context() as patched:
        while_a_request_is_under_way(patched, lambda: is_read_only.__setitem__(0, True))
        packed = bench.pack(ORDER)
        dispatcher.start()
        eventually(lambda: bench.deaths)
        feed.close()
        is_read_only[0] = False
        dispatcher.stop()
    assert {type(one) for one in bench.deaths} == {DatabaseReadOnly}
    bench.deaths.clear()
    bench.forget_end_of(dispatcher.sender_id)
    assert len(bench.chat(BUYER)) == 2
    bench.let_leases_lapse()
    with bench.running(lease=SHORT_LEASE):
        bench.until(packed, DispatchState.SENT)
    assert_all_once(bench, packed)


def let_it_be_read_only(bench: Bench, is_read_only: list[bool]) -> None:
    def prepare(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            # Within the transaction, which is rolled back when a statement is refused.
            connection.exec_driver_sql(f"PRAGMA query_only={'ON' if is_read_only[0] else 'OFF'}")
        elif is_read_only[0]:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    def reset(connection: object, *_: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA query_only=OFF").close()

    event.listen(bench.database.engines.writer, "begin", prepare)
    event.listen(bench.database.engines.writer, "checkout", reset)
