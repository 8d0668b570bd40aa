"""Scanner and pedal at the boundary of evdev: plugging, rights, grabs, lost keys.

(U-04, U-05, U-10, U-12)
"""

import errno
import queue
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from evdev import ecodes

from edge.events import (
    Action,
    ActionPressed,
    DeviceBack,
    DeviceLost,
    Event,
    ScanIncomplete,
    Scanned,
)
from edge.scanner import InputDevice
from edge.scanner.binding import Plugged
from edge.scanner.bound_inputs import bound_inputs
from edge.scanner.errors import InputFault
from edge.scanner.evdev import evdev_opener
from edge.settings.inputs import InputSection
from tests.support.fake_evdev import FakeKernel, a_keyboard, a_pedal, a_scanner
from tests.support.manual_clock import ManualClock
from tests.support.us_keyboard import ENTER, SHIFT, typed

WAIT_S = 20
F1, F4 = ecodes.KEY_F1, ecodes.KEY_F4


class Table:
    """Scanner and pedal as they come, and the hands on them."""

    def __init__(self, settings: InputSection | None = None) -> None:
        self.clock = ManualClock()
        self.kernel = FakeKernel(self.clock)
        self.posted: queue.Queue[Event] = queue.Queue()
        self.inputs = {
            one.name: one
            for one in bound_inputs(
                settings or InputSection(),
                self.posted.put,
                self.clock,
                look=self.kernel.look,
                open_node=self.kernel.open_node,
                look_s=0.01,
            )
        }

    def start(self, *plugged: Plugged) -> None:
        for one in plugged:
            self.kernel.plug(one)
        for device in self.inputs.values():
            device.start()
        for one in plugged:
            self.kernel.wait_until_heard(one)
        self.clock.advance(1)

    @property
    def scanner(self) -> InputDevice:
        return self.inputs["scanner"]

    def type(self, text: str, on: Plugged) -> None:
        for code, is_down in typed(text):
            self.kernel.key(on, code, int(is_down))

    def scan(self, text: str, on: Plugged) -> None:
        self.type(text, on)
        self.kernel.stroke(on, ENTER)

    def heard(self) -> Event:
        return self.posted.get(timeout=WAIT_S)

    def stop(self) -> None:
        for device in self.inputs.values():
            device.stop()


@pytest.fixture
def table() -> Iterator[Table]:
    made = Table()
    yield made
    made.stop()


def only(name: str) -> InputSection:
    """Settings with a scanner or a pedal alone."""
    return InputSection(**{"scanner": {"pedals": {}}, "pedal": {"scanners": {}}}[name])


@pytest.fixture
def scanning() -> Iterator[Table]:
    made = Table(only("scanner"))
    yield made
    made.stop()


def test_an_order_with_scanner_and_pedal(table: Table) -> None:
    table.start(a_scanner(), a_pedal())
    table.scan("240615ABcd/7", a_scanner())
    now_ns = table.clock.monotonic_ns()
    assert table.heard() == Scanned("240615ABcd/7", now_ns, "scanner")
    table.kernel.stroke(a_pedal(), F1)
    assert table.heard() == ActionPressed(Action.PHOTO, now_ns, "pedal")
    table.clock.advance(0.3)
    table.kernel.key(a_pedal(), F4, 1)
    assert table.heard() == ActionPressed(Action.SEND, now_ns + 300_000_000, "pedal")


def test_holding_f4_sends_at_once_and_then_cancels(table: Table) -> None:
    table.start(a_scanner(), a_pedal())
    table.kernel.key(a_pedal(), F4, 1)
    pressed_ns = table.clock.monotonic_ns()
    assert table.heard() == ActionPressed(Action.SEND, pressed_ns, "pedal")
    table.clock.advance(2)
    assert table.heard() == ActionPressed(Action.CANCEL, pressed_ns + 2_000_000_000, "pedal")


def test_neither_does_the_others_work(table: Table) -> None:
    """U-10"""
    table.start(a_scanner(), a_pedal())
    for key in (F1, F4, ecodes.KEY_ESC):
        table.kernel.stroke(a_scanner(), key)
    table.scan("123", a_pedal())
    table.scan("END", a_scanner())
    assert table.heard() == Scanned("END", table.clock.monotonic_ns(), "scanner")
    assert table.posted.empty()


def test_a_keyboard_does_nothing_and_is_not_opened(table: Table) -> None:
    table.start(a_scanner(), a_pedal())
    table.kernel.plug(a_keyboard())
    assert not any(node.path in table.kernel.opened for node in a_keyboard().nodes)


