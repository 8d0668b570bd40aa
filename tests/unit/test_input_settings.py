"""Settings of scanners and pedals: what they give, and errors that name the place."""

from pathlib import Path

import pytest
from evdev import ecodes

from edge.errors import SettingsError
from edge.events import Action
from edge.scanner.binding import Role
from edge.scanner.binding.selectors import parse_selector
from edge.scanner.bound_inputs import bindings
from edge.scanner.decoding.key_names import key_code
from edge.scanner.decoding.pedal import PedalRules
from edge.scanner.decoding.scanner import ScannerRules, Terminator
from edge.settings.inputs import InputSection, PedalPart, ScannerPart
from edge.settings_loading import load

TWO_TABLES_IN_ONE = """\
[input]
kinds = ["evdev"]

[input.scanners.left]
device = "port:usb-0000:01:00.0-1.1"

[input.scanners.right]
device = "model:0c2e:0b61"
terminator = "tab"

[input.pedals.keypad]
device = "name:Big Keys"
keys = {kp1 = "photo", 272 = "send"}
"""


def test_several_of_each(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text(TWO_TABLES_IN_ONE, encoding="utf-8")
    found = load(file, []).settings.input
    assert [(one.name, one.role, str(one.selector)) for one in bindings(found)] == [
        ("left", Role.SCANNER, "port:usb-0000:01:00.0-1.1"),
        ("right", Role.SCANNER, "model:0c2e:0b61"),
        ("keypad", Role.PEDAL, "name:Big Keys"),
    ]
    assert found.scanners["right"].terminator is Terminator.TAB
    keys = {key_code(name): action for name, action in found.pedals["keypad"].keys.items()}
    assert keys == {ecodes.KEY_KP1: Action.PHOTO, ecodes.BTN_LEFT: Action.SEND}


def test_a_scanner_alone_on_the_command_line() -> None:
    found = load(None, ['input.kinds=["evdev"]', "input.pedals={}"]).settings.input
    assert [one.name for one in bindings(found)] == ["scanner"]


def test_the_defaults_are_those_of_the_decoders() -> None:
    scanner, pedal = ScannerPart(), PedalPart()
    assert ScannerRules(scanner.terminator, scanner.idle_ms) == ScannerRules()
    keys = {key_code(name): action for name, action in pedal.keys.items()}
    assert PedalRules(keys, pedal.debounce_ms, pedal.hold_cancel_ms) == PedalRules()
    assert {parse_selector(one.device).by for one in (scanner, pedal)} == {"auto"}
    assert [one.name for one in bindings(InputSection())] == ["scanner", "pedal"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[input.scanners.a]\ndevice = 'usb'\n", "'usb' names no device"),
        ("[input.pedals.a]\nkeys = {f99 = 'photo'}\n", "no key 'f99'"),
        ("[input.pedals.a]\nhold_cancel_ms = 300\n", "500 or more, or 0"),
        ("[input.pedals.scanner]\n", "'scanner' is a scanner and a pedal"),
        ("[input.scanners.a]\n[input.scanners.b]\n", "'a' and 'b' are both auto"),
        ("[input.scanners.a]\nport = 'x'\n", "there is no such setting"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "table.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        load(file, [])
