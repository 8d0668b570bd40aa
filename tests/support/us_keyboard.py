"""What a US keyboard sends for a text, by the names of the library evdev and not by our own."""

from collections.abc import Iterator

from evdev import ecodes

SHIFT = ecodes.KEY_LEFTSHIFT
ENTER = ecodes.KEY_ENTER
TAB = ecodes.KEY_TAB

_NAMES = {
    "-_": "MINUS",
    "=+": "EQUAL",
    "[{": "LEFTBRACE",
    "]}": "RIGHTBRACE",
    ";:": "SEMICOLON",
    "'\"": "APOSTROPHE",
    "`~": "GRAVE",
    "\\|": "BACKSLASH",
    ",<": "COMMA",
    ".>": "DOT",
    "/?": "SLASH",
    "  ": "SPACE",
    "1!": "1",
    "2@": "2",
    "3#": "3",
    "4$": "4",
    "5%": "5",
    "6^": "6",
    "7&": "7",
    "8*": "8",
    "9(": "9",
    "0)": "0",
} | {f"{letter}{letter.upper()}": letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}

STROKES: dict[str, tuple[int, bool]] = {}
"""Character to key and whether with Shift."""
for _pair, _name in _NAMES.items():
    _code = ecodes.ecodes[f"KEY_{_name}"]
    STROKES[_pair[1]] = (_code, True)
    STROKES[_pair[0]] = (_code, False)


def typed(text: str) -> Iterator[tuple[int, bool]]:
    """Keys and whether each goes down or up, in the order in which a scanner sends them."""
    for one in text:
        code, is_shifted = STROKES[one]
        if is_shifted:
            yield SHIFT, True
        yield code, True
        yield code, False
        if is_shifted:
            yield SHIFT, False
