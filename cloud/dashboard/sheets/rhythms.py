"""How the light of a table blinks for each sign, for the card. A test compares it with the table's.

Pure.
"""

from collections.abc import Mapping, Sequence

SHOWN_MS = 4000
"""Of each rhythm."""

RHYTHMS_MS: Mapping[str, Sequence[int]] = {
    "ready": (150, 3850),
    "open": (1000,),
    "photos-1": (200, 1300),
    "photos-2": (200, 250, 200, 1300),
    "photos-3": (200, 250, 200, 250, 200, 1300),
    "saved": (1500, 300),
    "refused": (180, 180),
    "stop": (500, 180),
    "call-lead": (1500, 300, 200, 300, 200, 300),
    "click": (100, 600),
    "earlier-sent": (600, 200, 200, 1500),
    "earlier-failed": (200, 200, 600, 1500),
    "without-photo": (1000, 1000),
    "offline": (150, 250, 150, 3450),
    "not-enrolled": (150, 250, 1000, 2600),
    "training": (3000, 400),
    "return": (3000, 300, 300, 300),
}
"""Light on, off, on ...; repeated. One number: steady light."""


def lit_parts(rhythm_ms: Sequence[int]) -> list[tuple[int, int]]:
    """Start and length (ms) of the lit parts of what is shown."""
    if len(rhythm_ms) == 1:
        return [(0, SHOWN_MS)]
    parts: list[tuple[int, int]] = []
    now = place = 0
    while now < SHOWN_MS:
        length = rhythm_ms[place % len(rhythm_ms)]
        if place % len(rhythm_ms) % 2 == 0:
            parts.append((now, min(length, SHOWN_MS - now)))
        now += length
        place += 1
    return parts
