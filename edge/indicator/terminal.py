"""The light drawn in a terminal: colour, rhythm as a strip of time, and words.

Colour never stands alone: the words say the same, and the strip shows the rhythm that the real
light would blink, so it works without colour and for people who do not see it.
"""

import itertools
import logging
import os
import select
import shutil
import unicodedata
from collections.abc import Mapping
from typing import TextIO

from edge.indicator.errors import IndicatorFault
from edge.indicator.signs import SIGNS, Colour, Look, Sign

_log = logging.getLogger(__name__)

_STRIP_MS = 4000
_CELL_MS = 200
_REDRAW = "\r\x1b[2K"
_PLAIN = "\x1b[0m"
_INK = {
    Colour.WHITE: "\x1b[97m",
    Colour.GREEN: "\x1b[92m",
    Colour.BLUE: "\x1b[94m",
    Colour.YELLOW: "\x1b[93m",
    Colour.RED: "\x1b[91m",
}
_BLOCKS = ("█", "·")
_ASCII_BLOCKS = ("#", ".")


def strip(look: Look, blocks: tuple[str, str] = _BLOCKS) -> str:
    """The first 4 s of a rhythm, one character for 200 ms; steady light is all on."""
    lit, dark = blocks
    if len(look.pattern) == 1:
        return lit * (_STRIP_MS // _CELL_MS)
    changes = list(itertools.accumulate(length for _, length in look.pattern))
    cells = ""
    for start in range(0, _STRIP_MS, _CELL_MS):
        middle = (start + _CELL_MS // 2) % look.cycle_ms
        part = next(place for place, end in enumerate(changes) if middle < end)
        cells += lit if look.pattern[part][0] else dark
    return cells


class TerminalIndicator:
    """Follows ``Indicator``. One line drawn in place on a terminal; plain lines anywhere else.

    ``NO_COLOR`` in the environment is respected. A sign that the output does not take at once (a
    terminal held with Ctrl-S, a full pipe) is not drawn, because a light must not hold up packing.
    """

    def __init__(self, out: TextIO, environment: Mapping[str, str] = os.environ) -> None:
        self._out = out
        self._in_place = False
        self._coloured = False
        self._blocks = _BLOCKS
        self._environment = environment
        self._running = False
        self._broken = False

    def start(self) -> None:
        """See ``Indicator``."""
        if self._out.closed:
            raise IndicatorFault("the output is closed: start the program in a terminal")
        self._in_place = self._out.isatty() and self._environment.get("TERM") != "dumb"
        self._coloured = self._in_place and not self._environment.get("NO_COLOR")
        self._blocks = _BLOCKS if _can_write(self._out, "".join(_BLOCKS)) else _ASCII_BLOCKS
        self._running, self._broken = True, False

    def show(self, sign: Sign, text: str = "") -> None:
        """See ``Indicator``."""
        if not self._running:
            return
        look = SIGNS[sign]
        words = [part for part in (look.title, _one_line(text), look.what_to_do) if part]
        line = f"{look.colour.upper():<6} {strip(look, self._blocks)}  {' - '.join(words)}"
        self._write(self._framed(line, look.colour))

    def alive(self) -> bool:
        """See ``Indicator``. It is drawn by the caller's thread."""
        return self._running

    def stop(self) -> None:
        """See ``Indicator``."""
        if self._running and self._in_place:
            self._write("\n")
        self._running = False

    def _framed(self, line: str, colour: Colour) -> str:
        if not self._in_place:
            return f"{line}\n"
        fitting = _cut(line, shutil.get_terminal_size().columns - 1)
        if self._coloured:
            fitting = f"{_INK[colour]}{fitting}{_PLAIN}"
        return _REDRAW + fitting

    def _write(self, text: str) -> None:
        try:
            if _takes_more(self._out):
                self._out.write(_encodable(self._out, text))
                self._out.flush()
                self._broken = False
        except (OSError, ValueError) as error:  # ValueError: the file was closed
            if not self._broken:
                _log.warning("the light in the terminal is broken", extra={"reason": str(error)})
            self._broken = True


def _takes_more(out: TextIO) -> bool:
    """Whether a line can be written without waiting."""
    try:
        descriptor = out.fileno()
    except OSError:  # a file in memory has none and never waits
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


def _one_line(text: str) -> str:
    """Text from outside must not move the cursor or clear the screen."""
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _cut(text: str, columns: int) -> str:
    """As much of a text as fits; Chinese characters take two columns."""
    widths = (2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
    ends = itertools.accumulate(widths)
    return "".join(each for each, end in zip(text, ends, strict=True) if end <= columns)


def _can_write(out: TextIO, text: str) -> bool:
    try:
        text.encode(out.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _encodable(out: TextIO, text: str) -> str:
    encoding = out.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
