"""The proof that a sender can do nothing more, on PostgreSQL (invariant 5, issue 3)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from cloud.conversations.states import MessageState
from cloud.database.errors import DatabaseBusy
from cloud.database.session_lock import SessionLock
from cloud.database.write import Database
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.errors import SenderSilenced
from cloud.dispatcher.going_on import NOT_NOW, Following
from cloud.dispatcher.models import SenderProcess
from cloud.dispatcher.senders import (
    MARGIN,
    ended_at,
    lock_key,
    may_begin_requests,
    prove_ends,
    register,
)
from tests.database_rows import TEST, only_postgres
from tests.support.claim_turns import LEASE, Turns
from tests.support.outbox_rows import OutboxRows
from tests.support.waiting import eventually

SENDER, OTHER = "sender-1", "sender-2"

pytestmark = only_postgres


def _unexpected(error: BaseException) -> None:
    raise AssertionError("the lock was lost") from error


@contextmanager
def locked(
    database: Database, sender: str, on_lost: Callable[[BaseException], None] | None = None
) -> Iterator[SessionLock]:
    lock = SessionLock(database, lock_key(sender), on_lost or _unexpected)
    lock.take()
    yield lock
    lock.let_go()


@pytest.fixture
def registered(turns: Turns) -> Turns:
    turns.write(lambda session: register(session, SENDER, LEASE))
    return turns


def prove(turns: Turns) -> int:
    return turns.write(lambda session: prove_ends(session, OTHER))


def row(turns: Turns) -> SenderProcess:
    with turns.database.read(TEST) as session:
        return session.get_one(SenderProcess, SENDER)


def has_ended(turns: Turns) -> bool:
    with turns.database.read(TEST) as session:
        return ended_at(session, SENDER) is not None


def let_silence_last(turns: Turns, how_long: timedelta) -> None:
    def unit(session: Session) -> None:
        process = session.get_one(SenderProcess, SENDER)
        assert process.silent_since is not None
        process.silent_since -= how_long

    turns.write(unit)


def test_a_sender_that_holds_its_lock_is_left_alone(registered: Turns) -> None:
    with locked(registered.database, SENDER):
        assert [prove(registered) for _ in range(3)] == [0, 0, 0]
        assert row(registered).silent_since is None
    assert not has_ended(registered)


def test_one_whose_lock_is_free_ends_when_its_lease_is_over(registered: Turns) -> None:
    assert prove(registered) == 0
    assert row(registered).silent_since is not None
    assert prove(registered) == 0
    let_silence_last(registered, LEASE)
    assert prove(registered) == 0
    let_silence_last(registered, MARGIN)
    assert prove(registered) == 1
    assert has_ended(registered)
    assert prove(registered) == 0


def test_a_sender_does_not_prove_its_own_end(registered: Turns) -> None:
    registered.write(lambda session: prove_ends(session, SENDER))
    assert row(registered).silent_since is None


def test_a_silenced_sender_begins_no_request(registered: Turns, rows: OutboxRows) -> None:
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    (one,) = registered.claim().claims
    prove(registered)
    with pytest.raises(SenderSilenced):
        registered.begin(one)
    assert registered.state(message_id) is MessageState.CLAIMED


def test_a_silenced_sender_says_what_it_sent_and_goes_no_further(
    registered: Turns, rows: OutboxRows
) -> None:
    first, second = rows.dispatch(rows.shop(), "b1", parts=2)
    (one,) = registered.claim().claims
    begun = registered.begin(one)
    prove(registered)
    after = Claim(second, one.organisation_id, 1)
    following = Following(after, is_ready=True, uploaded=None, sender=SENDER, lease=LEASE)
    assert registered.sent(one, begun, following=following) == NOT_NOW
    assert registered.state(first) is MessageState.SENT
    assert registered.state(second) is MessageState.QUEUED


def test_silence_waits_for_a_request_that_is_being_begun(registered: Turns) -> None:
    """Its time is later than every beginning, so that the lease counts from there."""
    begun, may_commit = threading.Event(), threading.Event()

    def begin(session: Session) -> bool:
        allowed = may_begin_requests(session, SENDER)
        begun.set()
        assert may_commit.wait(20)
        return allowed

    allowed: list[bool] = []
    beginning = threading.Thread(target=lambda: allowed.append(registered.write(begin)))
    beginning.start()
    assert begun.wait(20)
    proving = threading.Thread(target=lambda: prove(registered))
    proving.start()
    eventually(lambda: _waits_for_a_lock(registered.database))
    assert row(registered).silent_since is None
    may_commit.set()
    beginning.join()
    proving.join()
    assert allowed == [True]
    assert row(registered).silent_since is not None
    assert not registered.write(lambda session: may_begin_requests(session, SENDER))


def _connect(database: Database) -> "psycopg.Connection[tuple[object, ...]]":
    url = make_url(database.engines.writer.url).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def _waits_for_a_lock(database: Database) -> bool:
    with _connect(database) as line:
        found = line.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
    return found != (0,)


def test_whoever_loses_the_connection_of_its_lock_is_told(database: Database) -> None:
    """The server was restarted, or ended the session: others may see the lock free."""
    lost: list[BaseException] = []
    with locked(database, SENDER, lost.append):
        with _connect(database) as line:
            line.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'packwitness sender'"
            )
        eventually(lambda: lost)
    assert isinstance(lost[0], psycopg.OperationalError)


def test_nobody_else_can_have_the_lock(database: Database) -> None:
    with locked(database, SENDER):
        second = SessionLock(database, lock_key(SENDER), _unexpected)
        with pytest.raises(DatabaseBusy):
            second.take()
    with locked(database, SENDER):
        pass
