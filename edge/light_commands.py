"""``packwitness-edge light``: a technician looks at every sign; the light is made neutral."""

from collections.abc import Callable, Iterable

from edge.clock import Clock
from edge.errors import TableError
from edge.indicator.errors import IndicatorError
from edge.indicator.factory import build_indicator
from edge.indicator.signs import OVERLAY, SIGNS, Sign
from edge.settings import TableSettings

Ask = Callable[[str], bool]
"""Tells a person what is shown; False when they have seen enough."""


def walk_through(settings: TableSettings, clock: Clock, ask: Ask) -> int:
    """Show one sign after the other, for as long as ``ask`` takes; how many were shown.

    Raises:
        TableError: the light cannot be had.
    """
    light = build_indicator(settings.indicator, clock)
    count = 0
    try:
        light.start()
        for sign in _in_order(Sign):
            light.show(sign)
            count += 1
            if not ask(_line(sign)):
                break
    except IndicatorError as error:
        raise TableError(str(error)) from error
    finally:
        light.stop()
    return count


def make_neutral(settings: TableSettings, clock: Clock) -> None:
    """Switch off what a daemon that was killed left on.

    Raises:
        TableError: the light cannot be had.
    """
    light = build_indicator(settings.indicator, clock)
    try:
        light.start()
    except IndicatorError as error:
        raise TableError(str(error)) from error
    light.stop()


def _in_order(signs: Iterable[Sign]) -> list[Sign]:
    """Those of the order on the table first."""
    return sorted(signs, key=lambda sign: SIGNS[sign].group == OVERLAY)


def _line(sign: Sign) -> str:
    look = SIGNS[sign]
    return f"{look.title}: {look.colour}, {_rhythm(look.rhythm_ms)}{_buzzer(look.buzzer_ms)}"


def _rhythm(rhythm_ms: tuple[int, ...]) -> str:
    if len(rhythm_ms) == 1:
        return "steady"
    parts = [f"{'off' if place % 2 else 'on'} {ms}" for place, ms in enumerate(rhythm_ms)]
    return f"{', '.join(parts)} ms"


def _buzzer(buzzer_ms: tuple[int, ...]) -> str:
    count = len(buzzer_ms[::2])
    return f"; {count} beep{'s' if count > 1 else ''}" if count else ""
