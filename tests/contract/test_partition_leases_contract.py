"""Leases of partitions: who holds them, for how long, and when a holder stops by itself."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.errors import DatabaseBusy
from cloud.database.leases import end_lease, forget_leases, take_lease
from cloud.database.write import Database
from cloud.link.leasing import LeaseTimes, PartitionLeases
from cloud.link.models import LinkProcess, PartitionLease
from cloud.link.partitions import Turn, give_up, leave, take_all, take_turn
from tests.database_rows import TEST, only_postgres, only_sqlite
from tests.support.manual_clock import ManualClock
from tests.support.waiting import eventually
from wire.topics import PARTITIONS

LEASE = timedelta(seconds=30)
EVERY = frozenset(range(PARTITIONS))


def turn(database: Database, process: str) -> Turn:
    return database.write(lambda session: take_turn(session, process, LEASE), TEST)


def rows(database: Database) -> list[PartitionLease]:
    with database.read(TEST) as session:
        statement = select(PartitionLease).order_by(PartitionLease.partition)
        return list(session.scalars(statement))


def held_by(database: Database) -> Counter[str | None]:
    return Counter(row.holder for row in rows(database))


def die(database: Database, process: str) -> None:
    """It fell silent, and its leases have ended."""
    long_ago = utc_now() - timedelta(hours=1)

    def unit(session: Session) -> None:
        session.get_one(LinkProcess, process).alive_until = long_ago
        for row in session.scalars(select(PartitionLease).where(PartitionLease.holder == process)):
            row.lease_until = long_ago

    database.write(unit, TEST)


def test_the_first_process_holds_everything(database: Database) -> None:
    assert turn(database, "a") == Turn(EVERY, frozenset(), EVERY)
    assert turn(database, "a") == Turn(EVERY, frozenset(), frozenset())
    assert {row.fence for row in rows(database)} == {1}


def test_a_second_one_gets_its_share_when_the_first_gives_it_up(database: Database) -> None:
    turn(database, "a")
    assert turn(database, "b").held == frozenset()
    surplus = turn(database, "a").surplus
    assert len(surplus) == PARTITIONS // 2
    database.write(lambda session: give_up(session, "a", surplus), TEST)
    assert turn(database, "b").taken == surplus
    assert turn(database, "a").surplus == frozenset()
    assert held_by(database) == {"a": 32, "b": 32}


def test_what_a_dead_process_held_is_taken_over(database: Database) -> None:
    turn(database, "a")
    assert turn(database, "b").held == frozenset()
    die(database, "a")
    assert turn(database, "b").held == EVERY
    assert {row.fence for row in rows(database)} == {2}


def test_a_process_that_wakes_after_its_lease_learns_it(database: Database) -> None:
    turn(database, "a")
    turn(database, "b")
    die(database, "a")
    turn(database, "b")
    assert turn(database, "a").held == frozenset()


def test_a_process_that_leaves_is_followed_at_once(database: Database) -> None:
    turn(database, "a")
    turn(database, "b")
    database.write(lambda session: leave(session, "a"), TEST)
    assert turn(database, "b").held == EVERY
    with database.read(TEST) as session:
        assert list(session.scalars(select(LinkProcess.id))) == ["b"]


def test_only_own_partitions_are_given_up(database: Database) -> None:
    turn(database, "a")
    database.write(lambda session: give_up(session, "b", EVERY), TEST)
    assert held_by(database) == {"a": PARTITIONS}


def test_the_only_process_waits_for_no_lease(database: Database) -> None:
    turn(database, "a")
    taken = database.write(lambda session: take_all(session, "b", LEASE), TEST)
    assert taken == Turn(EVERY, frozenset(), EVERY)


def test_processes_that_ask_at_once_hold_each_partition_once(database: Database) -> None:
    names = [f"link-{number}" for number in range(4)]
    for _ in range(4):
        threads = [threading.Thread(target=_turn_and_give_up, args=(database, n)) for n in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert held_by(database) == dict.fromkeys(names, PARTITIONS // 4)


def _turn_and_give_up(database: Database, name: str) -> None:
    surplus = turn(database, name).surplus
    if surplus:
        database.write(lambda session: give_up(session, name, surplus), TEST)


# --- the thread that renews ----------------------------------------------------------------------


class Renewing:
    """The thread with a clock of its own, and what it told."""

    def __init__(self, database: Database) -> None:
        self.clock = ManualClock()
        self.followed: list[frozenset[int]] = []
        self.taken: list[frozenset[int]] = []
        self.deaths: list[BaseException] = []
        self.hears = True
        self.leases = PartitionLeases(
            database,
            may_hold=lambda: self.hears,
            follow=self.followed.append,
            on_taken=self.taken.append,
            on_death=self.deaths.append,
            times=LeaseTimes(LEASE, renew_s=0.01),
            monotonic_s=lambda: self.clock.monotonic_ns() / 1e9,
        )


@contextmanager
def renewing(database: Database) -> Iterator[Renewing]:
    made = Renewing(database)
    made.leases.start()
    yield made
    made.leases.stop()
    assert made.deaths == []


def failing(monkeypatch: pytest.MonkeyPatch, database: Database) -> Callable[[], int]:
    """The database takes no writes from now on; tells how often it was asked."""
    asked: list[int] = []

    def refuse(*_: object) -> None:
        asked.append(1)
        raise DatabaseBusy("no")

    monkeypatch.setattr(database, "write", refuse)
    return lambda: len(asked)


def test_it_follows_what_it_holds_and_gives_it_up_at_its_end(database: Database) -> None:
    with renewing(database) as made:
        eventually(lambda: made.followed[-1:] == [EVERY])
        assert made.taken == [EVERY]
        assert all(made.leases.holds(number) for number in EVERY)
    assert not any(made.leases.holds(number) for number in EVERY)
    assert held_by(database) == {None: PARTITIONS}


def test_without_a_broker_it_takes_nothing(database: Database) -> None:
    made = Renewing(database)
    made.hears = False
    made.leases.start()
    made.leases.look_now()
    made.leases.stop()
    assert made.followed == []
    assert set(held_by(database)) <= {None}


@only_postgres
def test_it_answers_nobody_once_its_lease_is_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process that was stopped finds when it wakes: before any word with the database."""
    with renewing(database) as made:
        eventually(lambda: made.followed[-1:] == [EVERY])
        with monkeypatch.context() as patched:
            asked = failing(patched, database)
            eventually(lambda: asked() > 2)
            assert made.leases.holds(7)
            made.clock.advance(LEASE.total_seconds())
            assert not made.leases.holds(7)
            eventually(lambda: made.followed[-1] == frozenset())
        eventually(lambda: made.followed[-1] == EVERY)
        assert made.leases.holds(7)


