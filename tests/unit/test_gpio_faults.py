"""A light on pins that cannot be had says what to do, and leaves nothing open."""

import time
from collections.abc import Iterator
from dataclasses import replace

import gpiozero  # type: ignore[import-untyped]
import pytest
from gpiozero.pins.mock import MockFactory  # type: ignore[import-untyped]

from edge.indicator.errors import IndicatorFault
from edge.indicator.gpio import GpioIndicator
from edge.indicator.lamps import Wiring
from edge.indicator.signs import Sign
from tests.support.gpio_pins import WIRINGS, Pins, mock_pins

RGB = WIRINGS["rgb"]


@pytest.fixture
def pins() -> Iterator[Pins]:
    with mock_pins() as made:
        yield made


def light(wiring: Wiring = RGB, environment: dict[str, str] | None = None) -> GpioIndicator:
    chosen = {} if environment is None else environment
    return GpioIndicator(wiring, time.monotonic_ns, environment=chosen)


def test_a_pin_that_another_has(pins: Pins) -> None:
    other = gpiozero.LED(22)
    with pytest.raises(IndicatorFault, match=r"GPIO22 is already in use.*use each pin once"):
        light().start()
    assert not pins.is_output(17)
    other.close()


def test_starts_again_after_the_fault_is_gone(pins: Pins) -> None:
    other, one = gpiozero.LED(22), light()
    with pytest.raises(IndicatorFault):
        one.start()
    other.close()
    one.start()
    assert one.alive()
    one.stop()


def test_a_library_that_is_not_installed(pins: Pins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio")
    with pytest.raises(IndicatorFault, match=r"lgpio.*install python3-gpiozero and python3-lgpio"):
        light().start()


def test_a_library_that_is_unknown(pins: Pins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "carrier-pigeon")
    with pytest.raises(IndicatorFault, match=r"GPIOZERO_PIN_FACTORY=lgpio"):
        light().start()


def test_lamps_that_cannot_be_dimmed(pins: Pins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpiozero.Device, "pin_factory", MockFactory())
    with pytest.raises(IndicatorFault, match=r"indicator\.pwm to false"):
        light().start()
    plain = light(replace(RGB, pwm=False))
    plain.start()
    plain.stop()


def test_the_library_for_a_pi_5_is_asked_for(pins: Pins) -> None:
    environment: dict[str, str] = {}
    one = light(environment=environment)
    one.start()
    one.stop()
    assert environment == {"GPIOZERO_PIN_FACTORY": "lgpio"}


def test_another_library_may_be_named(pins: Pins) -> None:
    environment = {"GPIOZERO_PIN_FACTORY": "native"}
    one = light(environment=environment)
    one.start()
    one.stop()
    assert environment == {"GPIOZERO_PIN_FACTORY": "native"}


def test_pins_are_given_back_dark(pins: Pins) -> None:
    one = light()
    one.start()
    one.show(Sign.OPEN)
    one.stop()
    assert not pins.high()
    assert not any(map(pins.is_output, RGB.pins.values()))
