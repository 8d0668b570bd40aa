"""Builds the indicator that the settings name."""

import sys
from typing import Protocol

from edge.clock import Clock
from edge.indicator import Indicator
from edge.indicator.errors import IndicatorFault
from edge.indicator.simulated import SimulatedIndicator
from edge.indicator.terminal import TerminalIndicator


class IndicatorSettings(Protocol):
    """The settings read here."""

    @property
    def kind(self) -> str:
        """``terminal`` or ``simulated``."""
        ...


def build_indicator(settings: IndicatorSettings, clock: Clock) -> Indicator:
    """The indicator of the settings, not started yet.

    Raises:
        IndicatorFault: the settings name a kind that does not exist.
    """
    match settings.kind:
        case "terminal":
            return TerminalIndicator(sys.stdout)
        case "simulated":
            return SimulatedIndicator(clock.monotonic_ns)
    raise IndicatorFault(
        f"indicator kind {settings.kind!r} is not known: use terminal or simulated"
    )
