"""Listens to all input devices that are plugged in and says live what they send."""

import selectors
from collections.abc import Callable, Sequence

from edge.scanner.binding import Plugged
from edge.scanner.decoding.packets import Key, Packets
from edge.scanner.errors import InputUnavailable
from edge.scanner.evdev import OpenDevice, OpenNode
from edge.scanner.finding import wait_until_free
from edge.scanner.presence import Look
from edge.scanner.scan_report import Burst

_PAUSE_NS = 500_000_000
"""Longer than between two characters of any scanner: what was sent is whole."""
_LOOK_S = 0.5

Say = Callable[[str], None]


class ScanTest:
    """Opens what is plugged in, and gives each burst of keys to ``heard``.

    Nothing is grabbed, so that the technician's own keyboard goes on working. Each device is taken
    for a moment at first, to see that no daemon has it.
    """

    def __init__(
        self,
        look: Look,
        open_node: OpenNode,
        monotonic_ns: Callable[[], int],
        *,
        heard: Callable[[Burst, Sequence[Plugged]], None],
        say: Say,
    ) -> None:
        self._look = look
        self._open_node = open_node
        self._monotonic_ns = monotonic_ns
        self._heard = heard
        self._say = say
        self._plugged: list[Plugged] = []
        self._listeners: dict[Plugged, _Listener] = {}
        self._troubles: dict[Plugged, str] = {}

    def listen(self, *, bursts: int | None = None) -> None:
        """Until so many bursts were heard, or for ever."""
        left = bursts
        with selectors.DefaultSelector() as selector:
            try:
                while left is None or left > 0:
                    heard = self._turn(selector)
                    left = None if left is None else left - heard
            finally:
                for listener in self._listeners.values():
                    listener.opened.close()

    def _turn(self, selector: selectors.BaseSelector) -> int:
        self._look_again(selector)
        selector.select(_LOOK_S)
        now_ns = self._monotonic_ns()
        heard = 0
        for device, listener in list(self._listeners.items()):
            try:
                listener.read()
            except OSError:  # unplugged; the next look says so
                self._forget(selector, device)
                continue
            burst = listener.burst(now_ns)
            if burst is not None:
                heard += 1
                self._heard(burst, self._plugged)
        return heard

    def _look_again(self, selector: selectors.BaseSelector) -> None:
        before, self._plugged = self._plugged, [one for one in self._look() if one.keys]
        for gone in (one for one in before if one not in self._plugged):
            self._forget(selector, gone)
            self._say(f"gone: {gone}")
        for new in (one for one in self._plugged if one not in self._listeners):
            self._begin(selector, new)

    def _begin(self, selector: selectors.BaseSelector, device: Plugged) -> None:
        try:
            self._must_be_free(device)
            opened = OpenDevice(device, self._open_node)
        except InputUnavailable as error:
            if self._troubles.get(device) != str(error):  # rights may come with the next look
                self._say(f"not heard yet, {error}")
            self._troubles[device] = str(error)
            return
        for descriptor in opened.descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        self._listeners[device] = _Listener(opened)
        self._say(f"listening: {device}")

    def _must_be_free(self, device: Plugged) -> None:
        opened = OpenDevice(device, self._open_node)
        try:
            with selectors.DefaultSelector() as nothing:

                def pause(seconds: float) -> bool:
                    nothing.select(seconds)
                    return False

                wait_until_free(opened, pause)
            opened.grab()
        except OSError as error:
            raise InputUnavailable(f"cannot be read: {device}: {error.strerror}") from error
        finally:
            opened.close()

    def _forget(self, selector: selectors.BaseSelector, device: Plugged) -> None:
        self._troubles.pop(device, None)
        listener = self._listeners.pop(device, None)
        if listener is not None:
            for descriptor in listener.opened.descriptors:
                selector.unregister(descriptor)
            listener.opened.close()


class _Listener:
    """One device, and what it sent since its last pause."""

    def __init__(self, opened: OpenDevice) -> None:
        self.opened = opened
        self._packets = [Packets() for _ in opened.descriptors]
        self._keys: list[Key] = []

    def read(self) -> None:
        """OSError when it is gone."""
        for number, packets in enumerate(self._packets):
            found = map(packets.feed, self.opened.read(number))
            self._keys += [key for key in found if isinstance(key, Key)]

    def burst(self, now_ns: int) -> Burst | None:
        """What was sent, once it has paused."""
        if not self._keys or now_ns - self._keys[-1].at_ns < _PAUSE_NS:
            return None
        keys, self._keys = tuple(self._keys), []
        burst = Burst(self.opened.device, keys)
        return burst if burst.pressed else None
