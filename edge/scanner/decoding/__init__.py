"""What the keys of a scanner or pedal mean. Pure: key transitions in, events out.

A scanner's decoder can only make codes, a pedal's decoder only actions: neither has a way to the
other's events, whatever keys come.
"""

from collections.abc import Sequence
from typing import Protocol

from edge.events import Event
from edge.scanner.decoding.packets import Key


class Decoder(Protocol):
    """Turns the keys of one device into events. Total: no key raises."""

    @property
    def deadline_ns(self) -> int | None:
        """When ``expire`` is wanted; None while nothing waits for time."""
        ...

    def begin(self, held: frozenset[int], at_ns: int) -> None:
        """The device is listened to from now on; ``held``: keys that are down already."""
        ...

    def press(self, key: Key) -> Sequence[Event]:
        """A key went down or up."""
        ...

    def expire(self, now_ns: int) -> Sequence[Event]:
        """Time passed, and no key came before ``now_ns`` that was not told."""
        ...

    def keys_were_lost(self, held: frozenset[int], at_ns: int) -> None:
        """The kernel dropped key events; ``held``: keys that are down now."""
        ...
