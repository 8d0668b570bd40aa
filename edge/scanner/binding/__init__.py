"""Which of the devices that are plugged in is the scanner, and which the pedal. Pure.

One role per device. A device that nothing is bound to does nothing.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a device is used for."""

    SCANNER = "scanner"
    PEDAL = "pedal"


@dataclass(frozen=True, slots=True)
class Node:
    """One event node of the kernel, such as /dev/input/event3."""

    path: str
    keys: frozenset[int]
    """Numbers of the keys it can send; empty for what is no keyboard and has no buttons."""
    links: tuple[str, ...] = ()
    """Names in /dev/input/by-path and by-id that lead to it."""


@dataclass(frozen=True, slots=True)
class Plugged:
    """One device with all its nodes: a scanner often shows a keyboard, a mouse and more."""

    name: str
    vendor: int
    product: int
    port: str
    """Where it is plugged in, the same after each restart; empty if the kernel does not say."""
    uniq: str
    """Serial number or address; cheap devices have none."""
    nodes: tuple[Node, ...]

    @property
    def keys(self) -> frozenset[int]:
        """All keys that any node can send."""
        return frozenset().union(*(node.keys for node in self.nodes))

    @property
    def model(self) -> str:
        """Vendor and product as ``0c45:7403``."""
        return f"{self.vendor:04x}:{self.product:04x}"

    def __str__(self) -> str:
        place = f", port {self.port}" if self.port else ""
        return f"{self.name or 'device without a name'} ({self.model}{place})"
