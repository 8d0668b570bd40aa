"""Which lamps a colour takes on each kind of light, and which pins a kind needs. Pure.

The rhythm tells the sign (``edge.indicator.signs``), so a light with fewer colours says the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from edge.indicator.signs import Colour

HIGHEST_PIN = 27
"""Of the header of a Raspberry Pi, by the numbers of its processor (BCM)."""


class Lamp(StrEnum):
    """What hangs on a pin."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    WHITE = "white"
    LED = "led"
    BUZZER = "buzzer"


class LightKind(StrEnum):
    """Lights that can be wired."""

    RGB = "rgb"
    STACK = "stack"
    TWO_LEDS = "two-leds"
    LED = "led"


Levels = Mapping[Lamp, float]
"""Brightness of each lit lamp, above 0 and up to 1; the others are dark."""

_GREEN_IN_YELLOW = 0.6
"""Full green beside full red looks green; without dimming it is full all the same."""

_NEEDED: Mapping[LightKind, frozenset[Lamp]] = MappingProxyType(
    {
        LightKind.RGB: frozenset({Lamp.RED, Lamp.GREEN, Lamp.BLUE}),
        LightKind.STACK: frozenset({Lamp.RED, Lamp.YELLOW, Lamp.GREEN}),
        LightKind.TWO_LEDS: frozenset({Lamp.RED, Lamp.GREEN}),
        LightKind.LED: frozenset({Lamp.LED}),
    }
)
_POSSIBLE: Mapping[LightKind, frozenset[Lamp]] = MappingProxyType(
    {LightKind.STACK: frozenset({Lamp.BLUE, Lamp.WHITE})}
)


@dataclass(frozen=True, slots=True)
class Wiring:
    """A light as it is wired."""

    kind: LightKind
    pins: Mapping[Lamp, int]
    """BCM numbers."""
    active_high: bool = True
    """False where a lamp is lit by a low pin, such as an RGB light with common anode."""
    buzzer_active_high: bool = True
    pwm: bool = False
    """Whether lamps can be dimmed; not for relays."""
    brightness: float = 1.0
    """Of full light, where lamps can be dimmed."""


def wiring_problem(kind: LightKind, pins: Mapping[Lamp, int]) -> str:
    """What is wrong with a wiring, in words; empty if nothing is."""
    allowed = _NEEDED[kind] | _POSSIBLE.get(kind, frozenset()) | {Lamp.BUZZER}
    if missing := sorted(_NEEDED[kind] - set(pins)):
        return f"a light of the kind {kind} needs a pin for {' and '.join(missing)}"
    if strange := sorted(set(pins) - allowed):
        return f"a light of the kind {kind} has no {' and no '.join(strange)}"
    by_pin: dict[int, Lamp] = {}
    for lamp, pin in pins.items():
        if other := by_pin.get(pin):
            return f"{other} and {lamp} are both on pin {pin}"
        by_pin[pin] = lamp
    return ""


def levels_of(wiring: Wiring, colour: Colour) -> Levels:
    """The lamps that make a colour, or stand for it."""
    levels = _LEVELS[wiring.kind](colour, wiring.pins)
    if not wiring.pwm:
        return dict.fromkeys(levels, 1.0)
    return {lamp: level * wiring.brightness for lamp, level in levels.items()}


def _rgb(colour: Colour, _pins: Mapping[Lamp, int]) -> Levels:
    match colour:
        case Colour.RED:
            return {Lamp.RED: 1.0}
        case Colour.YELLOW:
            return {Lamp.RED: 1.0, Lamp.GREEN: _GREEN_IN_YELLOW}
        case Colour.GREEN:
            return {Lamp.GREEN: 1.0}
        case Colour.BLUE:
            return {Lamp.BLUE: 1.0}
        case Colour.WHITE:
            return {Lamp.RED: 1.0, Lamp.GREEN: 1.0, Lamp.BLUE: 1.0}


def _stack(colour: Colour, pins: Mapping[Lamp, int]) -> Levels:
    """Without a blue or white lamp, green and yellow together stand for it; red never does."""
    lamp = Lamp(colour)
    return {lamp: 1.0} if lamp in pins else {Lamp.GREEN: 1.0, Lamp.YELLOW: 1.0}


def _two_leds(colour: Colour, _pins: Mapping[Lamp, int]) -> Levels:
    match colour:
        case Colour.RED:
            return {Lamp.RED: 1.0}
        case Colour.YELLOW:
            return {Lamp.RED: 1.0, Lamp.GREEN: 1.0}
        case _:
            return {Lamp.GREEN: 1.0}


def _led(_colour: Colour, _pins: Mapping[Lamp, int]) -> Levels:
    return {Lamp.LED: 1.0}


_LEVELS = MappingProxyType(
    {
        LightKind.RGB: _rgb,
        LightKind.STACK: _stack,
        LightKind.TWO_LEDS: _two_leds,
        LightKind.LED: _led,
    }
)
