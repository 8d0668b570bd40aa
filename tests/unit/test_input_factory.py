"""Which input devices the settings give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from edge.events import Action
from edge.scanner.bound_inputs import PedalSettings, ScannerSettings
from edge.scanner.errors import InputFault
from edge.scanner.factory import build_inputs
from edge.scanner.simulated import SimulatedInput
from edge.scanner.terminal import TerminalInput
from edge.scanner.typed import DEFAULT_KEYS, DEFAULT_WORDS
from edge.settings import TableSettings
from edge.settings.inputs import PedalPart, ScannerPart
from tests.support.manual_clock import ManualClock


@dataclass(frozen=True)
class Settings:
    kinds: Sequence[str]
    keys: Mapping[str, Action] = field(default_factory=lambda: dict(DEFAULT_KEYS))
    words: Mapping[str, Action] = field(default_factory=lambda: dict(DEFAULT_WORDS))
    escape_wait_ms: int = 100
    scanners: Mapping[str, ScannerSettings] = field(default_factory=lambda: {"left": ScannerPart()})
    pedals: Mapping[str, PedalSettings] = field(default_factory=dict)


class Input:
    """A standard input with a descriptor."""

    def fileno(self) -> int:
        return 0


def test_each_kind_once_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Input())
    built = build_inputs(Settings(["simulated", "terminal"]), lambda _: None, ManualClock())
    assert [type(device) for device in built] == [SimulatedInput, TerminalInput]
    assert len({device.name for device in built}) == 2


def test_evdev_gives_one_for_each_scanner_and_pedal() -> None:
    settings = Settings(["evdev"], pedals={"foot": PedalPart(), "keypad": PedalPart()})
    built = build_inputs(settings, lambda _: None, ManualClock())
    assert [device.name for device in built] == ["left", "foot", "keypad"]


def test_the_settings_of_a_table_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Input())
    built = build_inputs(TableSettings().input, lambda _: None, ManualClock())
    assert [device.name for device in built] == ["terminal"]


def test_none_at_all() -> None:
    assert build_inputs(Settings([]), lambda _: None, ManualClock()) == []


@pytest.mark.parametrize(
    ("kinds", "message"),
    [(["telepathy"], "telepathy"), (["simulated", "simulated"], "named twice")],
)
def test_settings_that_make_no_device_are_named(kinds: list[str], message: str) -> None:
    with pytest.raises(InputFault, match=message):
        build_inputs(Settings(kinds), lambda _: None, ManualClock())


def test_a_process_without_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputFault, match="no terminal"):
        build_inputs(Settings(["terminal"]), lambda _: None, ManualClock())
