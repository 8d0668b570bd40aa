"""Each check of the doctor runs in a process of its own: what hangs or crashes is a finding."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.doctor.apart import run_apart
from edge.doctor.finding import Finding, fine
from edge.doctor.table import Table, look_at
from edge.settings import TableSettings
from edge.system_clock import SystemClock

SEEN = fine("thing", "was there")

# The command has one thread when it forks; a worker of the tests has more.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")


@pytest.fixture
def table() -> Table:
    return look_at(TableSettings(), SystemClock(always_synced=True))


def _good(_table: Table) -> Iterator[Finding]:
    yield SEEN


def _hangs(_table: Table) -> Iterator[Finding]:
    yield SEEN
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    threading.Event().wait()


def _crashes(_table: Table) -> Iterator[Finding]:
    yield SEEN
    os.kill(os.getpid(), signal.SIGUSR1)


def _leaves(_table: Table) -> Iterator[Finding]:
    yield SEEN
    os._exit(7)


def _fails(_table: Table) -> Iterator[Finding]:
    yield SEEN
    raise ValueError("of a kind nobody thought of")


def test_findings_of_a_check_arrive_as_they_are(table: Table) -> None:
    assert list(run_apart("thing", _good, table, 60.0)) == [SEEN]


def test_a_check_that_hangs_is_ended_and_said(table: Table) -> None:
    first, second = run_apart("thing", _hangs, table, 0.2)
    assert first == SEEN
    assert (second.subject, second.ok) == ("thing", False)
    assert "no answer within" in second.text
    assert second.to_do


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (_crashes, "ended by SIGUSR1"),
        (_leaves, "ended without a word"),
        (_fails, "ValueError: of a kind nobody thought of"),
    ],
)
def test_a_check_that_breaks_is_said_and_takes_nobody_with_it(
    table: Table, check: Callable[[Table], Iterator[Finding]], says: str
) -> None:
    first, second = run_apart("thing", check, table, 60.0)
    assert first == SEEN
    assert (second.subject, second.ok) == ("thing", False)
    assert says in second.text


def test_no_process_is_left_behind(table: Table) -> None:
    before = _children()
    for check in (_good, _hangs, _crashes):
        list(run_apart("thing", check, table, 0.2))
    assert _children() <= before


def _children() -> set[str]:
    """Of all threads: a process of the tests may have children of its own."""
    listed = Path("/proc/self/task").glob("*/children")
    return {child for file in listed for child in file.read_text().split()}
