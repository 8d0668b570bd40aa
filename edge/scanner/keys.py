"""Keys of a terminal: bytes to key names. Pure.

A terminal sends F1 as several bytes that begin with Escape, and Escape alone as the first of them;
only time tells them apart. So whoever feeds bytes calls ``flush`` when none came for a moment.
"""

import codecs
from collections.abc import Iterable

from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from edge.scanner.typed import BACKSPACE, ENTER, ESCAPE

_NAMES = {"c-m": ENTER, "c-j": ENTER, "c-h": BACKSPACE}


class KeyParser:
    """Bytes to key names. A printable character is its own name; unknown sequences are dropped."""

    def __init__(self) -> None:
        self._characters = codecs.getincrementaldecoder("utf-8")("ignore")
        self._pressed: list[KeyPress] = []
        self._parser = Vt100Parser(self._pressed.append)
        self._unknown = _UnknownSequence()

    def feed(self, data: bytes) -> list[str]:
        """Names of the keys that are complete."""
        self._parser.feed(self._characters.decode(data))
        return list(self._names(self._take()))

    def flush(self) -> list[str]:
        """No more bytes came: an Escape that waited for its sequence was the key itself."""
        self._parser.flush()
        pressed = self._take()
        names = [_name(pressed[0])] if len(pressed) == 1 else list(self._names(pressed))
        self._unknown = _UnknownSequence()
        return names

    def _take(self) -> list[KeyPress]:
        pressed, self._pressed[:] = self._pressed[:], []
        return pressed

    def _names(self, pressed: Iterable[KeyPress]) -> Iterable[str]:
        for press in pressed:
            if not self._unknown.swallows(press):
                yield _name(press)


class _UnknownSequence:
    """Swallows what the parser hands out piece by piece because its table does not know it.

    An Escape handed out together with what follows is not the key: it begins an unknown sequence,
    or a key pressed with Alt. Otherwise ``Esc [ 9 9 ~`` would cancel the order and type ``[99~``.
    """

    def __init__(self) -> None:
        self._after = ""

    def swallows(self, press: KeyPress) -> bool:
        if press.key == Keys.Escape:
            self._after = ESCAPE
            return True
        if not self._after:
            return False
        introduces = self._after == ESCAPE and press.data in {"[", "O"}
        in_sequence = self._after != ESCAPE and not "@" <= press.data[:1] <= "~"
        if introduces:
            self._after = press.data
        elif not in_sequence:
            self._after = ""
        return True


def _name(press: KeyPress) -> str:
    key = str(press.key.value if isinstance(press.key, Keys) else press.key)
    return _NAMES.get(key, key)
