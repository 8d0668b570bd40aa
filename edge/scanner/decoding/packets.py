"""From the kernel's input events to keys going down and up. Pure (edge-hardware 3.1)."""

from dataclasses import dataclass

EV_SYN, EV_KEY = 0, 1
SYN_REPORT, SYN_DROPPED = 0, 3
_UP, _DOWN = 0, 1  # 2 is autorepeat


@dataclass(frozen=True, slots=True)
class RawEvent:
    """One event as the kernel gives it."""

    type: int
    code: int
    value: int
    at_ns: int
    """CLOCK_MONOTONIC."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key went down or up."""

    code: int
    is_down: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class KeysLost:
    """The kernel's queue was full: keys are missing, and which ones are down must be asked."""

    at_ns: int


class Packets:
    """The events of one node. After SYN_DROPPED all is ignored up to the next SYN_REPORT."""

    def __init__(self) -> None:
        self._dropping = False

    def feed(self, event: RawEvent) -> Key | KeysLost | None:
        """What an event means; None for autorepeat and for what is no key."""
        if event.type == EV_SYN and event.code == SYN_DROPPED:
            self._dropping = True
        elif self._dropping:
            return self._end_of_drop(event)
        elif event.type == EV_KEY and event.value in {_UP, _DOWN}:
            return Key(event.code, event.value == _DOWN, event.at_ns)
        return None

    def _end_of_drop(self, event: RawEvent) -> KeysLost | None:
        if event.type != EV_SYN or event.code != SYN_REPORT:
            return None
        self._dropping = False
        return KeysLost(event.at_ns)
