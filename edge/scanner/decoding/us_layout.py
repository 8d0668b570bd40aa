"""Keys of a US keyboard to characters. Pure (edge-hardware 3.3).

Scanners type as a US keyboard as they are sold; a scanner set to another language must be set back.
"""

from edge.scanner.decoding.key_names import CODES

GROUP_SEPARATOR = "\x1d"
SHIFTS = frozenset({CODES["leftshift"], CODES["rightshift"]})
CONTROLS = frozenset({CODES["leftctrl"], CODES["rightctrl"]})
ALTS = frozenset({CODES["leftalt"], CODES["rightalt"]})
METAS = frozenset({CODES["leftmeta"], CODES["rightmeta"]})
MODIFIERS = SHIFTS | CONTROLS | ALTS | METAS
CAPS_LOCK = CODES["capslock"]

FOREIGN = frozenset({CODES["102nd"], CODES["ro"], CODES["yen"], CODES["kpcomma"]})
"""Keys that type a character on other keyboards and do not exist on this one."""

_ROWS: tuple[tuple[int, str, str], ...] = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
_PLAIN = {first + place: one for first, row, _ in _ROWS for place, one in enumerate(row)}
_SHIFTED = {first + place: one for first, _, row in _ROWS for place, one in enumerate(row)}
_KEYPAD = {CODES[f"kp{digit}"]: str(digit) for digit in range(10)} | {
    CODES[name]: one
    for name, one in {
        "kpdot": ".",
        "kpslash": "/",
        "kpasterisk": "*",
        "kpminus": "-",
        "kpplus": "+",
        "kpequal": "=",
    }.items()
}
_ALWAYS = {
    CODES["enter"]: "\r",
    CODES["kpenter"]: "\r",
    CODES["tab"]: "\t",
    CODES["f8"]: GROUP_SEPARATOR,  # one of the three ways in which scanners send it
}


def character(code: int, *, shift: bool, caps: bool) -> str:
    """The character of a key, or empty for one that types none. Num Lock counts as on."""
    fixed = _ALWAYS.get(code) or _KEYPAD.get(code)
    if fixed is not None:
        return fixed
    plain = _PLAIN.get(code, "")
    is_upper = shift != (caps and plain.isalpha())
    return _SHIFTED.get(code, "") if is_upper else plain


def control_character(code: int, *, shift: bool) -> str:
    """What Ctrl and a key type, such as the group separator with ``]``; empty for nothing."""
    typed = character(code, shift=shift, caps=False).upper()
    return chr(ord(typed) & 0x1F) if len(typed) == 1 and "@" <= typed <= "_" else ""


def keypad_digit(code: int) -> str:
    """The digit of a keypad's key, or empty."""
    typed = _KEYPAD.get(code, "")
    return typed if typed.isdigit() else ""


def by_number(digits: str) -> str:
    """The character that Alt and a number on the keypad type; empty if there is none.

    With a leading 0 it is of the Windows code page, else of that of DOS, as keyboards do it.
    """
    number = int(digits or "0")
    if 0 < number < 128:
        return chr(number)
    if number < 256:
        page = "cp1252" if digits.startswith("0") else "cp437"
        return bytes([number]).decode(page, "ignore") if number else ""
    return chr(number) if number < 0xD800 else ""
