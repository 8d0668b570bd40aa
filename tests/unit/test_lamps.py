"""Lamps on pins: every sign is told by its rhythm alone, on each kind of light."""

import threading
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.indicator.gpio import GpioIndicator
from edge.indicator.lamps import Lamp, LightKind, Wiring, levels_of, wiring_problem
from edge.indicator.rhythm import instant_of
from edge.indicator.signs import SIGNS, Colour, Sign
from tests.support.gpio_pins import WIRINGS, mock_pins
from tests.support.manual_clock import ManualClock

WATCHED_S = 12.0
"""Longer than two cycles of the slowest sign."""
TOLD_APART_MS = 100
"""What an eye takes for the same length."""

Change = tuple[int, bool]
"""When (ms), and whether a light shines from then on."""


class Watched:
    """A light on simulated pins; from ``show`` on its time runs by itself, up to ``WATCHED_S``."""

    def __init__(self, wiring: Wiring) -> None:
        self._clock = ManualClock()
        self._wiring = wiring
        self._plays = False
        self._began_ns = 0
        self._over = threading.Event()
        self.light = GpioIndicator(
            wiring, self._clock.monotonic_ns, environment={}, wait=self._wait
        )
        self.changes: list[tuple[int, Lamp, bool]] = []

    def note(self, pin: int, level: float) -> None:
        if self._plays:
            lamp = next(lamp for lamp, one in self._wiring.pins.items() if one == pin)
            rises = lamp is Lamp.BUZZER or self._wiring.active_high
            self.changes.append((self._ms(), lamp, bool(level) is rises))

    def play(self, sign: Sign) -> None:
        self.light.start()
        self._began_ns, self._plays = self._clock.monotonic_ns(), True
        self.light.show(sign)
        assert self._over.wait(20)
        self._plays = False
        self.light.stop()

    def _wait(self, condition: threading.Condition, seconds: float) -> None:
        if self._plays and self._ms() < WATCHED_S * 1000:
            self._clock.advance(seconds)
            return
        if self._plays:
            self._over.set()
        condition.wait()

    def _ms(self) -> int:
        return (self._clock.monotonic_ns() - self._began_ns) // 1_000_000


def played(wiring: Wiring, sign: Sign) -> list[tuple[int, Lamp, bool]]:
    """What happened on the pins from the moment the sign appeared."""
    watched = Watched(wiring)
    with mock_pins(watched.note):
        watched.play(sign)
    return watched.changes


def without_colour(changes: list[tuple[int, Lamp, bool]]) -> list[Change]:
    """Whether any lamp shines, for an eye that sees no colours."""
    shining: set[Lamp] = set()
    seen: list[Change] = []
    for at_ms, lamp, on in changes:
        if lamp is Lamp.BUZZER:
            continue
        shining = shining | {lamp} if on else shining - {lamp}
        if seen and seen[-1][0] == at_ms:
            seen.pop()
        if not seen or seen[-1][1] is not bool(shining):
            seen.append((at_ms, bool(shining)))
    return seen


def parts(seen: list[Change]) -> list[tuple[bool, int]]:
    """Lengths of light and dark."""
    return [(on, end - begin) for (begin, on), (end, _) in pairwise(seen)]


def looks_alike(one: list[tuple[bool, int]], other: list[tuple[bool, int]]) -> bool:
    if not one or not other:  # steady light
        return one == other
    pairs = zip(one, other, strict=False)
    return all(a[0] is b[0] and abs(a[1] - b[1]) < TOLD_APART_MS for a, b in pairs)


@pytest.fixture(scope="module", params=WIRINGS)
def seen_without_colour(request: pytest.FixtureRequest) -> dict[Sign, list[tuple[bool, int]]]:
    wiring = WIRINGS[request.param]
    return {sign: parts(without_colour(played(wiring, sign))) for sign in Sign}


def test_all_signs_differ_with_colours_removed(
    seen_without_colour: dict[Sign, list[tuple[bool, int]]],
) -> None:
    """U-08, on each kind of light, down to a single LED."""
    alike = [
        (one, other)
        for one, other in combinations(Sign, 2)
        if looks_alike(seen_without_colour[one], seen_without_colour[other])
    ]
    assert alike == []


@pytest.mark.parametrize("sign", list(Sign))
def test_pins_follow_the_table_of_signs(sign: Sign) -> None:
    changes = without_colour(played(WIRINGS["one led and a buzzer"], sign))
    look = SIGNS[sign]
    assert changes[0] == (0, True)
    if len(look.rhythm_ms) == 1:
        assert len(changes) == 1
        return
    lengths = [length for _, length in parts(changes)]
    assert len(lengths) > len(look.rhythm_ms)
    assert lengths == [look.rhythm_ms[n % len(look.rhythm_ms)] for n in range(len(lengths))]


