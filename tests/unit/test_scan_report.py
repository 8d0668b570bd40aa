"""What scan-test says of a scanner or pedal, and which settings it proposes."""

import tomllib
from collections.abc import Iterable, Sequence

import pytest
from evdev import ecodes

from edge.scanner.binding import Plugged
from edge.scanner.codes import CodeRules
from edge.scanner.decoding.packets import Key
from edge.scanner.scan_report import Burst, inventory, report
from edge.settings import TableSettings
from tests.support.fake_evdev import KEYBOARD, a_device, a_keyboard, a_pedal, a_scanner
from tests.support.us_keyboard import ENTER, STROKES, TAB, typed

MS = 1_000_000
CHEAP = a_device("HID Keyboard", "usb-1.4", (0x1234, 0x5678), [KEYBOARD])


def stroke(*codes: int) -> list[tuple[int, bool]]:
    return [(code, is_down) for code in codes for is_down in (True, False)]


def said(
    device: Plugged,
    keys: Iterable[tuple[int, bool]],
    plugged: Sequence[Plugged] | None = None,
    gap_ms: int = 10,
) -> str:
    told = tuple(
        Key(code, is_down, place * gap_ms * MS) for place, (code, is_down) in enumerate(keys)
    )
    return "\n".join(report(Burst(device, told), plugged or [device], CodeRules()))


def proposed(text: str) -> TableSettings:
    """The settings in a report, as a technician would copy them."""
    lines = [line for line in text.splitlines() if line.startswith("      ")]
    return TableSettings(**tomllib.loads("\n".join(lines)))


def test_a_scanner_as_it_should_be_needs_no_settings() -> None:
    text = said(a_scanner(), [*typed("240615ABcd"), *stroke(ENTER)])
    assert "Honeywell Scanner (0c2e:0b61, port usb-1.1)" in text
    assert "keys      2 4 0 6 1 5 leftshift a leftshift b c d enter" in text
    assert "code      '240615ABcd' (10 characters)" in text
    assert "ends with enter" in text
    assert "prefix    none" in text
    assert "taken as  order" in text
    assert "auto finds it" in text
    assert "note" not in text


def test_how_fast_it_is() -> None:
    assert "20 to 20 ms from key to key, usually 20 ms" in said(
        a_scanner(), [*typed("240"), *stroke(ENTER)]
    )


@pytest.mark.parametrize("prefix", ["", "]C0"])
def test_a_claim_code_is_not_shown(prefix: str) -> None:
    text = said(a_scanner(), [*typed(f"{prefix}PW-CLAIM-7Q2K9XWZ"), *stroke(ENTER)])
    assert "of a claim sheet, not shown" in text
    assert "7Q2K9XWZ" not in text
    assert " q leftshift" not in text
    assert "ends with enter" in text


def test_a_slow_one_gets_more_time() -> None:
    text = said(a_scanner(), [*typed("2406"), *stroke(ENTER)], gap_ms=90)
    assert proposed(text).input.scanners["scanner"].idle_ms == 400


def test_tab_at_the_end() -> None:
    text = said(a_scanner(), [*typed("2406"), *stroke(TAB)])
    assert proposed(text).input.scanners["scanner"].terminator == "tab"


def test_nothing_at_the_end() -> None:
    text = said(a_scanner(), typed("240615ABCD"))
    assert "ends with nothing" in text
    assert "Enter suffix" in text
    assert "'240615ABCD'" in text


def test_another_keyboard_language() -> None:
    keys = [*typed("24"), *stroke(ecodes.KEY_102ND), *typed("06"), *stroke(ENTER)]
    text = said(a_scanner(), keys)
    assert "keyboard language to US" in text
    assert "102nd" in text


def test_an_aim_prefix() -> None:
    text = said(a_scanner(), [*typed("]C1240615ABCD"), *stroke(ENTER)])
    assert "prefix    ]C1" in text
    assert proposed(text).codes.strip_aim


def test_small_letters_and_caps_lock() -> None:
    assert 'codes.letters = "upper"' in said(a_scanner(), [*typed("spx12"), *stroke(ENTER)])
    keys = [*stroke(ecodes.KEY_CAPSLOCK), *typed("spx12"), *stroke(ecodes.KEY_CAPSLOCK, ENTER)]
    text = said(a_scanner(), keys)
    assert "'SPX12'" in text
    assert "Caps Lock around the code" in text


def test_group_separators() -> None:
    keys = [*typed("01"), *stroke(ecodes.KEY_F8), *typed("2406"), *stroke(ENTER)]
    assert "group separators" in said(a_scanner(), keys)


def test_what_auto_does_not_find_is_named_by_its_model() -> None:
    plugged = [CHEAP, a_keyboard()]
    text = said(CHEAP, [*typed("2406"), *stroke(ENTER)], plugged)
    assert proposed(text).input.scanners["scanner"].device == "model:1234:5678"
    assert proposed(text).input.kinds == ("evdev",)


def test_one_of_two_alike_is_named_by_its_port() -> None:
    plugged = [a_scanner(), a_scanner("usb-1.9")]
    text = said(plugged[1], [*typed("2406"), *stroke(ENTER)], plugged)
    assert proposed(text).input.scanners["scanner"].device == "port:usb-1.9"


def test_a_pedal_that_sends_f1() -> None:
    text = said(a_pedal(), stroke(ecodes.KEY_F1))
    assert "f1 means photo, without any setting" in text
    assert "auto finds it" in text


@pytest.mark.parametrize(
    ("code", "name"), [(STROKES["b"][0], "b"), (ecodes.BTN_LEFT, "btn_left"), (700, "700")]
)
def test_a_pedal_that_sends_something_else(code: int, name: str) -> None:
    keypad = a_device("Keypad", "usb-1.6", (9, 9), [frozenset({code})])
    text = said(keypad, stroke(code), [keypad, a_scanner()])
    part = proposed(text).input.pedals["pedal"]
    assert part.keys == {name: "photo"}
    assert part.device == "model:0009:0009"


def test_what_is_plugged_in() -> None:
    lines = inventory([a_scanner(), a_pedal(), a_device("Speaker", "", (1, 1), [frozenset()])])
    assert lines == [
        "  Honeywell Scanner (0c2e:0b61, port usb-1.1)",
        "  PCsensor FootSwitch (0c45:7403, port usb-1.2), few keys",
        "auto as scanner: Honeywell Scanner (0c2e:0b61, port usb-1.1), known as a scanner",
        "auto as pedal: PCsensor FootSwitch (0c45:7403, port usb-1.2), known as a pedal",
    ]
