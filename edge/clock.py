"""Time at a table: monotonic for order and durations, wall clock for people only.

A table's wall clock may be months off until it is synchronised and may step at any moment
(edge-hardware 6.3), so nothing is ordered, expired or deleted by it without looking at ``synced``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant as the table saw it."""

    wall: datetime
    """Aware, UTC."""
    monotonic_ns: int
    """CLOCK_MONOTONIC; comparable only inside one boot."""
    boot_id: str
    synced: bool
    """Whether the wall clock was synchronised."""


class Clock(Protocol):
    """Where the daemon reads time; tests move their own."""

    def now(self) -> Moment:
        """The present instant. Never fails."""
        ...

    def monotonic_ns(self) -> int:
        """CLOCK_MONOTONIC in nanoseconds, the clock of input events and frames."""
        ...


class ToldClock(Clock, Protocol):
    """A clock that can be told the cloud's time, for tables that no time server keeps right."""

    def hear(self, wall: datetime, asked_ns: int, answered_ns: int) -> None:
        """The cloud's clock said ``wall`` between these two moments. From any thread."""
        ...

    def faults(self) -> list[str]:
        """What is wrong with the time, for people."""
        ...
