"""scan-test: listens to everything, takes nothing, and ends when told."""

import queue
import sys
import threading
from collections.abc import Iterator, Sequence

import pytest

from edge.cli import FAILED, main
from edge.clock import Clock
from edge.scanner.binding import Plugged
from edge.scanner.scan_report import Burst
from edge.scanner.scan_test import ScanTest
from tests.support.fake_evdev import FakeKernel, a_pedal, a_scanner
from tests.support.manual_clock import ManualClock
from tests.support.us_keyboard import ENTER, typed

WAIT_S = 20


class Technician:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.kernel = FakeKernel(self.clock)
        self.lines: queue.Queue[str] = queue.Queue()
        self.bursts: queue.Queue[Burst] = queue.Queue()
        self.test = ScanTest(
            self.kernel.look,
            self.kernel.open_node,
            self.clock.monotonic_ns,
            heard=self._hear,
            say=self.lines.put,
        )
        self.thread: threading.Thread | None = None

    def _hear(self, burst: Burst, plugged: Sequence[Plugged]) -> None:
        assert burst.device in plugged
        self.bursts.put(burst)

    def start(self, bursts: int) -> None:
        self.thread = threading.Thread(
            target=self.test.listen, kwargs={"bursts": bursts}, daemon=True
        )
        self.thread.start()

    def scan(self, device: Plugged, text: str) -> None:
        for code, is_down in [*typed(text), (ENTER, True), (ENTER, False)]:
            self.kernel.key(device, code, int(is_down))
        self.clock.advance(1)

    def line(self) -> str:
        return self.lines.get(timeout=WAIT_S)

    def end(self) -> None:
        assert self.thread is not None
        self.thread.join(WAIT_S)
        assert not self.thread.is_alive()


@pytest.fixture
def technician() -> Iterator[Technician]:
    made = Technician()
    yield made
    made.end()


def test_each_scan_is_shown_and_after_so_many_it_ends(technician: Technician) -> None:
    technician.kernel.plug(a_scanner())
    technician.kernel.plug(a_pedal())
    technician.start(bursts=2)
    assert technician.line() == f"listening: {a_scanner()}"
    assert technician.line() == f"listening: {a_pedal()}"
    assert not technician.kernel.is_heard(a_scanner())  # nothing is kept from the console
    technician.scan(a_scanner(), "24")
    first = technician.bursts.get(timeout=WAIT_S)
    assert (first.device, len(first.pressed)) == (a_scanner(), 3)
    technician.scan(a_pedal(), "b")
    assert technician.bursts.get(timeout=WAIT_S).device == a_pedal()


def test_a_code_is_shown_when_it_is_whole(technician: Technician) -> None:
    technician.kernel.plug(a_scanner())
    technician.start(bursts=1)
    technician.line()
    for code, is_down in typed("24"):
        technician.kernel.key(a_scanner(), code, int(is_down))
    technician.kernel.wait_for_looks(4)
    assert technician.bursts.empty()
    technician.scan(a_scanner(), "06")
    assert len(technician.bursts.get(timeout=WAIT_S).pressed) == 5


def test_one_that_is_plugged_in_later_and_one_that_goes(technician: Technician) -> None:
    technician.start(bursts=1)
    technician.kernel.plug(a_pedal())
    assert technician.line() == f"listening: {a_pedal()}"
    technician.kernel.unplug(a_pedal())
    assert technician.line() == f"gone: {a_pedal()}"
    technician.kernel.plug(a_scanner())
    assert technician.line() == f"listening: {a_scanner()}"
    technician.scan(a_scanner(), "24")


def test_what_the_daemon_has_is_said_once_and_heard_when_it_ends(technician: Technician) -> None:
    technician.kernel.is_taken = True
    technician.kernel.plug(a_scanner())
    technician.start(bursts=1)
    assert technician.line().startswith("not heard yet, is in use by another program")
    technician.kernel.wait_for_looks(4)
    technician.kernel.is_taken = False
    assert technician.line() == f"listening: {a_scanner()}"
    technician.scan(a_scanner(), "24")


@pytest.fixture
def one_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with one scanner, at which somebody scans as soon as it is listened to."""
    technician = Technician()
    technician.kernel.plug(a_scanner())
    looks = iter(range(1000))

    def look() -> list[Plugged]:
        if next(looks) == 2:  # after the list for the technician, and the look that opened it
            technician.scan(a_scanner(), "240615ABCD")
        return technician.kernel.look()

    def clock(_settings: object) -> Clock:
        return technician.clock

    monkeypatch.setattr("edge.scan_testing.plugged_in", look)
    monkeypatch.setattr("edge.scan_testing.evdev_opener", lambda: technician.kernel.open_node)
    monkeypatch.setattr("edge.cli.table_clock", clock)


@pytest.mark.usefixtures("one_scan")
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan-test", "--count", "1"]) == 0
    out = capsys.readouterr().out
    assert "auto as scanner: Honeywell Scanner" in out
    assert "code      '240615ABCD' (10 characters)" in out


def test_the_command_without_the_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "evdev", None)
    assert main(["scan-test"]) == FAILED
    assert "apt install python3-evdev" in capsys.readouterr().err
