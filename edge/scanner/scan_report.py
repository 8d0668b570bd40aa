"""What a scanner or pedal sent, in words for a technician, and the settings that fit. Pure."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from edge.events import Scanned
from edge.scanner.binding import Plugged, Role
from edge.scanner.binding.choosing import Binding, choose
from edge.scanner.binding.recognition import can_type
from edge.scanner.binding.selectors import By, Selector
from edge.scanner.codes import CodeRules, classify
from edge.scanner.decoding import us_layout
from edge.scanner.decoding.key_names import CODES, key_name
from edge.scanner.decoding.packets import Key
from edge.scanner.decoding.pedal import DEFAULT_KEYS
from edge.scanner.decoding.scanner import ScannerDecoder, ScannerRules, Terminator
from wire.claim_sheet import is_of_claim_sheet

_MS = 1_000_000
_IDLE_MS = ScannerRules().idle_ms
_WHOLE_BURST_MS = 60_000
_ENDS = {CODES["enter"]: "enter", CODES["kpenter"]: "enter", CODES["tab"]: "tab"}
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_SILENT = us_layout.MODIFIERS | {us_layout.CAPS_LOCK, CODES["numlock"]}
_FEW = 3
"""A pedal sends no more keys at one press."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What one device sent without a pause: one pull of a trigger, or one press of a pedal."""

    device: Plugged
    keys: tuple[Key, ...]

    @property
    def pressed(self) -> list[Key]:
        """Keys that went down."""
        return [key for key in self.keys if key.is_down]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A burst, read as a scanner's."""

    text: str
    """As far as it could be read."""
    is_whole: bool
    terminator: str
    """``enter``, ``tab`` or empty."""
    gaps_ms: tuple[float, ...]


def report(burst: Burst, plugged: Sequence[Plugged], rules: CodeRules) -> list[str]:
    """Lines for a technician. ``plugged``: all devices, to see whether a setting is needed."""
    lines = [str(burst.device)]
    typed = [key for key in burst.pressed if key.code not in _SILENT]
    if len(typed) <= _FEW and not any(key.code in _ENDS for key in typed):
        lines += _facts({"keys": _keys(burst.pressed)})
        return [*lines, *_as_pedal(burst, typed, plugged)]
    return [*lines, *_as_scanner(burst, plugged, rules)]


def _as_scanner(burst: Burst, plugged: Sequence[Plugged], rules: CodeRules) -> list[str]:
    reading = _read(burst)
    code = classify(reading.text, rules)
    if is_of_claim_sheet(_AIM.sub("", reading.text, count=1)):
        # a claim code lets in who knows it, and reports are passed on
        facts = {"code": "of a claim sheet, not shown"}
    else:
        facts = {"keys": _keys(burst.pressed), "code": _shown(reading.text)}
    facts |= {
        "ends with": reading.terminator or "nothing",
        "speed": _speed(reading.gaps_ms),
        "prefix": _prefix(reading.text),
        "taken as": f"{code.kind}{f': {code.reason}' if code.reason else ''}",
    }
    part = _settings_of(burst.device, Role.SCANNER, plugged)
    part += _scanner_settings(reading)
    lines = [*_facts(facts), *_notes(_scanner_notes(burst, reading))]
    return [*lines, *_settings("scanners.scanner", part), *_code_settings(reading)]


def _as_pedal(burst: Burst, typed: Sequence[Key], plugged: Sequence[Plugged]) -> list[str]:
    names = list(dict.fromkeys(key_name(key.code) for key in typed))
    part = _settings_of(burst.device, Role.PEDAL, plugged)
    notes = []
    if not names:
        notes = ["only a modifier key was pressed: it can be given no action"]
    elif not set(names) <= set(DEFAULT_KEYS):
        offered = ", ".join(f'{name} = "photo"' for name in names)
        part.append(f"keys = {{{offered}}}")
        notes = ["give each key its action: photo, send, undo or cancel"]
    else:
        meant = (f"{name} means {DEFAULT_KEYS[name]}" for name in names)
        notes = [f"{', '.join(meant)}, without any setting"]
    return [*_notes(notes), *_settings("pedals.pedal", part)]


def _read(burst: Burst) -> _Reading:
    rules = ScannerRules(Terminator.ENTER_OR_TAB, idle_ms=_WHOLE_BURST_MS)
    decoder = ScannerDecoder("", rules)
    decoder.begin(frozenset(), -2 * _WHOLE_BURST_MS * _MS)
    said = [one for key in burst.keys for one in decoder.press(key)]
    codes = [one.text for one in said if isinstance(one, Scanned)]
    typed = [key for key in burst.pressed if key.code not in _SILENT]
    ends = [_ENDS[key.code] for key in typed if key.code in _ENDS]
    times = [key.at_ns for key in typed]
    gaps = tuple((after - before) / _MS for before, after in pairwise(times))
    whole = len(said) == len(codes) == 1
    text = codes[0] if codes else _readable(burst.keys)
    return _Reading(text, whole, ends[0] if ends else "", gaps)


