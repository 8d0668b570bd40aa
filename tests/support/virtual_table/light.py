"""Reads signs off the record of the GPIO lines as a person does: by colour and rhythm."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.indicator.signs import SIGNS, Colour, Look, Sign
from tests.support.waiting import eventually

RED, GREEN, BLUE, BUZZER = 17, 27, 22, 18
"""Where the light of the virtual table is wired (BCM numbers)."""

SLACK_MS = 70
SLACK_SHARE = 0.2
"""The record looks a hundred times a second, and a guest is not always given the processor when its
daemon wants to switch."""
TAIL_MS = 480
"""Dark for so long after a rhythm, it is over: within one it is dark for at most 300."""
SHORT_REST_MS = 300
"""Such a dark end tells no sign from another, and may have been missed in part."""

_MIXED: Mapping[tuple[bool, bool, bool], Colour | None] = {
    (False, False, False): None,
    (True, False, False): Colour.RED,
    (False, True, False): Colour.GREEN,
    (False, False, True): Colour.BLUE,
    (True, True, False): Colour.YELLOW,
    (True, True, True): Colour.WHITE,
}


@dataclass(slots=True)
class Phase:
    """The light had one colour, or was dark."""

    boot: str
    began_ns: int
    """CLOCK_MONOTONIC of the guest."""
    colour: Colour | None
    length_ms: float = 0.0
    ended: bool = False
    """Whether another followed; if not, it lasted at least that long."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A sign that was read off the light."""

    sign: Sign
    began_ns: int
    place: int
    """Among the phases of the record."""


class Light:
    """The record of the virtual table's light, over all of its boots."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._read_bytes = 0
        self._phases: list[Phase] = []

    def phases(self) -> list[Phase]:
        """All that the light did, in order."""
        self._read_on()
        return self._phases

    @property
    def place(self) -> int:
        """Where the record ends now: signs that are waited for begin after it."""
        return len(self.phases())

    def signs(self, since: int = 0) -> list[Seen]:
        """What a person would have read since a place of the record."""
        return list(read_signs(self.phases(), since))

    def wait_for(
        self,
        *signs: Sign,
        since: int = 0,
        limit_s: float,
        alive: Callable[[], None] = lambda: None,
    ) -> Seen:
        """Until the light shows one of the signs; ``alive`` raises when there is no use in waiting.

        Raises:
            AssertionError: it did not; the text says what it showed.
        """

        def look() -> Seen | None:
            alive()
            return self._find(signs, since)

        try:
            return eventually(look, limit_s)
        except AssertionError as error:
            shown = [f"{one.colour or 'dark'} {one.length_ms:.0f}" for one in self._phases[since:]]
            wanted = " or ".join(signs)
            raise AssertionError(
                f"no {wanted} within {limit_s:g} s, but {shown[:30]}, at last {shown[-10:]}"
            ) from error

    def _find(self, signs: Sequence[Sign], since: int) -> Seen | None:
        return next((one for one in self.signs(since) if one.sign in signs), None)

    def _read_on(self) -> None:
        if not self._record.exists():
            return
        with self._record.open("rb") as record:
            record.seek(self._read_bytes)
            whole, end, _unfinished = record.read().rpartition(b"\n")
        self._read_bytes += len(whole) + len(end)
        for line in whole.decode().splitlines():
            self._add(line)

    def _add(self, line: str) -> None:
        boot, monotonic, _wall, levels = line.split()
        at_ns, colour = int(monotonic), _colour(levels)
        last = self._phases[-1] if self._phases else None
        if last is not None and last.boot == boot:
            last.length_ms = (at_ns - last.began_ns) / 1e6
            if last.colour is colour:
                return
            last.ended = True
        self._phases.append(Phase(boot, at_ns, colour))


def _colour(levels: str) -> Colour | None:
    """Green may lag behind red for one look at the lines, which no sign's colour has."""
    red, green, blue = (levels[pin] == "1" for pin in (RED, GREEN, BLUE))
    return _MIXED.get((red, green, blue))


def read_signs(phases: Sequence[Phase], since: int = 0) -> Iterator[Seen]:
    """The signs whose rhythm was shown from its beginning, and far enough to be told apart."""
    for place in range(since, len(phases)):
        for sign, look in SIGNS.items():
            if _shows(phases, place, look):
                yield Seen(sign, phases[place].began_ns, place)


def _shows(phases: Sequence[Phase], place: int, look: Look) -> bool:
    if len(look.rhythm_ms) == 1:
        return _is_steady(phases[place], look)
    *shown, rest = look.rhythm_ms
    for step, wanted_ms in enumerate(shown):
        if place + step >= len(phases):
            return False
        phase = phases[place + step]
        lit = look.colour if step % 2 == 0 else None
        if phase.colour is not lit or not phase.ended:
            return False
        if not _is_about(phase.length_ms, wanted_ms, len(look.rhythm_ms)):
            return False
    after = phases[place + len(shown)] if place + len(shown) < len(phases) else None
    # The dark end of a rhythm may be cut short by the next sign; it tells one photo from two.
    tail_ms = rest - _slack_ms(rest) if rest <= SHORT_REST_MS else min(0.9 * rest, TAIL_MS)
    return after is not None and after.colour is None and after.length_ms >= tail_ms


def _is_about(length_ms: float, wanted_ms: int, parts: int) -> bool:
    """One long flash, again and again, is the longer where a dark moment between was missed."""
    slack_ms = _slack_ms(wanted_ms)
    if parts == 2 and wanted_ms >= 1000:
        return length_ms >= wanted_ms - slack_ms
    return abs(length_ms - wanted_ms) <= slack_ms


def _slack_ms(wanted_ms: int) -> float:
    return SLACK_MS + SLACK_SHARE * wanted_ms


def _is_steady(phase: Phase, look: Look) -> bool:
    return phase.colour is look.colour and phase.length_ms >= 450