def test_autorepeat_is_no_character(scanning: Table) -> None:
    scanning.start(a_scanner())
    scanning.kernel.key(a_scanner(), ecodes.KEY_A, 1)
    for _ in range(5):
        scanning.kernel.key(a_scanner(), ecodes.KEY_A, 2)
    scanning.kernel.key(a_scanner(), ecodes.KEY_A, 0)
    scanning.scan("b", a_scanner())
    assert scanning.heard() == Scanned("ab", scanning.clock.monotonic_ns(), "scanner")


def test_a_code_that_stops_is_said(scanning: Table) -> None:
    scanning.start(a_scanner())
    scanning.type("2406", a_scanner())
    stopped_ns = scanning.clock.monotonic_ns()
    scanning.clock.advance(0.2)
    assert scanning.heard() == ScanIncomplete(stopped_ns + 200_000_000, "scanner")


def test_dropped_keys_spoil_the_code_and_shift_is_asked_for(scanning: Table) -> None:
    scanning.start(a_scanner())
    scanning.type("24", a_scanner())
    scanning.kernel.held.add(SHIFT)
    scanning.kernel.drop(a_scanner())
    scanning.scan("06", a_scanner())
    assert isinstance(scanning.heard(), ScanIncomplete)
    scanning.kernel.stroke(a_scanner(), ecodes.KEY_A)
    scanning.kernel.key(a_scanner(), SHIFT, 0)
    scanning.scan("b", a_scanner())
    assert scanning.heard() == Scanned("Ab", scanning.clock.monotonic_ns(), "scanner")


def test_unplugged_in_the_middle_of_a_code_and_back(scanning: Table) -> None:
    scanning.start(a_scanner())
    scanning.type("2406", a_scanner())
    scanning.kernel.unplug(a_scanner())
    assert scanning.heard() == DeviceLost("scanner", scanning.clock.monotonic_ns())
    scanning.kernel.plug(a_scanner())
    assert scanning.heard() == DeviceBack("scanner", scanning.clock.monotonic_ns())
    scanning.kernel.wait_until_heard(a_scanner())
    scanning.clock.advance(1)
    scanning.scan("77", a_scanner())
    assert scanning.heard() == Scanned("77", scanning.clock.monotonic_ns(), "scanner")
    assert scanning.posted.empty()


def test_back_in_another_port(scanning: Table) -> None:
    scanning.start(a_scanner())
    scanning.kernel.unplug(a_scanner())
    assert isinstance(scanning.heard(), DeviceLost)
    scanning.kernel.plug(a_scanner("usb-2.4"))
    assert isinstance(scanning.heard(), DeviceBack)


def test_a_second_one_of_the_same_kind_does_nothing(scanning: Table) -> None:
    second = a_scanner("usb-1.9")
    scanning.start(a_scanner())
    scanning.kernel.plug(second)
    scanning.kernel.unplug(a_scanner())
    assert isinstance(scanning.heard(), DeviceLost)
    scanning.kernel.plug(a_scanner())
    assert isinstance(scanning.heard(), DeviceBack)
    scanning.kernel.wait_until_heard(a_scanner())
    assert not scanning.kernel.is_heard(second)


def test_all_nodes_are_taken_and_any_of_them_may_type(scanning: Table) -> None:
    scanner = a_scanner(nodes=3)
    scanning.start(scanner)
    assert scanning.kernel.is_heard(scanner)
    for code in (ecodes.KEY_A, ENTER):
        scanning.kernel.key(scanner, code, 1, node=2)
    assert isinstance(scanning.heard(), Scanned)


def test_all_nodes_are_waited_for_when_one_is_plugged_in(scanning: Table) -> None:
    """A device's nodes appear one after the other."""
    scanning.start()
    scanning.kernel.wait_for_looks(3)
    half, whole = a_scanner(), a_scanner(nodes=2)
    shown = iter([[half], [half, half], [whole], [whole]])
    last: list[Plugged] = [whole]

    def look() -> list[Plugged]:
        scanning.kernel.plugged = last
        return next(shown, last)

    finder = scanning.scanner._finder  # type: ignore[attr-defined]  # the driver's own
    finder._look = look
    scanning.kernel.wait_until_heard(whole)
    assert scanning.kernel.opened == [node.path for node in whole.nodes]


def test_one_that_was_never_there_is_said_once(scanning: Table) -> None:
    scanning.start()
    lost = scanning.heard()
    assert lost == DeviceLost("scanner", scanning.clock.monotonic_ns(), "is not plugged in")
    scanning.kernel.wait_for_looks(20)
    assert scanning.posted.empty()
    scanning.kernel.plug(a_scanner())
    assert isinstance(scanning.heard(), DeviceBack)


def test_a_loss_is_said_once_however_long_it_lasts(scanning: Table) -> None:
    scanning.start(a_scanner())
    scanning.kernel.unplug(a_scanner())
    assert isinstance(scanning.heard(), DeviceLost)
    scanning.kernel.wait_for_looks(30)
    assert scanning.posted.empty()


