"""Names of keys in settings and for people, and the kernel's numbers of them. Pure.

The names are the kernel's own in lower case without ``KEY_``; buttons keep their ``btn_``.
A key without a name here is written as its number.
"""

_HIGHEST = 0x2FF  # KEY_MAX of the kernel

_RUNS: tuple[tuple[int, str], ...] = (
    (1, "esc 1 2 3 4 5 6 7 8 9 0 minus equal backspace"),
    (15, "tab q w e r t y u i o p leftbrace rightbrace enter"),
    (29, "leftctrl a s d f g h j k l semicolon apostrophe grave"),
    (42, "leftshift backslash z x c v b n m comma dot slash rightshift"),
    (55, "kpasterisk leftalt space capslock f1 f2 f3 f4 f5 f6 f7 f8 f9 f10"),
    (69, "numlock scrolllock kp7 kp8 kp9 kpminus kp4 kp5 kp6 kpplus kp1 kp2 kp3 kp0 kpdot"),
    (86, "102nd f11 f12 ro"),
    (96, "kpenter rightctrl kpslash sysrq rightalt"),
    (102, "home up pageup left right end down pagedown insert delete"),
    (113, "mute volumedown volumeup"),
    (117, "kpequal"),
    (119, "pause"),
    (121, "kpcomma"),
    (124, "yen leftmeta rightmeta compose"),
    (163, "nextsong playpause previoussong stopcd"),
    (183, "f13 f14 f15 f16 f17 f18 f19 f20 f21 f22 f23 f24"),
    (256, "btn_0 btn_1 btn_2 btn_3 btn_4 btn_5 btn_6 btn_7 btn_8 btn_9"),
    (272, "btn_left btn_right btn_middle btn_side btn_extra btn_forward btn_back"),
    (288, "btn_trigger btn_thumb btn_thumb2 btn_top btn_top2 btn_pinkie"),
)

CODES: dict[str, int] = {
    name: first + place for first, names in _RUNS for place, name in enumerate(names.split())
}
"""Key name to the kernel's number."""

_NAMES = {code: name for name, code in CODES.items()}
_LONGER = {"escape": "esc", "return": "enter"}


def key_code(name: str) -> int:
    """The number of a key by its name, such as ``f1``, ``kp1``, ``btn_left`` or ``272``.

    ``KEY_F1`` and ``escape`` are understood too. A digit is the key with that digit on it; numbers
    of keys have two digits or more.

    Raises:
        ValueError: there is no such key; the text says what to do.
    """
    plain = name.strip().lower().removeprefix("key_")
    plain = _LONGER.get(plain, plain)
    if plain in CODES:
        return CODES[plain]
    if plain.isascii() and plain.isdigit() and 0 < int(plain) <= _HIGHEST:
        return int(plain)
    raise ValueError(
        f"there is no key {name!r}: packwitness-edge scan-test shows the name of a key"
    )


def key_name(code: int) -> str:
    """The name of a key, or its number."""
    return _NAMES.get(code, str(code))
