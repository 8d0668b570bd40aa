"""Reading a stored photo as a picture: upright, and nothing else of the file.

Photos come from outside. What is no picture, damaged, or too large to be unpacked is refused by
name, and no decoder but those for photos is ever started.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageOps

from cloud.dispatcher.chat_pictures.heic import is_heic, unpacked
from cloud.dispatcher.chat_pictures.layout import Size
from cloud.dispatcher.chat_pictures.limits import MOST_PIXELS
from cloud.dispatcher.errors import PictureRefused

# Named one by one: Pillow would also start decoders of vector and document formats.
_FORMATS = ("JPEG", "PNG")
_ORIENTATION = ExifTags.Base.Orientation
_LYING = (5, 6, 7, 8)
"""Orientations (EXIF 2.3, 4.6.4) that are turned by a quarter."""


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a picture that stands upright, in parts of its width and height, from top left."""

    left: float
    top: float
    width: float
    height: float


class StoredPicture:
    """A JPEG, PNG or HEIC whose header was read, as it looks when held upright, cut to ``area``."""

    def __init__(self, photo: bytes, area: Area | None) -> None:
        """Raises PictureRefused: the bytes are no such picture, or hold too many pixels."""
        with _faults_named():
            formats = ("PPM",) if is_heic(photo) else _FORMATS
            photo = unpacked(photo) if is_heic(photo) else photo
            self._file = Image.open(io.BytesIO(photo), formats=formats)
            _refuse_too_large(self._file)
            self._lies = self._file.getexif().get(_ORIENTATION) in _LYING
            self._area = area
            self._whole = self._turned(self._file.size)
            box = _box(self._whole, area)
            self.size: Size = (box[2] - box[0], box[3] - box[1])

    def read(self, enough: Size) -> Image.Image:
        """Its pixels; it may come smaller than it is, but with no side below ``enough`` for that.

        Call it once.

        Raises:
            PictureRefused: it is damaged.
        """
        with _faults_named(), self._file as file:
            shown = max(1.0, min(self.size[0] / enough[0], self.size[1] / enough[1]))
            # A JPEG can be unpacked at a half or less of its size; others ignore this. It takes
            # half the time (docs/chat-pictures.md).
            wanted = self._turned((int(self._whole[0] / shown), int(self._whole[1] / shown)))
            file.draft(None, wanted)
            upright = ImageOps.exif_transpose(file)
            return upright.crop(_box(upright.size, self._area)) if self._area else upright

    def _turned(self, size: Size) -> Size:
        return (size[1], size[0]) if self._lies else size


@contextmanager
def _faults_named() -> Iterator[None]:
    try:
        yield
    except PictureRefused:
        raise
    except Exception as error:  # noqa: BLE001 - decoders fail in many ways; each means the photo
        why = str(error)[:150] or type(error).__name__
        raise PictureRefused(f"the stored photo cannot be read as a picture: {why}") from None


def _refuse_too_large(file: Image.Image) -> None:
    """Before anything is unpacked: a small file can claim any size."""
    if file.width * file.height > MOST_PIXELS:
        raise PictureRefused(
            f"the stored photo has {file.width} x {file.height} pixels,"
            f" more than {MOST_PIXELS // 1_000_000} million"
        )


def _box(size: Size, area: Area | None) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the part in px; at least one pixel."""
    width, height = size
    if area is None:
        return 0, 0, width, height
    left, top = min(int(area.left * width), width - 1), min(int(area.top * height), height - 1)
    right = min(max(left + 1, round((area.left + area.width) * width)), width)
    bottom = min(max(top + 1, round((area.top + area.height) * height)), height)
    return left, top, right, bottom
