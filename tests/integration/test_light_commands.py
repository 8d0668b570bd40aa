"""``packwitness-edge light``: every sign is shown; what a killed daemon left on goes off."""

import io
from collections.abc import Iterator
from pathlib import Path

import gpiozero  # type: ignore[import-untyped]
import pytest

from edge.cli import main
from edge.indicator.signs import SIGNS, Sign
from tests.support.gpio_pins import WIRINGS, Pins, mock_pins
from tests.support.table_process import write_table

LIGHT = ("--set", "indicator.kind=led", "--set", "indicator.pins={led=5, buzzer=18}")
WIRING = WIRINGS["one led and a buzzer"]


@pytest.fixture
def pins() -> Iterator[Pins]:
    with mock_pins() as made:
        yield made


def _run(folder: Path, *words: str) -> int:
    return main(["--config", str(write_table(folder)), *LIGHT, *words])


def test_every_sign_is_walked_through(
    tmp_path: Path,
    pins: Pins,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n" * len(Sign)))
    assert _run(tmp_path, "light", "test") == 0
    said = capsys.readouterr().out
    assert all(f"{SIGNS[sign].title}: {SIGNS[sign].colour}" in said for sign in Sign)
    assert f"{len(Sign)} signs were shown" in said
    assert "Order open: blue, steady; 1 beep\n" in said
    assert not pins.lit(WIRING)


@pytest.mark.parametrize("answers", ["q\n", ""])
def test_a_technician_may_have_seen_enough(
    tmp_path: Path,
    pins: Pins,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n" + answers))
    assert _run(tmp_path, "light", "test") == 0
    assert "2 signs were shown" in capsys.readouterr().out


def test_a_light_that_was_left_on_goes_off(tmp_path: Path, pins: Pins) -> None:
    left = gpiozero.LED(5, initial_value=True)
    left._pin.function, reserved = "output", left.pin_factory._reservations
    reserved.clear()  # its process is gone, and the pin is as it was
    assert pins.lit(WIRING)
    assert _run(tmp_path, "light", "neutral") == 0
    assert not pins.lit(WIRING)


def test_a_light_in_use_is_one_clear_line(
    tmp_path: Path, pins: Pins, capsys: pytest.CaptureFixture[str]
) -> None:
    other = gpiozero.LED(5)
    assert _run(tmp_path, "light", "test") == 1
    assert capsys.readouterr().err.startswith("packwitness-edge: the light: pin GPIO5 is already")
    other.close()


def test_wrong_pins_are_a_wrong_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write_table(tmp_path))
    assert main(["--config", file, "--set", "indicator.kind=rgb", "settings"]) == 2
    assert "needs a pin for blue and green and red" in capsys.readouterr().err
