"""The scanners, pedals and keypads of the settings, each bound to a device of its own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from edge.clock import Clock
from edge.events import Action, Post
from edge.scanner import InputDevice
from edge.scanner.binding import Plugged, Role
from edge.scanner.binding.choosing import Binding
from edge.scanner.binding.selectors import parse_selector
from edge.scanner.bound import LOOK_S, BoundInput
from edge.scanner.decoding import Decoder
from edge.scanner.decoding.key_names import key_code
from edge.scanner.decoding.pedal import PedalDecoder, PedalRules
from edge.scanner.decoding.scanner import ScannerDecoder, ScannerRules, Terminator
from edge.scanner.evdev import OpenDevice, OpenNode, evdev_opener
from edge.scanner.finding import Finder
from edge.scanner.presence import Look, plugged_in


class ScannerSettings(Protocol):
    """One scanner."""

    @property
    def device(self) -> str:
        """See ``parse_selector``."""
        ...

    @property
    def terminator(self) -> Terminator:
        """The key that ends a code."""
        ...

    @property
    def idle_ms(self) -> int:
        """Silence after which a code is broken off."""
        ...


class PedalSettings(Protocol):
    """One pedal or keypad."""

    @property
    def device(self) -> str:
        """See ``parse_selector``."""
        ...

    @property
    def keys(self) -> Mapping[str, Action]:
        """Key name to action."""
        ...

    @property
    def debounce_ms(self) -> int:
        """See ``PedalRules``."""
        ...

    @property
    def hold_cancel_ms(self) -> int:
        """See ``PedalRules``."""
        ...


class BoundSettings(Protocol):
    """The settings read here."""

    @property
    def scanners(self) -> Mapping[str, ScannerSettings]:
        """Name to scanner."""
        ...

    @property
    def pedals(self) -> Mapping[str, PedalSettings]:
        """Name to pedal or keypad."""
        ...


def bindings(settings: BoundSettings) -> tuple[Binding, ...]:
    """What each scanner and pedal is bound to.

    Raises:
        ValueError: a setting names no device.
    """
    roles = ((Role.SCANNER, settings.scanners), (Role.PEDAL, settings.pedals))
    return tuple(
        Binding(name, role, parse_selector(part.device))
        for role, parts in roles
        for name, part in parts.items()
    )


def bound_inputs(
    settings: BoundSettings,
    post: Post,
    clock: Clock,
    *,
    look: Look = plugged_in,
    open_node: OpenNode | None = None,
    look_s: float = LOOK_S,
) -> Sequence[InputDevice]:
    """All of them, not started yet.

    Raises:
        InputFault: the library is missing.
    """
    every = bindings(settings)
    opener = open_node or evdev_opener()

    def open_plugged(device: Plugged) -> OpenDevice:
        return OpenDevice(device, opener)

    decoders = dict(_decoders(settings))
    return [
        BoundInput(
            one.name,
            Finder(one, every, look, open_plugged),
            decoders[one.name],
            post=post,
            monotonic_ns=clock.monotonic_ns,
            look_s=look_s,
        )
        for one in every
    ]


def _decoders(settings: BoundSettings) -> Iterator[tuple[str, Decoder]]:
    for name, scanner in settings.scanners.items():
        yield name, ScannerDecoder(name, ScannerRules(scanner.terminator, scanner.idle_ms))
    for name, pedal in settings.pedals.items():
        actions = {key_code(key): action for key, action in pedal.keys.items()}
        yield name, PedalDecoder(name, PedalRules(actions, pedal.debounce_ms, pedal.hold_cancel_ms))
