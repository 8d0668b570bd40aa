"""The drawn light: told apart without colour, plain where it must be, harmless with any text."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from edge.clock import Clock
from edge.indicator.errors import IndicatorFault
from edge.indicator.factory import build_indicator
from edge.indicator.gpio import GpioIndicator
from edge.indicator.lamps import Lamp
from edge.indicator.signs import SIGNS, Sign
from edge.indicator.simulated import Shown, SimulatedIndicator
from edge.indicator.terminal import TerminalIndicator, strip
from tests.support.manual_clock import ManualClock

CSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Screen(io.StringIO):
    """A terminal in memory."""

    def isatty(self) -> bool:
        return True


class Latin(io.StringIO):
    """An output that knows no block characters."""

    encoding = "ascii"


def drawn(out: io.StringIO, sign: Sign, text: str = "", **environment: str) -> str:
    indicator = TerminalIndicator(out, environment)
    indicator.start()
    indicator.show(sign, text)
    return out.getvalue()


def test_every_sign_has_a_strip_of_its_own() -> None:
    """U-08: told apart with colour and words taken away."""
    strips = {strip(look) for look in SIGNS.values()}
    assert len(strips) == len(SIGNS)
    assert {len(each) for each in strips} == {20}


@pytest.mark.parametrize("sign", Sign)
def test_a_terminal_is_drawn_on_in_place_in_colour(sign: Sign) -> None:
    text = drawn(Screen(), sign)
    assert text.startswith("\r\x1b[2K\x1b[9")
    assert text.endswith("\x1b[0m")
    assert "\n" not in text


@pytest.mark.parametrize("sign", Sign)
def test_no_color_is_respected(sign: Sign) -> None:
    text = drawn(Screen(), sign, NO_COLOR="1")
    assert CSI.findall(text) == ["\x1b[2K"]
    assert SIGNS[sign].colour.upper() in text


def test_an_empty_no_color_means_nothing() -> None:
    assert "\x1b[9" in drawn(Screen(), Sign.READY, NO_COLOR="")


@pytest.mark.parametrize("out", [io.StringIO(), Latin()])
def test_elsewhere_it_is_plain_lines(out: io.StringIO) -> None:
    text = drawn(out, Sign.READY)
    assert "\x1b" not in text
    assert text.endswith("\n")


def test_a_dumb_terminal_gets_plain_lines() -> None:
    assert "\x1b" not in drawn(Screen(), Sign.READY, TERM="dumb")


def test_an_output_without_block_characters_gets_ascii() -> None:
    text = drawn(Latin(), Sign.OPEN, "訂單")
    assert text.isascii()
    assert "####" in text


def test_a_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = drawn(Screen(), Sign.OPEN, "訂單" * 40, NO_COLOR="1")
    line = text.removeprefix("\r\x1b[2K")
    assert sum(1 if character.isascii() or character in "█·" else 2 for character in line) in {
        58,
        59,
    }


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    text = drawn(io.StringIO(), Sign.OPEN, "A\x1b[2J\rB\nC\x07")
    assert "\x1b" not in text
    assert text.count("\n") == 1
    assert "A [2J B C" in text


def test_a_stop_leaves_the_cursor_on_a_line_of_its_own() -> None:
    out = Screen()
    indicator = TerminalIndicator(out, {})
    indicator.start()
    indicator.show(Sign.READY)
    indicator.stop()
    indicator.stop()
    assert out.getvalue().endswith("\n")
    assert out.getvalue().count("\n") == 1


def test_the_simulated_light_remembers_when_it_showed_what() -> None:
    clock = ManualClock()
    light = SimulatedIndicator(clock.monotonic_ns)
    light.start()
    signs = [light.sign]
    light.show(Sign.OPEN, "240615")
    clock.advance(1)
    light.fail()
    light.show(Sign.STOP)
    light.recover()
    light.show(Sign.SAVED)
    assert light.shown == [
        Shown(1_000_000_000, Sign.OPEN, "240615"),
        Shown(2_000_000_000, Sign.SAVED, ""),
    ]
    signs.append(light.sign)
    light.stop()
    signs.append(light.sign)
    assert signs == [None, Sign.SAVED, None]


@dataclass(frozen=True)
class Settings:
    kind: str
    pins: Mapping[Lamp, int] = field(default_factory=dict)
    active_high: bool = True
    buzzer_active_high: bool = True
    pwm: bool = False
    brightness: float = 1.0


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        (Settings("terminal"), TerminalIndicator),
        (Settings("simulated"), SimulatedIndicator),
        (Settings("led", {Lamp.LED: 5}), GpioIndicator),
    ],
)
def test_the_light_of_the_settings(settings: Settings, made: type) -> None:
    clock: Clock = ManualClock()
    assert isinstance(build_indicator(settings, clock), made)


@pytest.mark.parametrize("kind", ["lava-lamp", "led"])
def test_a_light_that_cannot_be_is_named(kind: str) -> None:
    with pytest.raises(IndicatorFault, match=kind):
        build_indicator(Settings(kind), ManualClock())
