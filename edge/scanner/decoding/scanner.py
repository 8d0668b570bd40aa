"""The keys of a scanner: codes, and nothing else. Pure.

Half a code is never a code: a code that stops in the middle and what comes soon after it, what
comes later and does not begin as that code did, lost keys, a key that no US keyboard has, and a
code that had begun before anyone listened are all said as ``ScanIncomplete``.
"""

from dataclasses import dataclass
from enum import StrEnum

from edge.events import ScanIncomplete, Scanned
from edge.scanner.decoding import us_layout
from edge.scanner.decoding.packets import Key
from wire.messages import MAX_CODE_LENGTH

_REST_SHARE = 5
"""Of the silence that breaks a code off: what begins so soon after its last key may be its rest,
held up on its way. Nobody reads the light and scans again within a second."""
_BEGINNING_KEPT_NS = 30_000_000_000
"""For so long a code that broke off is remembered: what is scanned again begins as it did, its rest
does not. Whoever scans another label instead is refused once."""

Read = Scanned | ScanIncomplete


class Terminator(StrEnum):
    """The key with which a scanner ends a code."""

    ENTER = "enter"
    TAB = "tab"
    ENTER_OR_TAB = "enter-or-tab"


_ENDS: dict[Terminator, frozenset[str]] = {
    Terminator.ENTER: frozenset("\r\n"),
    Terminator.TAB: frozenset("\t"),
    Terminator.ENTER_OR_TAB: frozenset("\r\n\t"),
}


@dataclass(frozen=True, slots=True)
class ScannerRules:
    """How a scanner is set up."""

    terminator: Terminator = Terminator.ENTER
    idle_ms: int = 200
    """Silence after which a code is broken off; characters come 5-60 ms apart."""


