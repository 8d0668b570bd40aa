"""The kernel's input devices at the boundary of the library evdev: plugged and unplugged at will.

Each open node is a pipe, so that waiting for it is real.
"""

import errno
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.scanner.binding import Node, Plugged
from edge.scanner.decoding.key_names import CODES
from edge.scanner.decoding.packets import EV_KEY, EV_SYN, SYN_DROPPED, SYN_REPORT
from tests.support.manual_clock import ManualClock

KEYBOARD = frozenset(range(1, 89)) | {96, 97, 98, 100}
PEDAL_KEYS = frozenset({CODES["f1"], CODES["f2"], CODES["f4"], CODES["esc"], CODES["b"]})


def a_scanner(
    port: str = "usb-1.1", model: tuple[int, int] = (0x0C2E, 0x0B61), nodes: int = 1
) -> Plugged:
    """A scanner of a known maker; its further nodes have no keys."""
    name = "Honeywell Scanner"
    return a_device(name, port, model, [KEYBOARD, *[frozenset[int]()] * (nodes - 1)])


def a_pedal(port: str = "usb-1.2") -> Plugged:
    return a_device("PCsensor FootSwitch", port, (0x0C45, 0x7403), [PEDAL_KEYS])


def a_keyboard(port: str = "usb-1.3", model: tuple[int, int] = (0x046D, 0xC31C)) -> Plugged:
    return a_device("USB Keyboard", port, model, [KEYBOARD])


def a_device(
    name: str, port: str, model: tuple[int, int], keys: Iterable[frozenset[int]]
) -> Plugged:
    nodes = tuple(Node(f"/dev/input/{port}/event{number}", one) for number, one in enumerate(keys))
    return Plugged(name, *model, port=port, uniq="", nodes=nodes)


@dataclass
class FakeEvent:
    sec: int
    usec: int
    type: int
    code: int
    value: int


def _set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


class FakeNode:
    """Follows what is used of ``evdev.InputDevice``."""

    def __init__(self, kernel: "FakeKernel", path: str) -> None:
        self._kernel = kernel
        self._path = path
        self._events: list[FakeEvent] = []
        self._lock = threading.Lock()
        self._gone = False
        self.is_grabbed = False
        self.is_heard = False
        self.is_closed = False
        self.fd, self._ours = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def read(self) -> list[FakeEvent]:
        if self._gone:
            raise OSError(errno.ENODEV, "No such device")
        with self._lock:
            if not self._events:
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
            found = list(self._events)
            self._events.clear()
            os.read(self.fd, len(found))
            return found

    def grab(self) -> None:
        if self._kernel.is_taken:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self._kernel.grabs.append(frozenset(self._kernel.held))
        self.is_grabbed = True

    def active_keys(self) -> list[int]:
        self._kernel.hangs.wait()
        if self._gone:
            raise OSError(errno.ENODEV, "No such device")
        if self.is_grabbed:
            self.is_heard = True
            self._kernel.changed()
        return sorted(self._kernel.held)

    def close(self) -> None:
        with self._lock:
            if not self.is_closed:
                self.is_closed = True
                os.close(self.fd)
                os.close(self._ours)

    def give(self, event: FakeEvent) -> None:
        with self._lock:
            if not self.is_closed:
                self._events.append(event)
                os.write(self._ours, b".")

    def vanish(self) -> None:
        # whoever reads may notice it, and close, before the next line
        with self._lock:
            self._gone = True
            if not self.is_closed:
                os.write(self._ours, b".")


@dataclass
class FakeKernel:
    """What is plugged in, and the hand that types on it."""

    clock: ManualClock
    plugged: list[Plugged] = field(default_factory=list)
    held: set[int] = field(default_factory=set)
    is_locked: bool = False
    """Nodes may not be opened: udev has not set their rights, or never will."""
    is_taken: bool = False
    """Somebody else has grabbed everything."""
    hangs: threading.Event = field(default_factory=_set_event)
    """Cleared: calls do not come back."""
    grabs: list[frozenset[int]] = field(default_factory=list)
    """The keys that were down at each grab."""
    opened: list[str] = field(default_factory=list)
    looks: "threading.Semaphore" = field(default_factory=lambda: threading.Semaphore(0))
    _nodes: dict[str, FakeNode] = field(default_factory=dict)
    _change: threading.Condition = field(default_factory=threading.Condition)

    def look(self) -> list[Plugged]:
        self.looks.release()
        return list(self.plugged)

    def open_node(self, path: str) -> FakeNode:
        if self.is_locked:
            raise PermissionError(errno.EACCES, "Permission denied")
        if all(path != node.path for device in self.plugged for node in device.nodes):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        self.opened.append(path)
        self._nodes[path] = FakeNode(self, path)
        self.changed()
        return self._nodes[path]

    def changed(self) -> None:
        with self._change:
            self._change.notify_all()

    def wait_until_heard(self, device: Plugged) -> None:
        """Grabbed, what came before forgotten, and listened to from now on."""
        with self._change:
            assert self._change.wait_for(lambda: self.is_heard(device), timeout=20)

    def wait_until_opened(self, device: Plugged) -> None:
        """Perhaps not grabbed yet."""
        paths = {node.path for node in device.nodes}
        with self._change:
            assert self._change.wait_for(lambda: paths <= self._nodes.keys(), timeout=20)

    def wait_for_looks(self, count: int) -> None:
        for _ in range(count):
            assert self.looks.acquire(timeout=20)

    def is_heard(self, device: Plugged) -> bool:
        nodes = [self._nodes.get(node.path) for node in device.nodes]
        return all(node is not None and node.is_heard and not node.is_closed for node in nodes)

    def plug(self, device: Plugged) -> None:
        self.plugged = [*self.plugged, device]

    def unplug(self, device: Plugged) -> None:
        self.plugged = [one for one in self.plugged if one != device]
        for node in device.nodes:
            opened = self._nodes.pop(node.path, None)
            if opened is not None and not opened.is_closed:
                opened.vanish()

    def key(self, device: Plugged, code: int, value: int, node: int = 0) -> None:
        self._give(device, node, EV_KEY, code, value)
        self._give(device, node, EV_SYN, SYN_REPORT, 0)

    def stroke(self, device: Plugged, code: int) -> None:
        self.key(device, code, 1)
        self.key(device, code, 0)

    def drop(self, device: Plugged) -> None:
        """The kernel's queue was full; what comes up to the next report is of no use."""
        self._give(device, 0, EV_SYN, SYN_DROPPED, 0)
        self._give(device, 0, EV_KEY, CODES["9"], 1)
        self._give(device, 0, EV_SYN, SYN_REPORT, 0)

    def _give(self, device: Plugged, node: int, kind: int, code: int, value: int) -> None:
        seconds, rest_ns = divmod(self.clock.monotonic_ns(), 1_000_000_000)
        event = FakeEvent(seconds, rest_ns // 1000, kind, code, value)
        opened = self._nodes.get(device.nodes[node].path)
        if opened is not None and not opened.is_closed:  # else nobody listens
            opened.give(event)
