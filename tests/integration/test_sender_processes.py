"""Real sender processes on PostgreSQL that are killed, stopped and woken (issue 3, invariant 5).

Each is hit after `sending` was committed and before its request: the moment at which nobody but
itself can know what follows.
"""

import signal
from datetime import datetime

import psycopg
import pytest

from cloud.conversations.states import DispatchState, MessageState
from cloud.dispatcher import senders
from cloud.dispatcher.models import SenderProcess
from sandbox.shopee import demo_seed
from tests.database_rows import TEST, only_postgres
from tests.support.dispatch_bench import Bench, Packed
from tests.support.sender_process import SenderProgram, sender_program
from tests.support.waiting import eventually

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004

pytestmark = only_postgres


@pytest.fixture(autouse=True)
def _short_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "MARGIN", senders.MARGIN / 50)


def row(bench: Bench, sender: SenderProgram) -> SenderProcess:
    with bench.database.read(TEST) as session:
        return session.get_one(SenderProcess, sender.sender_id)


def absent_often(bench: Bench, packed: Packed) -> None:
    """Another process has looked for the message, and not found it."""
    doubted = bench.until_message(packed, 0, MessageState.UNCERTAIN)
    looks: set[datetime] = set()

    def looked_often() -> bool:
        (attempt,) = bench.attempts_of(doubted)
        if attempt.read_back == "absent" and attempt.read_back_at is not None:
            looks.add(attempt.read_back_at)
        return len(looks) >= 4

    eventually(looked_often)


def require_once(bench: Bench, packed: Packed) -> None:
    assert bench.kinds(BUYER) == ["text", "image", "image", "image"]
    assert bench.pictures(BUYER) == list(packed.photos)


def test_what_a_killed_sender_left_is_settled_without_a_person(bench: Bench) -> None:
    """Lock free, silenced, its lease over: absent from the chat means that it may be sent."""
    packed = bench.pack(ORDER)
    with sender_program(bench, "SIGKILL") as sender:
        assert sender.program.wait(30) == -signal.SIGKILL
    with bench.running():
        bench.until_message(packed, 0, MessageState.UNCERTAIN)
        bench.until(packed, DispatchState.SENT)
    require_once(bench, packed)
    assert row(bench, sender).ended_at is not None


def test_a_stopped_sender_is_waited_for(bench: Bench) -> None:
    """It holds its lock, so that nobody sends in its place, however long it sleeps."""
    packed = bench.pack(ORDER)
    with sender_program(bench, "SIGSTOP") as sender:
        eventually(sender.is_stopped)
        with bench.running():
            absent_often(bench, packed)
            assert bench.dispatch_of(packed).state is DispatchState.NOT_CONFIRMED
            assert row(bench, sender).silent_since is None
            assert bench.chat(BUYER) == []
            sender.go_on()
            bench.until(packed, DispatchState.SENT)
        assert sender.program.poll() is None
    require_once(bench, packed)


def test_a_stopped_sender_that_lost_its_lock_sends_nothing_when_it_wakes(bench: Bench) -> None:
    """SIGSTOP before its request, another takes over, SIGCONT: no second message."""
    packed = bench.pack(ORDER)
    with sender_program(bench, "SIGSTOP") as sender:
        eventually(sender.is_stopped)
        end_locks(bench)
        with bench.running():
            bench.until(packed, DispatchState.SENT)
            assert row(bench, sender).ended_at is not None
            sender.go_on()
            assert sender.program.wait(30) == 70
    require_once(bench, packed)


def test_a_sender_that_loses_its_lock_ends_at_once(bench: Bench) -> None:
    with sender_program(bench) as sender:
        end_locks(bench)
        assert sender.program.wait(30) == 70


def end_locks(bench: Bench) -> None:
    """As when the way to the database breaks for the connections that hold locks."""
    url = bench.database.engines.writer.url.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as line:
        line.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'packwitness sender'"
        )
