"""The kernel's event nodes through the library evdev. The only file that imports it.

Differences of evdev 1.6 to 2.0 end here. The nodes of one device are opened and grabbed together.
"""

import errno
import fcntl
import logging
import os
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, cast

from edge.scanner.binding import Plugged
from edge.scanner.decoding.packets import RawEvent
from edge.scanner.errors import InputFault, InputUnavailable

logger = logging.getLogger(__name__)

_EVIOCSCLOCKID = 0x400445A0
"""Switches the timestamps of a node, which are wall time at first (edge-hardware 3.1)."""
_NO_RIGHTS = frozenset({errno.EACCES, errno.EPERM})


class LibraryEvent(Protocol):
    """What is used of ``evdev.InputEvent``."""

    sec: int
    usec: int
    type: int
    code: int
    value: int


class LibraryDevice(Protocol):
    """What is used of ``evdev.InputDevice``; every call may raise OSError."""

    fd: int

    def read(self) -> Iterable[LibraryEvent]:
        """Events that are there; BlockingIOError if there are none."""
        ...

    def grab(self) -> None:
        """Take all events alone; EBUSY if somebody else has."""
        ...

    def active_keys(self) -> Sequence[int]:
        """Keys that are down."""
        ...

    def close(self) -> None:
        """Give it back, and with it the grab."""
        ...


OpenNode = Callable[[str], LibraryDevice]
"""Opens a node by its path; its events carry CLOCK_MONOTONIC, the clock of frames and deadlines.
OSError if it cannot."""


def evdev_opener() -> OpenNode:
    """Opens nodes by the library.

    Raises:
        InputFault: the library is not there.
    """
    try:
        from evdev import InputDevice  # noqa: PLC0415 - a table without such devices has none
    except ImportError as error:
        raise InputFault(
            f"scanner and pedal need the library evdev ({error}): sudo apt install python3-evdev, "
            "or set input.kinds to terminal"
        ) from error

    def open_node(path: str) -> LibraryDevice:
        node = cast("LibraryDevice", InputDevice(path))
        try:
            fcntl.ioctl(node.fd, _EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
        except OSError:
            _close(node)
            raise
        return node

    return open_node


class OpenDevice:
    """All nodes of one device, grabbed, so that nobody else sees what is scanned and pressed.

    For one thread alone: closing a node that another thread reads is not safe.
    """

    def __init__(self, device: Plugged, open_node: OpenNode) -> None:
        """Open, without grabbing yet.

        Raises:
            InputUnavailable: the nodes cannot be opened now; the text says why.
        """
        self.device = device
        self._nodes: list[LibraryDevice] = []
        try:
            for node in device.nodes:
                self._nodes.append(open_node(node.path))
        except OSError as error:
            self.close()
            raise _unavailable(device, error) from error

    @property
    def descriptors(self) -> list[int]:
        """One of each node, to be waited for."""
        return [node.fd for node in self._nodes]

    def grab(self) -> None:
        """Take all events alone, and forget those from before.

        Raises:
            InputUnavailable: another program has the device, or it is gone.
        """
        try:
            for node in self._nodes:
                node.grab()
            for number in range(len(self._nodes)):
                self.read(number)
        except OSError as error:
            raise _unavailable(self.device, error) from error

    def held(self) -> frozenset[int]:
        """Keys that are down.

        Raises:
            OSError: the device is gone.
        """
        return frozenset(key for node in self._nodes for key in node.active_keys())

    def read(self, number: int) -> list[RawEvent]:
        """All events of a node that are there; never waits.

        Raises:
            OSError: the device is gone.
        """
        found: list[RawEvent] = []
        while True:
            try:
                events = list(self._nodes[number].read())
            except BlockingIOError:
                return found
            found += map(_raw, events)

    def close(self) -> None:
        """Give everything back. May be called twice, and after the device is gone."""
        nodes, self._nodes = self._nodes, []
        for node in nodes:
            _close(node)


def _raw(event: LibraryEvent) -> RawEvent:
    at_ns = event.sec * 1_000_000_000 + event.usec * 1000
    return RawEvent(event.type, event.code, event.value, at_ns)


def _close(node: LibraryDevice) -> None:
    descriptor = node.fd
    try:
        node.close()
    except OSError as error:
        logger.debug("node not closed cleanly", extra={"reason": str(error)})
    except RuntimeError:
        # older versions look for an event loop, which this thread has not, before they close
        os.close(descriptor)


def _unavailable(device: Plugged, error: OSError) -> InputUnavailable:
    """What to do comes first: the table's health report cuts long texts."""
    if error.errno in _NO_RIGHTS:
        paths = ", ".join(node.path for node in device.nodes)
        return InputUnavailable(
            "may not be opened: the user of this program has to be in the group input "
            f"({device}, {paths})"
        )
    if error.errno == errno.EBUSY:
        return InputUnavailable(
            f"is in use by another program: end that one, such as a second daemon ({device})"
        )
    return InputUnavailable(f"cannot be opened: {error.strerror or error} ({device})")
