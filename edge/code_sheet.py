"""The sheet of barcodes that a table understands: actions, modes and badges, to be printed."""

from collections.abc import Iterable, Sequence
from html import escape

from edge.camera import barcode
from edge.events import Action
from edge.scanner.codes import CodeRules
from wire.messages import Mode

_MODULE_MM = 0.4
"""Wide enough for any scanner at arm's length."""
_HEIGHT_MM = 16
_ACTIONS = {
    Action.PHOTO: "takes a photo, as F1",
    Action.SEND: "closes the order and sends it, as F4",
    Action.UNDO: "takes the last photo back, as F2",
    Action.CANCEL: "drops the order, or takes the last one back, as Esc",
}
_MODES = {
    Mode.TRAINING: "photos are kept and never sent",
    Mode.RETURN: "returns: photos are kept and never sent",
    Mode.PACKING: "back to packing",
}
_STYLE = """
@page { size: A4; margin: 12mm }
body { font: 14px/1.35 sans-serif; color: #000; max-width: 186mm; margin: auto }
ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap }
li { width: 90mm; padding: 5mm 0; break-inside: avoid; text-align: center }
svg { display: block; margin: 0 auto 2mm; background: #fff }
"""


def code_sheet(rules: CodeRules, badges: Sequence[str]) -> str:
    """A page that stands alone and can be printed. ``badges``: names of packers.

    Raises:
        NotPrintable: a name or prefix has characters that no barcode of this kind can carry.
    """
    badge_codes = [(f"{rules.badge_prefix}{name}", name) for name in badges]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8"><title>Barcodes for the table</title>',
            f"<style>{_STYLE}</style></head><body>",
            *_group("Instead of keys", _named(rules, _ACTIONS)),
            *_group("While no order is open", _named(rules, _MODES)),
            *_group("Who packs", badge_codes),
            "</body></html>",
            "",
        ]
    )


def _named(
    rules: CodeRules, meanings: dict[Action, str] | dict[Mode, str]
) -> list[tuple[str, str]]:
    return [(f"{rules.command_prefix}{word.upper()}", text) for word, text in meanings.items()]


def _group(title: str, codes: Iterable[tuple[str, str]]) -> list[str]:
    items = [_item(code, text) for code, text in codes]
    return [f"<h1>{escape(title)}</h1>", "<ul>", *items, "</ul>"] if items else []


def _item(code: str, text: str) -> str:
    return f"<li>{_bars(code)}<b>{escape(code)}</b><br>{escape(text)}</li>"


def _bars(code: str) -> str:
    widths = barcode.encode(code)
    quiet = barcode.QUIET_ZONE_MODULES
    left, bars = quiet, ""
    for place, width in enumerate(widths):
        if place % 2 == 0:
            bars += f'<rect x="{left}" width="{width}" height="1"/>'
        left += width
    whole = left + quiet
    return (
        f'<svg width="{whole * _MODULE_MM:g}mm" height="{_HEIGHT_MM}mm" viewBox="0 0 {whole} 1" '
        f'preserveAspectRatio="none" role="img" aria-label="barcode {escape(code)}">{bars}</svg>'
    )
