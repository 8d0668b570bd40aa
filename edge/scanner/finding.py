"""Finds and opens the device of a binding, however often it is unplugged."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from edge.scanner.binding import Plugged
from edge.scanner.binding.choosing import Binding, choose
from edge.scanner.decoding.packets import RawEvent
from edge.scanner.errors import InputUnavailable
from edge.scanner.presence import Look

logger = logging.getLogger(__name__)

_FREE_WAITS = 40
_FREE_WAIT_S = 0.05
"""A key that is down when the device is grabbed would stay down for everybody else, so its release
is waited for, 2 s at most (opensteno/plover pull request 1728)."""


class Opened(Protocol):
    """An open device, as the reading thread uses it."""

    @property
    def device(self) -> Plugged:
        """Which device it is."""
        ...

    @property
    def descriptors(self) -> list[int]:
        """To be waited for; in the order of their numbers."""
        ...

    def grab(self) -> None:
        """Raises InputUnavailable."""
        ...

    def held(self) -> frozenset[int]:
        """Raises OSError."""
        ...

    def read(self, number: int) -> list[RawEvent]:
        """Raises OSError."""
        ...

    def close(self) -> None:
        """May be called twice."""
        ...


OpenPlugged = Callable[[Plugged], Opened]
"""Opens all nodes of a device; raises InputUnavailable."""

Pause = Callable[[float], bool]
"""Waits so many seconds; True if the thread was told to end meanwhile."""


class Finder:
    """Looks for one device until it is there and can be had alone."""

    def __init__(
        self, binding: Binding, bindings: Sequence[Binding], look: Look, open_plugged: OpenPlugged
    ) -> None:
        self._binding = binding
        self._bindings = bindings
        self._look = look
        self._open = open_plugged
        self._earlier: Plugged | None = None
        self._seen: Plugged | None = None
        self._must_settle = False
        self.problem = "is not plugged in"
        """Why there is none, for people; follows the binding's name."""

    def lost(self) -> None:
        """The device is gone: from now on one that appears is given time to show all its nodes."""
        self._seen, self._must_settle = None, True
        self.problem = "is unplugged"

    def find(self, pause: Pause) -> Opened | None:
        """Look once. None: it cannot be had now; ``problem`` says why."""
        choice = choose(self._binding, self._bindings, self._look(), self._earlier)
        seen, self._seen = self._seen, choice.device
        if choice.device is None:
            self._must_settle = True
            self.problem = choice.text
            return None
        if self._must_settle and seen != choice.device:
            return None
        try:
            opened = self._take(choice.device, pause)
        except InputUnavailable as error:
            self._must_settle = True
            self.problem = str(error)
            return None
        if opened is not None:
            self._earlier = choice.device
            logger.info(
                "input device chosen", extra={"device": self._binding.name, "choice": choice.text}
            )
        return opened

    def _take(self, device: Plugged, pause: Pause) -> Opened | None:
        opened = self._open(device)
        try:
            if wait_until_free(opened, pause):
                opened.grab()
                return opened
        except OSError as error:
            opened.close()
            raise InputUnavailable(
                f"cannot be read: {device}: {error.strerror or error}"
            ) from error
        except InputUnavailable:
            opened.close()
            raise
        opened.close()
        return None


def wait_until_free(opened: Opened, pause: Pause) -> bool:
    """False: the thread was told to end."""
    for _ in range(_FREE_WAITS):
        if not opened.held():
            return True
        if pause(_FREE_WAIT_S):
            return False
    return True
