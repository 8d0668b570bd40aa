"""Barcodes for paper, as paths of SVG. The library that draws them is loaded here alone."""

import re
from dataclasses import dataclass

import zxingcpp

_DOT_MM = 25.4 / 600
"""Of a laser printer. Bars as wide as whole dots are printed alike."""
_DOTS = (12, 10, 9, 8, 7, 6, 5)
"""Widths of the thinnest bar that are tried, the widest first: 0.51 to 0.21 mm. Scanners of tables
read less from close by, but not through dust and folds."""
A4_WIDE_MM = 178.0
_MOST_CHARACTERS = 90
"""Of bars; fewer fit on the page, and the library draws no more than 99."""
_SQUARE_MM = 1.0

_SIZE = re.compile(r'<svg width="(\d+)" height="(\d+)"')
_PATH = re.compile(r'<path d="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Bars:
    """A barcode with the white space that readers need around it."""

    path: str
    """Black areas, in modules."""
    width: int
    height: int
    """Of the drawing, in modules."""
    width_mm: float
    """On paper."""


def bar_code(text: str, widest_mm: float = A4_WIDE_MM) -> Bars | None:
    """Code 128, which every scanner reads; None where it would not fit on the paper.

    Raises ValueError for a text that it cannot hold.
    """
    if len(text) > _MOST_CHARACTERS:
        return None
    found = _drawn(text, zxingcpp.BarcodeFormat.Code128)
    fitting = [dots for dots in _DOTS if found.width * dots * _DOT_MM <= widest_mm]
    return _on_paper(found, fitting[0] * _DOT_MM) if fitting else None


def square_code(text: str) -> Bars:
    """A QR code that is still read with a sixth of it gone. Raises ValueError as above."""
    return _on_paper(_drawn(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M"), _SQUARE_MM)


def _drawn(text: str, kind: zxingcpp.BarcodeFormat, **options: str) -> Bars:
    svg = zxingcpp.create_barcode(text, kind, **options).to_svg()
    size, path = _SIZE.search(svg), _PATH.search(svg)
    if size is None or path is None:
        raise ValueError("the barcode was not drawn as expected: another version of zxing-cpp?")
    return Bars(path[1], int(size[1]), int(size[2]), 0.0)


def _on_paper(bars: Bars, module_mm: float) -> Bars:
    return Bars(bars.path, bars.width, bars.height, round(bars.width * module_mm, 3))