@pytest.mark.parametrize("sign", list(Sign))
def test_the_buzzer_sounds_once(sign: Sign) -> None:
    changes = played(WIRINGS["one led and a buzzer"], sign)
    times = [at_ms for at_ms, lamp, _ in changes if lamp is Lamp.BUZZER]
    sounds = SIGNS[sign].buzzer_ms
    assert times == [sum(sounds[:n]) for n in range(len(sounds) + 1) if sounds]


def test_another_text_alone_does_not_sound_again() -> None:
    clock = ManualClock()
    rested, sounds = threading.Semaphore(0), []

    def wait(condition: threading.Condition, _seconds: float) -> None:
        rested.release()
        condition.wait()

    def note(pin: int, level: float) -> None:
        if pin == 18 and level:
            sounds.append(clock.monotonic_ns())

    light = GpioIndicator(
        WIRINGS["one led and a buzzer"], clock.monotonic_ns, environment={}, wait=wait
    )

    def show(sign: Sign, text: str) -> int:
        """How often the buzzer has begun to sound, once the light has done what it is told."""
        clock.advance(60)
        with light._changed:  # the minute is over
            light._changed.notify()
        assert rested.acquire(timeout=20)
        light.show(sign, text)
        assert rested.acquire(timeout=20)
        return len(sounds)

    with mock_pins(note):
        light.start()
        assert rested.acquire(timeout=20)
        assert show(Sign.REFUSED, "scan first") == 1
        clock.advance(60)
        light.show(Sign.REFUSED, "photo first")
        assert show(Sign.READY, "") == 1
        assert show(Sign.REFUSED, "scan first") == 2
        assert show(Sign.REFUSED, "scan first") == 3
        assert show(Sign.READY, "") == 3
        light.stop()


@given(st.sampled_from(Sign), st.integers(0, 100_000))
def test_nothing_changes_before_the_next_change_is_due(sign: Sign, at_ms: int) -> None:
    now = instant_of(SIGNS[sign], at_ms)
    ahead_ms = now.change_in_ms if now.change_in_ms is not None else 10_000
    assert ahead_ms > 0
    last = instant_of(SIGNS[sign], at_ms + ahead_ms - 1)
    assert (last.light, last.buzzer) == (now.light, now.buzzer)
    if now.change_in_ms is not None:
        after = instant_of(SIGNS[sign], at_ms + ahead_ms)
        assert (after.light, after.buzzer) != (now.light, now.buzzer)


@pytest.mark.parametrize("name", WIRINGS)
@pytest.mark.parametrize("colour", list(Colour))
def test_every_colour_lights_a_lamp_that_is_wired(name: str, colour: Colour) -> None:
    wiring = WIRINGS[name]
    levels = levels_of(wiring, colour)
    assert levels
    assert set(levels) <= set(wiring.pins) - {Lamp.BUZZER}
    if Lamp.RED in wiring.pins:
        assert (Lamp.RED in levels) or colour is not Colour.RED
    if wiring.kind is LightKind.STACK and colour is not Colour.RED:
        assert Lamp.RED not in levels


def test_brightness_counts_where_lamps_can_be_dimmed() -> None:
    pins = WIRINGS["rgb"].pins
    dimmed = Wiring(LightKind.RGB, pins, pwm=True, brightness=0.5)
    assert levels_of(dimmed, Colour.YELLOW) == {Lamp.RED: 0.5, Lamp.GREEN: 0.3}
    switched = Wiring(LightKind.RGB, pins, brightness=0.5)
    assert levels_of(switched, Colour.YELLOW) == {Lamp.RED: 1.0, Lamp.GREEN: 1.0}


@pytest.mark.parametrize(
    ("kind", "pins", "said"),
    [
        (LightKind.RGB, {Lamp.RED: 1, Lamp.GREEN: 2}, "needs a pin for blue"),
        (LightKind.STACK, {}, "needs a pin for green and red and yellow"),
        (LightKind.LED, {Lamp.LED: 4, Lamp.RED: 5}, "has no red"),
        (LightKind.TWO_LEDS, {Lamp.RED: 5, Lamp.GREEN: 5}, "red and green are both on pin 5"),
    ],
)
def test_wrong_wiring_is_named(kind: LightKind, pins: dict[Lamp, int], said: str) -> None:
    assert said in wiring_problem(kind, pins)


@pytest.mark.parametrize("name", WIRINGS)
def test_right_wiring_is_taken(name: str) -> None:
    assert wiring_problem(WIRINGS[name].kind, WIRINGS[name].pins) == ""
