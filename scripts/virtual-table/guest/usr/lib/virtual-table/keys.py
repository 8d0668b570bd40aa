"""Which keys a USB keyboard reports for a character (HID usage tables 1.12, US layout)."""

SHIFT = 0x02

_DIGITS = "1234567890"
_PLAIN = {"-": 0x2D, "=": 0x2E, "[": 0x2F, "]": 0x30, "\\": 0x31, ";": 0x33, "'": 0x34, "`": 0x35}
_PLAIN |= {",": 0x36, ".": 0x37, "/": 0x38, " ": 0x2C, "\t": 0x2B, "\n": 0x28}
_SHIFTED = dict(zip('!@#$%^&*()_+{}|:"~<>?', "1234567890-=[]\\;'`,./", strict=True))
FUNCTION_KEYS = {f"F{number}": 0x39 + number for number in range(1, 13)}


def usage(character: str) -> tuple[int, int]:
    """Modifiers and usage of a character; a KeyError says that the layout has none."""
    if character in _SHIFTED:
        return SHIFT, usage(_SHIFTED[character])[1]
    if character.isalpha():
        return (SHIFT if character.isupper() else 0), 0x04 + ord(character.lower()) - ord("a")
    if character in _DIGITS:
        return 0, 0x1E + _DIGITS.index(character)
    return 0, _PLAIN[character]
