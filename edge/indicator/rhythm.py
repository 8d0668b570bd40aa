"""What a sign's light and buzzer do at a given moment. Pure."""

from dataclasses import dataclass

from edge.indicator.signs import Look


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment of a sign."""

    light: bool
    buzzer: bool
    change_in_ms: int | None
    """When the next change is due; None when all stays as it is."""


def instant_of(look: Look, elapsed_ms: int) -> Instant:
    """What is on, ``elapsed_ms`` after the sign appeared."""
    light, light_left_ms = _light(look, elapsed_ms)
    buzzer, buzzer_left_ms = _buzzer(look, elapsed_ms)
    left_ms = [left for left in (light_left_ms, buzzer_left_ms) if left is not None]
    return Instant(light, buzzer, min(left_ms, default=None))


def _light(look: Look, elapsed_ms: int) -> tuple[bool, int | None]:
    """The rhythm is repeated; one number is steady light."""
    if len(look.rhythm_ms) == 1:
        return True, None
    place, left_ms = _part(look.rhythm_ms, elapsed_ms % look.cycle_ms)
    return place % 2 == 0, left_ms


def _buzzer(look: Look, elapsed_ms: int) -> tuple[bool, int | None]:
    """Played once."""
    if elapsed_ms >= sum(look.buzzer_ms):
        return False, None
    place, left_ms = _part(look.buzzer_ms, elapsed_ms)
    return place % 2 == 0, left_ms


def _part(lengths_ms: tuple[int, ...], at_ms: int) -> tuple[int, int]:
    """In which part a moment lies, and how much of it is left."""
    end_ms = 0
    for place, length_ms in enumerate(lengths_ms):
        end_ms += length_ms
        if at_ms < end_ms:
            return place, end_ms - at_ms
    raise ValueError(f"{at_ms} ms lie outside of {lengths_ms}")
