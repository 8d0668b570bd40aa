"""An input device without hardware: a script scans and presses, and may take it away."""

from collections.abc import Callable

from edge.events import (
    Action,
    ActionPressed,
    DeviceBack,
    DeviceLost,
    Post,
    ScanIncomplete,
    Scanned,
)


class SimulatedInput:
    """Follows ``InputDevice``; posts in the thread of the script, so that tests need not wait.

    Before ``start``, after ``stop`` and while it is lost nothing is posted, as with a real device.
    """

    def __init__(
        self, *, post: Post, monotonic_ns: Callable[[], int], name: str = "simulated"
    ) -> None:
        self._post = post
        self._monotonic_ns = monotonic_ns
        self._name = name
        self._running = False
        self._present = True
        self._half = ""

    @property
    def name(self) -> str:
        """See ``InputDevice``."""
        return self._name

    def start(self) -> None:
        """See ``InputDevice``."""
        self._running = True

    def stop(self) -> None:
        """See ``InputDevice``."""
        self._running = False
        self._half = ""

    def alive(self) -> bool:
        """See ``InputDevice``."""
        return self._running

    def scan(self, code: str) -> None:
        """One pull of the trigger."""
        self.begin_scan(code)
        self.finish_scan()

    def begin_scan(self, text: str) -> None:
        """The first characters of a code."""
        if self._works():
            self._half += text

    def finish_scan(self) -> None:
        """The terminator."""
        code, self._half = self._half, ""
        if code and self._works():
            self._post(Scanned(code, self._monotonic_ns(), self._name))

    def break_off(self) -> None:
        """The scanner falls silent in the middle of a code."""
        half, self._half = self._half, ""
        if half and self._works():
            self._post(ScanIncomplete(self._monotonic_ns(), self._name))

    def press(self, action: Action) -> None:
        """A pedal or key goes down."""
        if self._works():
            self._post(ActionPressed(action, self._monotonic_ns(), self._name))

    def lose(self) -> None:
        """Unplug it; what was half scanned is gone."""
        self._half = ""
        if self._works():
            self._post(DeviceLost(self._name, self._monotonic_ns()))
        self._present = False

    def come_back(self) -> None:
        """Plug it in again."""
        was_present, self._present = self._present, True
        if not was_present and self._running:
            self._post(DeviceBack(self._name, self._monotonic_ns()))

    def _works(self) -> bool:
        return self._running and self._present
