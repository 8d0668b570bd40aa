"""Builds the indicator that the settings name."""

import sys
from collections.abc import Mapping
from typing import Protocol

from edge.clock import Clock
from edge.indicator import Indicator
from edge.indicator.errors import IndicatorFault
from edge.indicator.gpio import GpioIndicator
from edge.indicator.lamps import Lamp, LightKind, Wiring, wiring_problem
from edge.indicator.simulated import SimulatedIndicator
from edge.indicator.terminal import TerminalIndicator


class IndicatorSettings(Protocol):
    """The settings read here."""

    @property
    def kind(self) -> str:
        """``terminal``, ``simulated``, or a kind of wired light (``LightKind``)."""
        ...

    @property
    def pins(self) -> Mapping[Lamp, int]:
        """Of a wired light: BCM numbers."""
        ...

    @property
    def active_high(self) -> bool:
        """Of a wired light: whether a high pin lights a lamp."""
        ...

    @property
    def buzzer_active_high(self) -> bool:
        """Of a wired light: whether a high pin sounds the buzzer."""
        ...

    @property
    def pwm(self) -> bool:
        """Of a wired light: whether its lamps can be dimmed."""
        ...

    @property
    def brightness(self) -> float:
        """Of a wired light with ``pwm``: above 0, up to 1."""
        ...


def build_indicator(settings: IndicatorSettings, clock: Clock) -> Indicator:
    """The indicator of the settings, not started yet.

    Raises:
        IndicatorFault: the settings name a kind that does not exist, or lack pins.
    """
    match settings.kind:
        case "terminal":
            return TerminalIndicator(sys.stdout)
        case "simulated":
            return SimulatedIndicator(clock.monotonic_ns)
        case kind if kind in set(LightKind):
            return GpioIndicator(_wiring(settings), clock.monotonic_ns)
    known = ", ".join(["terminal", "simulated", *LightKind])
    raise IndicatorFault(f"indicator kind {settings.kind!r} is not known: use one of {known}")


def _wiring(settings: IndicatorSettings) -> Wiring:
    kind = LightKind(settings.kind)
    if problem := wiring_problem(kind, settings.pins):
        raise IndicatorFault(f"indicator.pins: {problem}")
    return Wiring(
        kind,
        settings.pins,
        active_high=settings.active_high,
        buzzer_active_high=settings.buzzer_active_high,
        pwm=settings.pwm,
        brightness=settings.brightness,
    )
