"""Every kind of input device, the hand on it, and what it posted."""

import os
import pty
import queue
from collections.abc import Callable
from typing import Protocol

from evdev import ecodes

from edge.events import Action, Event
from edge.scanner import InputDevice
from edge.scanner.binding import Plugged
from edge.scanner.bound_inputs import bound_inputs
from edge.scanner.decoding.pedal import DEFAULT_KEYS as PEDAL_KEYS
from edge.scanner.simulated import SimulatedInput
from edge.scanner.terminal import TerminalInput
from edge.settings.inputs import InputSection
from tests.support.fake_evdev import FakeKernel, a_pedal, a_scanner
from tests.support.manual_clock import ManualClock
from tests.support.us_keyboard import ENTER, typed


class Rig(Protocol):
    """A device, the hand on it, and what it posted."""

    @property
    def device(self) -> InputDevice: ...
    @property
    def posted(self) -> "queue.Queue[Event]": ...
    @property
    def clock(self) -> ManualClock: ...
    def lose(self) -> None: ...
    def close(self) -> None: ...


class ScanningRig(Rig, Protocol):
    """One that reads codes."""

    def scan(self, code: str) -> None: ...
    def begin_scan(self, text: str) -> None: ...


class PressingRig(Rig, Protocol):
    """One with keys that act."""

    def press(self, action: Action) -> None: ...


class ReturningRig(Rig, Protocol):
    """One that can be plugged in again."""

    def come_back(self) -> None: ...


class BothRig(ScanningRig, PressingRig, Protocol):
    """Scanner and pedal in one."""


class SimulatedRig:
    def __init__(self) -> None:
        self.posted: queue.Queue[Event] = queue.Queue()
        self.clock = ManualClock()
        self.device = SimulatedInput(post=self.posted.put, monotonic_ns=self.clock.monotonic_ns)
        self.scan = self.device.scan
        self.begin_scan = self.device.begin_scan
        self.press = self.device.press
        self.lose = self.device.lose
        self.come_back = self.device.come_back

    def close(self) -> None:
        pass


KEYS = {
    Action.PHOTO: b"\x1bOP",
    Action.SEND: b"\x1bOS",
    Action.UNDO: b"\x1bOQ",
    Action.CANCEL: b"\x1b",
}


class TerminalRig:
    """Bytes as a terminal sends them, written to the other end."""

    def __init__(self, ours: int, its: int) -> None:
        self.posted: queue.Queue[Event] = queue.Queue()
        self.clock = ManualClock()
        self.descriptor = its
        self._ours = ours
        self.device = TerminalInput(
            descriptor=its,
            post=self.posted.put,
            monotonic_ns=self.clock.monotonic_ns,
            escape_wait_ms=30,
        )

    def scan(self, code: str) -> None:
        self.begin_scan(code + "\n")

    def begin_scan(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def press(self, action: Action) -> None:
        os.write(self._ours, KEYS[action])

    def lose(self) -> None:
        os.close(self._ours)
        self._ours = -1

    def close(self) -> None:
        for descriptor in {self._ours, self.descriptor} - {-1}:
            os.close(descriptor)


def pipe_rig() -> TerminalRig:
    its, ours = os.pipe()
    return TerminalRig(ours, its)


def pty_rig() -> TerminalRig:
    ours, its = pty.openpty()
    return TerminalRig(ours, its)


class BoundRig:
    """A device of the kernel, as it is bound by default, behind the boundary of evdev."""

    def __init__(self, plugged: Plugged) -> None:
        self.posted: queue.Queue[Event] = queue.Queue()
        self.clock = ManualClock()
        self.kernel = FakeKernel(self.clock, [plugged])
        self.plugged = plugged
        inputs = bound_inputs(
            InputSection(),
            self.posted.put,
            self.clock,
            look=self.kernel.look,
            open_node=self.kernel.open_node,
            look_s=0.01,
        )
        name = "scanner" if plugged == a_scanner() else "pedal"
        self.device = next(one for one in inputs if one.name == name)

    def scan(self, code: str) -> None:
        self.begin_scan(code)
        self.kernel.stroke(self.plugged, ENTER)

    def begin_scan(self, text: str) -> None:
        self._settle()
        for code, is_down in typed(text):
            self.kernel.key(self.plugged, code, int(is_down))

    def press(self, action: Action) -> None:
        self._settle()
        key = next(key for key, one in PEDAL_KEYS.items() if one is action)
        self.kernel.stroke(self.plugged, ecodes.ecodes[f"KEY_{key.upper()}"])

    def _settle(self) -> None:
        """The thread has the device, and the packer takes a breath."""
        if self.device.alive():
            self.kernel.wait_until_heard(self.plugged)
            self.clock.advance(1)

    def lose(self) -> None:
        self.kernel.wait_until_heard(self.plugged)
        self.kernel.unplug(self.plugged)

    def come_back(self) -> None:
        self.kernel.plug(self.plugged)

    def close(self) -> None:
        pass


def scanner_rig() -> BoundRig:
    return BoundRig(a_scanner())


def pedal_rig() -> BoundRig:
    return BoundRig(a_pedal())


BOTH: dict[str, Callable[[], BothRig]] = {
    "simulated": SimulatedRig,
    "pipe": pipe_rig,
    "pty": pty_rig,
}
SCANNING: dict[str, Callable[[], ScanningRig]] = {**BOTH, "scanner": scanner_rig}
PRESSING: dict[str, Callable[[], PressingRig]] = {**BOTH, "pedal": pedal_rig}
RETURNING: dict[str, Callable[[], ReturningRig]] = {
    "simulated": SimulatedRig,
    "scanner": scanner_rig,
    "pedal": pedal_rig,
}
ALL: dict[str, Callable[[], Rig]] = {**SCANNING, **PRESSING}
