"""The card for the wall that explains the light, made from the table of signs."""

from html import escape

from edge.indicator.signs import OVERLAY, SIGNS, Colour, Look

_SHOWN_MS = 4000
_WIDTH = 400
_HEIGHT = 28
_INK = {
    Colour.WHITE: "#9aa0a6",
    Colour.GREEN: "#1e8e3e",
    Colour.BLUE: "#1a73e8",
    Colour.YELLOW: "#b06000",
    Colour.RED: "#c5221f",
}
_INTRODUCTION = (
    "Each bar shows four seconds of the light. The rhythm tells the sign; the colour only helps."
)
_STYLE = """
@page { size: A4; margin: 12mm }
body { font: 14px/1.35 sans-serif; color: #000; max-width: 190mm; margin: auto }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: bold; font-size: 18px; padding: 12px 0 4px }
th, td { border-top: 1px solid #999; padding: 6px; text-align: left; vertical-align: top }
tr { break-inside: avoid }
svg { display: block; background: #eee }
"""


def sign_card() -> str:
    """A page that stands alone and can be printed."""
    main = [look for look in SIGNS.values() if look.group != OVERLAY]
    notices = [look for look in SIGNS.values() if look.group == OVERLAY]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8"><title>What the light says</title>',
            f"<style>{_STYLE}</style></head><body>",
            "<h1>What the light says</h1>",
            f"<p>{_INTRODUCTION}</p>",
            _table("The order on the table", main),
            _table("For a moment, or while no order is open", notices),
            "</body></html>",
            "",
        ]
    )


def _table(caption: str, looks: list[Look]) -> str:
    head = "<tr><th>Light</th><th>Sign</th><th>It means</th><th>What to do</th></tr>"
    rows = "\n".join(_row(look) for look in looks)
    return f"<table><caption>{escape(caption)}</caption>{head}\n{rows}</table>"


def _row(look: Look) -> str:
    buzzer = f"<br>buzzer: {_buzzer(look)}" if look.buzzer_ms else ""
    return (
        f"<tr><td>{_bar(look)}</td>"
        f"<th>{escape(look.title)}<br><small>{look.colour}{buzzer}</small></th>"
        f"<td>{escape(look.meaning)}</td><td>{escape(look.what_to_do)}</td></tr>"
    )


def _buzzer(look: Look) -> str:
    beeps = ["long" if length >= 200 else "short" for length in look.buzzer_ms[::2]]
    return ", ".join(beeps)


def _bar(look: Look) -> str:
    """Four seconds of the rhythm, drawn to scale."""
    blocks = "".join(
        f'<rect x="{start * _WIDTH / _SHOWN_MS:g}" width="{length * _WIDTH / _SHOWN_MS:g}" '
        f'height="{_HEIGHT}" fill="{_INK[look.colour]}"/>'
        for start, length in lit_parts(look, _SHOWN_MS)
    )
    return (
        f'<svg width="{_WIDTH // 2}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'preserveAspectRatio="none" role="img" aria-label="{escape(_words(look))}">{blocks}</svg>'
    )


def lit_parts(look: Look, span_ms: int) -> list[tuple[int, int]]:
    """Start and length (ms) of the lit parts of the first ``span_ms``."""
    if len(look.rhythm_ms) == 1:
        return [(0, span_ms)]
    parts: list[tuple[int, int]] = []
    now = 0
    while now < span_ms:
        for is_lit, length in look.pattern:
            if is_lit and now < span_ms:
                parts.append((now, min(length, span_ms - now)))
            now += length
    return parts


def _words(look: Look) -> str:
    if len(look.rhythm_ms) == 1:
        return "steady light"
    return ", ".join(f"{'on' if lit else 'off'} {length} ms" for lit, length in look.pattern)
