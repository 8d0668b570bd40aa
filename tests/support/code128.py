"""A small reader of Code 128 (sets B and C), so that what is drawn can be read back."""

import io
import itertools

from PIL import Image

from edge.camera.barcode import _PATTERNS

_STOP = "2331112"
_STARTS = (104, 105)


def read(lengths: list[int]) -> str | None:
    """Text of bars and spaces (any unit) that begin with a start symbol; None if it is none."""
    values: list[int] = []
    while len(lengths) >= len(_STOP):
        if values and _in_modules(lengths[:7], 13) == _STOP:
            return _text(values)
        pattern = _in_modules(lengths[:6], 11)
        if pattern not in _PATTERNS or (not values and _PATTERNS.index(pattern) not in _STARTS):
            return None
        values.append(_PATTERNS.index(pattern))
        lengths = lengths[6:]
    return None


def find(jpeg: bytes) -> set[str]:
    """Texts of all barcodes that cross horizontal lines of a photo."""
    with Image.open(io.BytesIO(jpeg)) as file:
        picture = file.convert("L")
    found: set[str] = set()
    for y in range(10, picture.height, 25):
        line = picture.crop((0, y, picture.width, y + 1)).tobytes()
        runs = [
            (dark, len(list(group)))
            for dark, group in itertools.groupby(line, key=lambda value: value < 128)
        ]
        lengths = [length for _, length in runs]
        texts = (read(lengths[start:]) for start, (dark, _) in enumerate(runs) if dark)
        found.update(text for text in texts if text)
    return found


def _in_modules(lengths: list[int], modules: int) -> str:
    return "".join(str(round(length * modules / sum(lengths))) for length in lengths)


def _text(values: list[int]) -> str | None:
    start, *data, check = values
    if check != (start + sum(place * value for place, value in enumerate(data, 1))) % 103:
        return None
    text, in_c = "", start == 105
    for value in data:
        if value == (100 if in_c else 99):
            in_c = not in_c
        else:
            text += f"{value:02d}" if in_c else chr(value + 32)
    return text
