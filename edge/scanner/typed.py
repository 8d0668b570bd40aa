"""What a packer types at a terminal: keys with an action, codes, and words for actions. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.events import Action
from wire.messages import MAX_CODE_LENGTH

ENTER = "enter"
BACKSPACE = "backspace"
ESCAPE = "escape"

DEFAULT_KEYS: Mapping[str, Action] = {
    "f1": Action.PHOTO,
    "f4": Action.SEND,
    "f2": Action.UNDO,
    ESCAPE: Action.CANCEL,
}
"""Key name to action; names as ``f1``, ``escape``, ``left``, ``c-x``."""

DEFAULT_WORDS: Mapping[str, Action] = {
    "p": Action.PHOTO,
    "s": Action.SEND,
    "u": Action.UNDO,
    "c": Action.CANCEL,
}
"""What may be typed in place of a key, with Enter: many terminals keep F1 for their own help."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A line was finished with Enter and is a code."""

    code: str


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line was finished that is longer than any code; nothing of it is used."""


class TypedLine:
    """What a packer types: keys with an action, or a line that Enter finishes."""

    def __init__(
        self,
        keys: Mapping[str, Action] = DEFAULT_KEYS,
        words: Mapping[str, Action] = DEFAULT_WORDS,
    ) -> None:
        self._keys = keys
        self._words = words
        self.text = ""

    def press(self, key: str) -> Action | Typed | TooLong | None:
        """What a key means now; None if nothing yet."""
        action = self._keys.get(key)
        if action is not None:
            if action is Action.CANCEL:
                self.text = ""
            return action
        if key == ENTER:
            return self._finish()
        if key == BACKSPACE:
            self.text = self.text[:-1]
        elif len(key) == 1 and key.isprintable() and len(self.text) <= MAX_CODE_LENGTH:
            self.text += key
        return None

    def _finish(self) -> Action | Typed | TooLong | None:
        line, self.text = self.text.strip(), ""
        if len(line) > MAX_CODE_LENGTH:
            return TooLong()
        if not line:
            return None
        return self._words.get(line.lower()) or Typed(line)
