"""The table in a person's hands: keys of the terminal go to the table until Ctrl-C."""

import os
import select

from launcher.screen import Screen
from launcher.whole import Whole

_READ_BYTES = 4096
_LOOK_S = 0.5
"""How often the programs are looked at."""
_ESCAPE, _END = 0x1B, 0x04
_ENTER = (0x0A, 0x0D)
_ERASE = (0x08, 0x7F)


class TypedText:
    """What stands in the line that is being typed, as far as the keys tell."""

    def __init__(self) -> None:
        self.text = ""

    def feed(self, data: bytes) -> None:
        """Keys came; a key such as F1 is an Escape and more in one piece."""
        if data[:1] == bytes([_ESCAPE]):
            if len(data) == 1:
                self.text = ""
            return
        for code in data:
            if code in _ENTER:
                self.text = ""
            elif code in _ERASE:
                self.text = self.text[:-1]
            elif chr(code).isprintable():
                self.text += chr(code)


def hand_over(whole: Whole, screen: Screen, keyboard: int) -> None:
    """Pass keys on until the person ends it (Ctrl-C, or Ctrl-D). Without keys, go on until Ctrl-C.

    Raises:
        ProgramFailed: one of the programs ended.
        KeyboardInterrupt: Ctrl-C, or a signal to end.
    """
    typed = TypedText()
    screen.type("")
    is_open = True
    while True:
        ready, _, _ = select.select([keyboard] if is_open else [], [], [], _LOOK_S)
        if ready:
            data = os.read(keyboard, _READ_BYTES)
            if data[:1] == bytes([_END]):
                return
            if data:
                typed.feed(data)
                screen.type(typed.text)
                whole.table.pass_on(data)
            is_open = bool(data)
        for program in whole.programs:
            if not program.is_running:
                raise program.ended()
