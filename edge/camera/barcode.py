"""Code 128 (ISO/IEC 15417): text to bars. Pure.

The simulated camera prints it on its labels, so that whatever reads a photo can be tried without
a label printer. Code sets B and C are used: printable ASCII, digits in pairs.
"""

from collections.abc import Iterator

# Widths in modules of bar, space, bar, space, bar, space for the values 0-105.
_TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232"
)
_PATTERNS = tuple(_TABLE[start : start + 6] for start in range(0, len(_TABLE), 7))
_STOP = "2331112"

_TO_C = 99
_TO_B = 100
_START_B = 104
_START_C = 105
_CHECK_MODULUS = 103

QUIET_ZONE_MODULES = 10
"""White space that readers need left and right of the bars."""


class NotPrintable(ValueError):
    """The text cannot be a Code 128 barcode of the sets B and C."""


def encode(text: str) -> tuple[int, ...]:
    """Widths in modules of bar, space, bar ... bar, from start to stop, without quiet zones.

    Raises:
        NotPrintable: the text is empty or has a character outside 32-126.
    """
    values = list(_values(text))
    check = values[0] + sum(place * value for place, value in enumerate(values))
    symbols = [_PATTERNS[value] for value in (*values, check % _CHECK_MODULUS)]
    return tuple(int(width) for width in "".join((*symbols, _STOP)))


def _values(text: str) -> Iterator[int]:
    """Symbol values from the start symbol to the last character."""
    if not text or not all(" " <= character <= "~" for character in text):
        raise NotPrintable(f"{text[:40]!r} is not printable as Code 128: use ASCII 32-126")
    pairs = _pairs_at(text, 0)
    in_c = bool(pairs)
    yield _START_C if in_c else _START_B
    position = 0
    while position < len(text):
        pairs = _pairs_at(text, position)
        if bool(pairs) != in_c:
            in_c = not in_c
            yield _TO_C if in_c else _TO_B
        if in_c:
            for start in range(position, position + 2 * pairs, 2):
                yield int(text[start : start + 2])
            position += 2 * pairs
        else:
            yield ord(text[position]) - 32
            position += 1


def _pairs_at(text: str, position: int) -> int:
    """How many digit pairs are worth writing in set C from here; 0 means set B.

    At the ends of a text four digits save a symbol, in its middle six do (two switches). An odd
    digit goes first in set B, so that the rest fills pairs.
    """
    end = position
    while end < len(text) and "0" <= text[end] <= "9":
        end += 1
    digits = end - position
    at_an_end = position == 0 or end == len(text)
    if digits < (4 if at_an_end else 6) or (digits % 2 and position > 0):
        return 0
    return digits // 2
