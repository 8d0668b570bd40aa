"""Pins without hardware: gpiozero's own simulated ones, which note what is written to them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import gpiozero  # type: ignore[import-untyped]
from gpiozero.pins.mock import MockFactory, MockPWMPin  # type: ignore[import-untyped]

from edge.indicator.lamps import Lamp, LightKind, Wiring

WIRINGS = {
    "rgb": Wiring(LightKind.RGB, {Lamp.RED: 17, Lamp.GREEN: 27, Lamp.BLUE: 22}, pwm=True),
    "rgb with common anode": Wiring(
        LightKind.RGB, {Lamp.RED: 17, Lamp.GREEN: 27, Lamp.BLUE: 22}, active_high=False
    ),
    "stack of five": Wiring(
        LightKind.STACK,
        {Lamp.RED: 5, Lamp.YELLOW: 6, Lamp.GREEN: 13, Lamp.BLUE: 19, Lamp.WHITE: 26},
    ),
    "stack of three": Wiring(LightKind.STACK, {Lamp.RED: 5, Lamp.YELLOW: 6, Lamp.GREEN: 13}),
    "two leds": Wiring(LightKind.TWO_LEDS, {Lamp.RED: 5, Lamp.GREEN: 6}),
    "one led and a buzzer": Wiring(LightKind.LED, {Lamp.LED: 5, Lamp.BUZZER: 18}),
}
"""One of each kind."""

Note = Callable[[int, float], None]


class Pins:
    """What is on the pins. ``note`` is told each change: pin and level, 0 to 1."""

    def __init__(self, note: Note = lambda _pin, _level: None) -> None:
        self.broken = False

        pins = self

        class Pin(MockPWMPin):  # type: ignore[misc]
            def _set_state(self, value: float) -> None:
                if pins.broken:
                    raise OSError(5, "Input/output error")
                super()._set_state(value)

            def _change_state(self, value: float) -> Any:
                changed = super()._change_state(value)
                if changed:
                    note(self._number, float(value))
                return changed

        self.factory = MockFactory(pin_class=Pin)

    def high(self) -> dict[int, float]:
        """Pins that are not low, with their level."""
        states = {number: float(pin.state) for number, pin in self._known()}
        return {number: level for number, level in states.items() if level}

    def lit(self, wiring: Wiring) -> dict[Lamp, float]:
        """Lamps that shine, and the buzzer if it sounds."""
        found = {}
        for lamp, pin in wiring.pins.items():
            is_lamp = lamp is not Lamp.BUZZER
            rises = wiring.active_high if is_lamp else wiring.buzzer_active_high
            level = self.high().get(pin, 0.0)
            shines = level if rises else 1.0 - level
            if shines and self.is_output(pin):
                found[lamp] = shines
        return found

    def is_output(self, pin: int) -> bool:
        """Whether a program has the pin."""
        return any(number == pin and each.function == "output" for number, each in self._known())

    def _known(self) -> list[tuple[int, Any]]:
        return [(each._number, each) for each in list(self.factory.pins.values())]


@contextmanager
def mock_pins(note: Note = lambda _pin, _level: None) -> Iterator[Pins]:
    """Simulated pins in the place of the machine's."""
    before = gpiozero.Device.pin_factory
    pins = Pins(note)
    gpiozero.Device.pin_factory = pins.factory
    try:
        with patch.dict(os.environ):  # the driver names a pin library there
            yield pins
    finally:
        pins.factory.reset()
        gpiozero.Device.pin_factory = before
