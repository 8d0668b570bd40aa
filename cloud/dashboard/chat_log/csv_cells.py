"""Cells of a CSV file that a spreadsheet neither runs nor changes. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"
"""Tells spreadsheets that the file is UTF-8."""
_STARTS_A_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""Also in full width, which spreadsheets in East Asia take for the same."""
_LIKE_A_NUMBER = re.compile(r"[0-9][0-9 .,:/eE+-]*")
"""What spreadsheets round, shorten or make a date of: 15 digits, leading zeros, 12E7, 1-2."""


def text(value: str) -> str:
    """A cell for words. What would be a formula begins with an apostrophe instead."""
    return f"'{value}" if value.lstrip(" ").startswith(_STARTS_A_FORMULA) else value


def code(value: str) -> str:
    """A cell for an order or tracking number, which stays what it is.

    Of digits alone a spreadsheet would make a number and round it; ``="123"`` is the way to say
    "text" that they all understand. Nothing but digits and signs of numbers gets into it.
    """
    return f'="{value}"' if _LIKE_A_NUMBER.fullmatch(value) else text(value)


def lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as they stand in the file."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()