@only_sqlite
def test_the_only_process_takes_what_a_killed_one_held(database: Database) -> None:
    turn(database, "killed")
    with renewing(database) as made:
        eventually(lambda: made.followed[-1:] == [EVERY])


# --- leases by name ------------------------------------------------------------------------------


def take(database: Database, holder: str, lasts: timedelta = LEASE) -> bool:
    return database.write(lambda session: take_lease(session, "work", holder, lasts), TEST)


def test_a_lease_has_one_holder_at_a_time(database: Database) -> None:
    assert take(database, "a")
    assert not take(database, "b")
    assert take(database, "a")
    database.write(lambda session: end_lease(session, "work", "b", timedelta()), TEST)
    assert not take(database, "b")
    database.write(lambda session: end_lease(session, "work", "a", timedelta()), TEST)
    assert take(database, "b")


def test_a_lease_that_is_over_is_free(database: Database) -> None:
    assert take(database, "a", timedelta(seconds=-1))
    assert take(database, "b")
    assert not take(database, "a")


def test_work_that_is_done_may_rest(database: Database) -> None:
    assert take(database, "a")
    database.write(lambda session: end_lease(session, "work", "a", LEASE), TEST)
    assert not take(database, "b")


def test_the_only_process_forgets_the_leases_of_others(database: Database) -> None:
    assert take(database, "killed")
    database.write(forget_leases, TEST)
    assert take(database, "a")