class ScannerDecoder:
    """Follows ``Decoder``."""

    def __init__(self, device: str, rules: ScannerRules) -> None:
        self._device = device
        self._ends = _ENDS[rules.terminator]
        self._idle_ns = rules.idle_ms * 1_000_000
        self._modifiers: set[int] = set()
        self._caps = False
        self._number: str | None = None
        self._text = ""
        self._is_damaged = False
        self._is_unsure = False
        self._last_ns = 0
        self._broken_ns: int | None = None
        """Last key of a code that was broken off and whose end has not come."""
        self._beginning, self._beginning_ns = "", 0
        """What had come of it, and when."""

    @property
    def deadline_ns(self) -> int | None:
        """See ``Decoder``."""
        return self._last_ns + self._idle_ns if self._text or self._is_damaged else None

    def begin(self, held: frozenset[int], at_ns: int) -> None:
        """See ``Decoder``. What comes before the first silence may be the end of a code."""
        self._forget()
        self._broken_ns, self._beginning = None, ""
        self._modifiers = set(held & us_layout.MODIFIERS)
        self._caps = False
        self._is_unsure = True
        self._last_ns = at_ns

    def keys_were_lost(self, held: frozenset[int], at_ns: int) -> None:
        """See ``Decoder``. What follows up to the terminator is of no use either."""
        self._modifiers = set(held & us_layout.MODIFIERS)
        self._number = None
        self._is_damaged = True
        self._last_ns = at_ns

    def press(self, key: Key) -> tuple[Read, ...]:
        """See ``Decoder``."""
        said = self._after_silence(key)
        self._last_ns = max(self._last_ns, key.at_ns)
        if key.code in us_layout.MODIFIERS:
            said += self._modify(key)
        elif key.is_down:
            said += self._type(key)
        return said

    def expire(self, now_ns: int) -> tuple[Read, ...]:
        """See ``Decoder``."""
        deadline_ns = self.deadline_ns
        if deadline_ns is None or now_ns < deadline_ns:
            return ()
        text, is_damaged = self._text, self._is_damaged
        self._forget()
        if not is_damaged and not any(one.isprintable() for one in text):
            return ()
        self._broken_ns = self._last_ns
        if not is_damaged:
            self._beginning, self._beginning_ns = text, self._last_ns
        return (ScanIncomplete(deadline_ns, self._device),)

    def _after_silence(self, key: Key) -> tuple[Read, ...]:
        is_silent = key.at_ns - self._last_ns >= self._idle_ns
        said = self.expire(key.at_ns)
        if is_silent:
            # scanners switch Caps Lock on and off around a code: between codes it is off
            self._caps = False
        elif self._is_unsure and key.is_down:
            self._is_damaged = True
        if key.is_down and self._is_rest(key.at_ns):
            self._is_damaged = True
        if key.is_down:
            self._is_unsure = False
        return said

    def _is_rest(self, at_ns: int) -> bool:
        """Whether a code that begins now may be the rest of the one broken off before."""
        broken_ns, self._broken_ns = self._broken_ns, None
        return broken_ns is not None and at_ns - broken_ns < _REST_SHARE * self._idle_ns

    def _modify(self, key: Key) -> tuple[Read, ...]:
        if key.is_down:
            self._modifiers.add(key.code)
            return ()
        self._modifiers.discard(key.code)
        if key.code not in us_layout.ALTS or self._number is None:
            return ()
        number, self._number = self._number, None
        return self._take(us_layout.by_number(number), key.at_ns)

    def _type(self, key: Key) -> tuple[Read, ...]:
        if key.code == us_layout.CAPS_LOCK:
            self._caps = not self._caps
            return ()
        if self._is_with(us_layout.ALTS):
            self._type_with_alt(key.code)
            return ()
        typed = self._character(key.code)
        return () if typed is None else self._take(typed, key.at_ns)

    def _take(self, typed: str, at_ns: int) -> tuple[Read, ...]:
        if typed in self._ends:
            return self._finish(at_ns)
        if not typed or len(self._text) > MAX_CODE_LENGTH:
            self._is_damaged = True
        else:
            self._text += typed
        return ()

    def _type_with_alt(self, code: int) -> None:
        digit = us_layout.keypad_digit(code)
        if digit:
            self._number = ((self._number or "") + digit)[:6]
        elif code in us_layout.FOREIGN or us_layout.character(code, shift=False, caps=False):
            self._is_damaged = True

    def _character(self, code: int) -> str | None:
        """None: the key types nothing, on any keyboard. Empty: not on ours."""
        shift = self._is_with(us_layout.SHIFTS)
        typed = us_layout.character(code, shift=shift, caps=self._caps)
        if not typed and code not in us_layout.FOREIGN:
            return None
        if self._is_with(us_layout.METAS):
            return ""
        if self._is_with(us_layout.CONTROLS) and typed not in self._ends:
            return us_layout.control_character(code, shift=shift)
        return typed

    def _is_with(self, keys: frozenset[int]) -> bool:
        return not keys.isdisjoint(self._modifiers)

    def _finish(self, at_ns: int) -> tuple[Read, ...]:
        text, is_damaged = self._text, self._is_damaged or len(self._text) > MAX_CODE_LENGTH
        is_rest = self._is_late_rest(text, at_ns)
        self._forget()
        # what scanners send before or after a code in addition is no code
        is_code = any(one.isprintable() for one in text)
        if is_damaged or (is_rest and is_code):
            return (ScanIncomplete(at_ns, self._device),)
        return (Scanned(text, at_ns, self._device),) if is_code else ()

    def _is_late_rest(self, text: str, at_ns: int) -> bool:
        """Whether it does not begin as the code that broke off; asked once for each of those."""
        beginning, self._beginning = self._beginning, ""
        is_recent = at_ns - self._beginning_ns < _BEGINNING_KEPT_NS
        return is_recent and not text.startswith(beginning)

    def _forget(self) -> None:
        self._text = ""
        self._is_damaged = self._is_unsure = False
        self._number = None
