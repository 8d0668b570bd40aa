"""The packing area in a picture: given, or found by what changes on the table."""

import io

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from wire.messages import Area

_WORK_WIDTH = 320
_CHANGED = 28
"""Grey levels, out of 255: sensor noise and shadows change less."""
_SPECK = 5
"""Pixels of the small picture: what is narrower is noise."""
_MARGIN = 0.02
_LEAST_SHARE = 0.02
_LINE = (255, 0, 160)
_UNITS = 10_000


class AreaProblem(Exception):
    """No packing area comes of it; the text says what to do."""


def area_of(text: str) -> Area:
    """``LEFT,TOP,WIDTH,HEIGHT`` in percent of the picture.

    Raises:
        AreaProblem: it is written otherwise, or lies outside.
    """
    try:
        left, top, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise AreaProblem(
            f"{text!r}: write the area as LEFT,TOP,WIDTH,HEIGHT in percent, such as 10,5,80,90"
        ) from None
    if min(left, top) < 0 or min(width, height) < 5 or left + width > 100 or top + height > 100:
        raise AreaProblem(
            f"{text!r}: the area has to lie in the picture, 0 to 100, and be 5 wide and high"
        )
    units = (round(one * _UNITS / 100) for one in (left, top, width, height))
    return Area(**dict(zip(("left", "top", "width", "height"), units, strict=True)))


def changed_area(before: Image.Image, after: Image.Image) -> Area:
    """What is different between two grey pictures, with a margin around it.

    Raises:
        AreaProblem: hardly anything is.
    """
    difference = ImageChops.difference(_small(before), _small(after))
    marks = difference.point(lambda level: 255 if level > _CHANGED else 0)
    box = marks.filter(ImageFilter.MinFilter(_SPECK)).getbbox()
    width, height = marks.size
    if box is None or (box[2] - box[0]) * (box[3] - box[1]) < _LEAST_SHARE * width * height:
        raise AreaProblem("nothing changed: lay something large and plain onto the packing area")
    margin = round(_MARGIN * width) + _SPECK // 2
    left, top = max(0, box[0] - margin), max(0, box[1] - margin)
    right, bottom = min(width, box[2] + margin), min(height, box[3] + margin)
    return Area(
        left=left * _UNITS // width,
        top=top * _UNITS // height,
        width=(right - left) * _UNITS // width,
        height=(bottom - top) * _UNITS // height,
    )


def box_of(area: Area, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in pixels."""
    width, height = size
    left, top = area.left * width // _UNITS, area.top * height // _UNITS
    right = min(width, left + max(1, area.width * width // _UNITS))
    bottom = min(height, top + max(1, area.height * height // _UNITS))
    return left, top, right, bottom


def reference_picture(jpeg: bytes, area: Area) -> bytes:
    """A picture with the packing area drawn into it, for people."""
    with Image.open(io.BytesIO(jpeg)) as file:
        picture = file.convert("RGB")
    line = max(2, picture.width // 300)
    ImageDraw.Draw(picture).rectangle(box_of(area, picture.size), outline=_LINE, width=line)
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=85)
    return kept.getvalue()


def _small(picture: Image.Image) -> Image.Image:
    height = max(1, picture.height * _WORK_WIDTH // picture.width)
    return picture.convert("L").resize((_WORK_WIDTH, height)).filter(ImageFilter.BoxBlur(1))
