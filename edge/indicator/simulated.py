"""A light without hardware: remembers what it showed, and can break."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edge.indicator.errors import IndicatorFault
from edge.indicator.signs import Sign

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A sign, and CLOCK_MONOTONIC of when it appeared."""

    at_ns: int
    sign: Sign
    text: str


class SimulatedIndicator:
    """Follows ``Indicator``."""

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self._monotonic_ns = monotonic_ns
        self._running = False
        self._broken = False
        self._said = False
        self.shown: list[Shown] = []

    @property
    def sign(self) -> Sign | None:
        """What is shown now; None for the neutral light."""
        return self.shown[-1].sign if self._running and self.shown else None

    def fail(self) -> None:
        """Break: ``start`` refuses, ``show`` shows nothing."""
        self._broken = True

    def recover(self) -> None:
        """Work again."""
        self._broken = self._said = False

    def start(self) -> None:
        """See ``Indicator``."""
        if self._broken:
            raise IndicatorFault("the simulated light is told to be broken")
        self._running = True

    def show(self, sign: Sign, text: str = "") -> None:
        """See ``Indicator``."""
        if self._broken:
            if not self._said:
                _log.warning("the light is broken", extra={"sign": sign})
            self._said = True
        elif self._running:
            self.shown.append(Shown(self._monotonic_ns(), sign, text))

    def alive(self) -> bool:
        """See ``Indicator``."""
        return self._running

    def stop(self) -> None:
        """See ``Indicator``."""
        self._running = False