def _readable(keys: Iterable[Key]) -> str:
    """The plain characters of a code that is not whole."""
    shifts: set[int] = set()
    found = ""
    for key in keys:
        if key.code in us_layout.SHIFTS:
            (shifts.add if key.is_down else shifts.discard)(key.code)
        elif key.is_down and key.code not in _ENDS:
            found += us_layout.character(key.code, shift=bool(shifts), caps=False)
    return found


def _keys(pressed: Sequence[Key]) -> str:
    names = (f"{key_name(key.code)}" for key in pressed)
    return " ".join(names)


def _speed(gaps_ms: Sequence[float]) -> str:
    if not gaps_ms:
        return "one key"
    usual = sorted(gaps_ms)[len(gaps_ms) // 2]
    return f"{min(gaps_ms):.0f} to {max(gaps_ms):.0f} ms from key to key, usually {usual:.0f} ms"


def _shown(text: str) -> str:
    return f"{text!r} ({len(text)} characters)" if text else "none"


def _prefix(text: str) -> str:
    found = _AIM.match(text)
    return f"{found[0]}, as AIM prefixes look" if found else "none"


def _scanner_settings(reading: _Reading) -> list[str]:
    found = []
    if reading.terminator == "tab":
        found.append('terminator = "tab"')
    slowest_ms = max(reading.gaps_ms, default=0)
    if slowest_ms > _IDLE_MS * 0.6:
        found.append(f"idle_ms = {math.ceil(slowest_ms * 2 / 50) * 50}")
    return found


def _code_settings(reading: _Reading) -> list[str]:
    if not _AIM.match(reading.text):
        return []
    return [
        "      [codes]",
        "      strip_aim = true   # if every code of this scanner begins like that",
    ]


def _scanner_notes(burst: Burst, reading: _Reading) -> list[str]:
    found = []
    if not reading.terminator:
        found.append(
            "it sends no Enter after a code: scan 'Enter suffix' (also CR) in the scanner's "
            "manual; without it no code is ever whole"
        )
    elif not reading.is_whole:
        found.append(
            "this is not one whole code: set the scanner's keyboard language to US (English), "
            "scan 'factory defaults' in its manual, or scan again"
        )
    letters = [one for one in reading.text if one.isalpha()]
    if letters and "".join(letters).islower():
        found.append(
            'are the letters of the label capitals? Then set codes.letters = "upper", or the '
            "scanner's Caps Lock off"
        )
    if any(key.code == us_layout.CAPS_LOCK for key in burst.pressed):
        found.append("it switches Caps Lock around the code, which is understood")
    if us_layout.GROUP_SEPARATOR in reading.text:
        found.append("it sends group separators (\\x1d), which is understood")
    return found


def _settings_of(device: Plugged, role: Role, plugged: Sequence[Plugged]) -> list[str]:
    """The line ``device = ...``; none where ``auto`` finds it."""
    binding = Binding(role, role, Selector(By.AUTO))
    if choose(binding, (binding,), plugged, None).device == device:
        return []
    is_only = sum(one.model == device.model for one in plugged) == 1
    by = Selector(By.MODEL, device.model) if is_only else Selector(By.PORT, device.port)
    return [f'device = "{by}"']


def _settings(part: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return _facts({"settings": 'input.kinds = ["evdev"] is enough: auto finds it'})
    shown = ["[input]", 'kinds = ["evdev"]', "", f"[input.{part}]", *lines]
    return ["  settings", *(f"      {line}".rstrip() for line in shown)]


def _notes(notes: Iterable[str]) -> list[str]:
    return [f"  note      {note}" for note in notes]


def _facts(facts: dict[str, str]) -> list[str]:
    return [f"  {name:<9} {text}" for name, text in facts.items()]


def inventory(plugged: Sequence[Plugged]) -> list[str]:
    """All devices with keys, and what ``auto`` would do with them."""
    binding = {role: Binding(role, role, Selector(By.AUTO)) for role in Role}
    lines = [f"  {one}{'' if can_type(one) else ', few keys'}" for one in plugged if one.keys]
    for role, one in binding.items():
        choice = choose(one, tuple(binding.values()), plugged, None)
        lines.append(f"auto as {role}: {choice.text}")
    return lines