def test_rights_that_come_late_are_waited_for(scanning: Table) -> None:
    scanning.kernel.is_locked = True
    scanning.kernel.plug(a_scanner())
    scanning.start()
    scanning.kernel.wait_for_looks(3)
    scanning.kernel.is_locked = False
    scanning.kernel.wait_until_heard(a_scanner())


@pytest.mark.parametrize(
    ("trouble", "text"),
    [("is_locked", "the group input"), ("is_taken", "in use by another program")],
)
def test_what_stays_wrong_is_said_with_what_to_do(
    scanning: Table, trouble: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    setattr(scanning.kernel, trouble, True)
    scanning.kernel.plug(a_scanner())
    scanning.start()
    lost = scanning.heard()
    assert isinstance(lost, DeviceLost)
    assert text in lost.reason
    scanning.kernel.wait_for_looks(20)
    assert [one.message for one in caplog.records].count("input device missing") == 1
    setattr(scanning.kernel, trouble, False)
    assert isinstance(scanning.heard(), DeviceBack)


def test_keys_that_are_down_are_let_go_before_the_device_is_taken(scanning: Table) -> None:
    """A key that is down when a device is grabbed stays down for everybody else."""
    scanning.kernel.held.add(ENTER)
    scanning.kernel.plug(a_scanner())
    scanning.start()
    scanning.kernel.wait_until_opened(a_scanner())
    scanning.kernel.held.clear()
    scanning.kernel.wait_until_heard(a_scanner())
    assert scanning.kernel.grabs == [frozenset()]


def test_what_came_before_the_device_was_taken_is_forgotten(scanning: Table) -> None:
    scanning.kernel.held.add(ENTER)
    scanning.kernel.plug(a_scanner())
    scanning.start()
    scanning.kernel.wait_until_opened(a_scanner())
    scanning.scan("2406", a_scanner())
    scanning.kernel.held.clear()
    scanning.kernel.wait_until_heard(a_scanner())
    scanning.clock.advance(1)
    scanning.scan("77", a_scanner())
    assert scanning.heard() == Scanned("77", scanning.clock.monotonic_ns(), "scanner")


def test_a_key_that_stays_down_does_not_keep_the_device_away(scanning: Table) -> None:
    scanning.kernel.held.add(ENTER)
    scanning.start(a_scanner())
    assert scanning.kernel.grabs == [frozenset({ENTER})]
    scanning.scan("77", a_scanner())
    assert isinstance(scanning.heard(), Scanned)


def test_it_ends_while_it_waits_for_keys(scanning: Table) -> None:
    scanning.kernel.held.add(ENTER)
    scanning.kernel.plug(a_scanner())
    scanning.start()
    scanning.kernel.wait_for_looks(1)
    scanning.stop()
    assert not scanning.scanner.alive()


def test_everything_is_given_back_at_the_end(scanning: Table) -> None:
    scanning.start(a_scanner(nodes=2))
    scanning.stop()
    assert not scanning.kernel.is_heard(a_scanner(nodes=2))
    assert not [one for one in threading.enumerate() if one.name.startswith("input-")]


def test_a_thread_that_hangs_in_the_kernel_is_not_alive(scanning: Table) -> None:
    scanning.kernel.hangs.clear()
    scanning.kernel.plug(a_scanner())
    scanning.start()
    scanning.kernel.wait_for_looks(1)
    assert scanning.scanner.alive()
    scanning.clock.advance(15)
    assert not scanning.scanner.alive()
    scanning.kernel.hangs.set()


class TestLibrary:
    """What is done with the library itself."""

    def test_its_absence_is_a_fault_that_says_what_to_do(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "evdev", None)
        with pytest.raises(InputFault, match="apt install python3-evdev"):
            evdev_opener()

    def test_events_carry_the_monotonic_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[tuple[int, int, bytes]] = []
        monkeypatch.setattr("evdev.InputDevice", lambda path: SimpleNamespace(fd=7, path=path))
        monkeypatch.setattr("edge.scanner.evdev.fcntl.ioctl", lambda *one: asked.append(one))
        evdev_opener()("/dev/input/event3")
        assert asked == [(7, 0x400445A0, b"\x01\x00\x00\x00")]

    def test_a_node_whose_clock_cannot_be_set_is_closed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed: list[int] = []
        node = SimpleNamespace(fd=7, close=lambda: closed.append(7))

        def refuse(*_arguments: object) -> None:
            raise OSError(errno.ENODEV, "No such device")

        monkeypatch.setattr("evdev.InputDevice", lambda _path: node)
        monkeypatch.setattr("edge.scanner.evdev.fcntl.ioctl", refuse)
        with pytest.raises(OSError, match="No such device"):
            evdev_opener()("/dev/input/event3")
        assert closed == [7]
