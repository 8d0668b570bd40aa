"""Making the picture that goes into a chat, of one photo or of several."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cloud.dispatcher.chat_pictures.bare import bare_jpeg
from cloud.dispatcher.chat_pictures.colours import in_usual_colours
from cloud.dispatcher.chat_pictures.layout import Arrangement, Size, arranged
from cloud.dispatcher.chat_pictures.reading import Area, StoredPicture
from cloud.dispatcher.chat_pictures.strip import Strip
from cloud.dispatcher.errors import PictureRefused

MOST_BYTES = 900_000
"""Whatever a marketplace says: one team measured this as safe (marketplace-apis 0.2)."""
_QUALITIES = (88, 80, 70, 60, 50, 40)
_SMALLER = 0.7
_LEAST_SIDE_PX = 200
_PAPER = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Source:
    """A stored photo that goes into a picture."""

    photo: bytes
    area: Area | None = None
    """The part to show; None: all of it."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a picture must be like."""

    max_bytes: int
    max_side_px: int
    words: tuple[str, ...] = ()
    """Written in a strip below it; empty: no strip."""
    font: Path | None = None


def chat_picture(sources: Sequence[Source], form: Form) -> bytes:
    """One JPEG that shows one to three photos in their order, and carries nothing else of them.

    Raises:
        PictureRefused: one of them cannot be read, or the picture cannot be made small enough.
    """
    max_bytes = min(MOST_BYTES, form.max_bytes)
    if len(sources) == 1 and sources[0].area is None and not form.words:
        as_it_is = bare_jpeg(sources[0].photo, max_bytes=max_bytes, max_side_px=form.max_side_px)
        if as_it_is is not None:
            return as_it_is
    photos = _Photos([StoredPicture(one.photo, one.area) for one in sources], form)
    side_px = form.max_side_px
    while side_px >= min(_LEAST_SIDE_PX, form.max_side_px):
        drawn = photos.drawn(side_px)
        for quality in _QUALITIES:
            jpeg = _encoded(drawn, quality)
            if len(jpeg) <= max_bytes:
                return jpeg
        side_px = int(side_px * _SMALLER)
    raise PictureRefused(f"the picture cannot be made smaller than {max_bytes} bytes")


class _Photos:
    """Photos that are drawn on one paper, at one size after the other until the file is small."""

    def __init__(self, stored: Sequence[StoredPicture], form: Form) -> None:
        self._form = form
        self._sizes = [one.size for one in stored]
        _, plan, _ = self._planned(form.max_side_px)
        self._pictures = [
            one.read(place.size) for one, place in zip(stored, plan.places, strict=True)
        ]

    def drawn(self, side_px: int) -> Image.Image:
        """All of them and the strip, with no side above ``side_px``."""
        strip, plan, strip_px = self._planned(side_px)
        width, height = plan.size
        paper = Image.new("RGB", (width, height + strip_px), _PAPER)
        for picture, place in zip(self._pictures, plan.places, strict=True):
            paper.paste(in_usual_colours(_scaled(picture, place.size)), (place.left, place.top))
        written = strip.drawn(width)
        if written is not None:
            paper.paste(written, (0, height))
        return paper

    def _planned(self, side_px: int) -> tuple[Strip, Arrangement, int]:
        strip = Strip(self._form.words, longest_side_px=side_px, font=self._form.font)
        return strip, *_planned(self._sizes, strip, side_px)


def _planned(sizes: Sequence[Size], strip: Strip, side_px: int) -> tuple[Arrangement, int]:
    """The photos above a strip of as few lines as are enough; they get the rest of the side."""
    lines = 0
    while True:
        strip_px = strip.height_of(lines)
        plan = arranged(sizes, (side_px, side_px - strip_px))
        needed = len(strip.lines_within(plan.size[0]))
        if needed <= lines:
            return plan, strip.height_of(needed)
        lines = needed


def _scaled(picture: Image.Image, size: Size) -> Image.Image:
    if picture.size == size:
        return picture
    # Colours out of a palette cannot be mixed.
    mixable = picture.convert("RGBA") if picture.mode in {"P", "1"} else picture
    # A third faster than bicubic, and labels are read as well (docs/chat-pictures.md).
    return mixable.resize(size, Image.Resampling.HAMMING)


def _encoded(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
