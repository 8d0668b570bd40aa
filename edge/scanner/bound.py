"""A scanner, pedal or keypad of the kernel: one binding, one thread, one device at a time."""

import logging
import os
import selectors
import threading
from collections.abc import Callable, Iterable

from edge.events import DeviceBack, DeviceLost, Event, Post, ScanIncomplete
from edge.pulse import Pulse
from edge.scanner.decoding import Decoder
from edge.scanner.decoding.packets import KeysLost, Packets
from edge.scanner.finding import Finder, Opened

logger = logging.getLogger(__name__)

LOOK_S = 0.5
"""Between two looks for a device that is not there."""
_PATIENCE_LOOKS = 6
"""Looks after which it is said that a device is not there, or may not be opened: at boot and after
plugging in, the kernel and udev's rights take seconds."""
_STOP_DEADLINE_S = 2.0
_TURN_S = 2.0
"""The thread turns at least so often, also when nobody scans, so that it is known to turn."""
_LONGEST_TURN_S = 15.0
"""Opening a device that the kernel has trouble with takes seconds."""


class BoundInput:
    """Follows ``InputDevice``. Its thread finds the device, reads it, and finds it again."""

    def __init__(
        self,
        name: str,
        finder: Finder,
        decoder: Decoder,
        *,
        post: Post,
        monotonic_ns: Callable[[], int],
        look_s: float = LOOK_S,
    ) -> None:
        self._name = name
        self._finder = finder
        self._decoder = decoder
        self._post = post
        self._monotonic_ns = monotonic_ns
        self._look_s = look_s
        self._pulse = Pulse(monotonic_ns, _LONGEST_TURN_S)
        self._is_lost = False
        self._wake: int | None = None
        self._stopping = threading.Event()
        self._reader: threading.Thread | None = None

    @property
    def name(self) -> str:
        """See ``InputDevice``."""
        return self._name

    def start(self) -> None:
        """See ``InputDevice``."""
        woken, self._wake = os.pipe2(os.O_CLOEXEC)
        self._stopping.clear()
        self._pulse.beat()
        self._is_lost = False
        self._reader = threading.Thread(
            target=self._run, args=(woken,), name=f"input-{self._name}", daemon=True
        )
        self._reader.start()

    def stop(self) -> None:
        """See ``InputDevice``."""
        reader, self._reader = self._reader, None
        wake, self._wake = self._wake, None
        if reader is None or wake is None:
            return
        self._stopping.set()
        os.close(wake)
        reader.join(_STOP_DEADLINE_S)

    def alive(self) -> bool:
        """See ``InputDevice``."""
        reader = self._reader
        return reader is not None and reader.is_alive() and self._pulse.is_felt()

    def _run(self, woken: int) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(woken, selectors.EVENT_READ, None)
                while not self._stopping.is_set():
                    self._serve_one(selector)
        finally:
            os.close(woken)

    def _serve_one(self, selector: selectors.BaseSelector) -> None:
        """From finding a device to losing it."""
        opened = self._found(selector)
        if opened is None:
            return
        try:
            with _Watched(selector, opened.descriptors):
                self._read(selector, opened)
        except OSError as error:  # ENODEV when it is unplugged
            logger.info(
                "input device gone",
                extra={"device": self._name, "reason": error.strerror or str(error)},
            )
            self._finder.lost()
            self._lose()
        finally:
            opened.close()

    def _found(self, selector: selectors.BaseSelector) -> Opened | None:
        """None: told to end."""

        def pause(seconds: float) -> bool:
            self._pulse.beat()
            selector.select(seconds)
            return self._stopping.is_set()

        looks, said, problem = 0, "", ""
        opened = self._finder.find(pause)
        while opened is None:
            looks = looks + 1 if self._finder.problem == problem else 1
            problem = self._finder.problem
            if looks >= _PATIENCE_LOOKS and problem != said:
                self._say_problem()
                said = problem
            if pause(self._look_s):
                return None
            opened = self._finder.find(pause)
        return opened

    def _say_problem(self) -> None:
        """What stays wrong: each reason once in the log, and by event if it was never there."""
        logger.warning(
            "input device missing", extra={"device": self._name, "reason": self._finder.problem}
        )
        self._lose()

    def _lose(self) -> None:
        if not self._is_lost and not self._stopping.is_set():
            self._is_lost = True
            self._post(DeviceLost(self._name, self._monotonic_ns(), self._finder.problem))

    def _read(self, selector: selectors.BaseSelector, opened: Opened) -> None:
        """Until told to end; OSError when the device is gone."""
        packets = [Packets() for _ in opened.descriptors]
        began_ns = self._monotonic_ns()
        self._decoder.begin(opened.held(), began_ns)
        if self._is_lost:
            self._is_lost = False
            self._post(DeviceBack(self._name, self._monotonic_ns()))
        while True:
            self._pulse.beat()
            selector.select(self._wait_s())
            if self._stopping.is_set():
                return
            # before reading: every key up to this moment is then told before time is judged
            now_ns = self._monotonic_ns()
            for number, one in enumerate(packets):
                self._decode(opened, number, one)
            self._say(self._decoder.expire(now_ns))

    def _wait_s(self) -> float:
        deadline_ns = self._decoder.deadline_ns
        if deadline_ns is None:
            return _TURN_S
        return min(_TURN_S, max(0.0, (deadline_ns - self._monotonic_ns()) / 1e9))

    def _decode(self, opened: Opened, number: int, packets: Packets) -> None:
        for event in opened.read(number):
            key = packets.feed(event)
            if isinstance(key, KeysLost):
                logger.warning("the kernel dropped keys", extra={"device": self._name})
                self._decoder.keys_were_lost(opened.held(), key.at_ns)
            elif key is not None:
                self._say(self._decoder.press(key))

    def _say(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, ScanIncomplete):
                logger.info("a code was cut off", extra={"device": self._name})
            self._post(event)


class _Watched:
    """Descriptors in a selector, for as long as their device is open."""

    def __init__(self, selector: selectors.BaseSelector, descriptors: list[int]) -> None:
        self._selector = selector
        self._descriptors = descriptors

    def __enter__(self) -> None:
        for descriptor in self._descriptors:
            self._selector.register(descriptor, selectors.EVENT_READ, None)

    def __exit__(self, *_error: object) -> None:
        for descriptor in self._descriptors:
            self._selector.unregister(descriptor)
