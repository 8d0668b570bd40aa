"""What a person sees: lines, and below them the light and what they are typing, kept in place."""

import shutil
import textwrap
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TextIO

from launcher.light import Light

_INK = {"WHITE": "97", "GREEN": "92", "BLUE": "94", "YELLOW": "93", "RED": "91"}
_BOLD, _DIM = "1", "2"
_INDENT = " " * 5
_TEXT_ROWS = 3
_NARROWEST = 20
_CLEAR_LINE, _CLEAR_BELOW, _UP = "\r\x1b[2K", "\x1b[0J", "\x1b[1A"


class Screen:
    """Writes to a terminal, or plain lines to anything else. Any thread may call it.

    ``NO_COLOR`` and a dumb terminal are respected.
    """

    def __init__(self, out: TextIO, environment: Mapping[str, str]) -> None:
        self._out = out
        self._is_live = out.isatty() and environment.get("TERM", "dumb") != "dumb"
        self._has_colour = self._is_live and not environment.get("NO_COLOR")
        self._lock = threading.Lock()
        self._light: Light | None = None
        self._typed: str | None = None
        self._rows_below = 0
        self._kept: Callable[[Light], bool] = lambda _light: False

    @property
    def is_live(self) -> bool:
        """Whether lines can be redrawn in place."""
        return self._is_live

    def say(self, text: str = "") -> None:
        """Write a line above the light."""
        with self._lock:
            self._erase()
            self._out.write(text + "\n")
            self._draw()

    def heading(self, text: str) -> None:
        """Write a line that stands out, with room above it."""
        self.say()
        self.say(self._painted(text, _BOLD))

    def keep(self, wanted: Callable[[Light], bool]) -> None:
        """From now on, signs that are wanted also stay as lines."""
        self._kept = wanted

    def show(self, light: Light) -> None:
        """Draw a new sign of the light."""
        with self._lock:
            self._erase()
            if self._kept(light):
                now = datetime.now().astimezone()
                self._out.write(
                    f"     {self.dim(f'{now:%H:%M:%S}')}  {light.title} - {light.text}\n"
                )
            self._light = light
            self._draw()

    def type(self, text: str | None) -> None:
        """Draw what is being typed; None: nothing can be typed."""
        with self._lock:
            self._erase()
            self._typed = text
            self._draw()

    def close(self) -> None:
        """Take the light away; lines stay."""
        with self._lock:
            self._erase()
            self._light = self._typed = None
            self._out.flush()

    def dim(self, text: str) -> str:
        """Text that matters less."""
        return self._painted(text, _DIM)

    def _draw(self) -> None:
        rows = self._rows() if self._is_live else []
        if rows:
            self._out.write("\n".join(rows))
        self._rows_below = len(rows)
        self._out.flush()

    def _erase(self) -> None:
        if self._rows_below:
            self._out.write(_CLEAR_LINE + f"{_UP}{_CLEAR_LINE}" * (self._rows_below - 1))
            self._out.write(_CLEAR_BELOW)
            self._rows_below = 0

    def _rows(self) -> list[str]:
        columns = max(_NARROWEST, shutil.get_terminal_size().columns - 1)
        rows = []
        if self._light is not None:
            light, ink = self._light, _INK.get(self._light.colour, _BOLD)
            rows += ["", self._painted(f"     {light.strip}  {light.title}"[:columns], ink)]
            rows += textwrap.wrap(
                light.text,
                columns,
                initial_indent=_INDENT,
                subsequent_indent=_INDENT,
                max_lines=_TEXT_ROWS,
                placeholder=" ...",
            )
        if self._typed is not None:
            rows.append(f"     scan or key > {self._typed}"[:columns])
        return rows

    def _painted(self, text: str, ink: str) -> str:
        return f"\x1b[{ink}m{text}\x1b[0m" if self._has_colour else text
