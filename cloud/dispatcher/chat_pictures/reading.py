"""Reading a stored photo as a picture: upright, and nothing else of the file.

Photos come from outside. What is no picture, damaged, or too large to be unpacked is refused by
name, and no decoder but those for photos is ever started.
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from cloud.dispatcher.chat_pictures.heic import is_heic, unpacked
from cloud.dispatcher.chat_pictures.limits import MOST_PIXELS
from cloud.dispatcher.errors import PictureRefused

# Named one by one: Pillow would also start decoders of vector and document formats.
_FORMATS = ("JPEG", "PNG")


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a picture that stands upright, in parts of its width and height, from top left."""

    left: float
    top: float
    width: float
    height: float


def read_picture(photo: bytes, *, area: Area | None, enough_px: int) -> Image.Image:
    """A JPEG, PNG or HEIC as it looks when held upright, cut to ``area``.

    It may come smaller than it is, but with no side below ``enough_px`` for that.

    Raises:
        PictureRefused: the bytes are no such picture, are damaged, or hold too many pixels.
    """
    if is_heic(photo):
        return _read(unpacked(photo), ("PPM",), area, enough_px)
    return _read(photo, _FORMATS, area, enough_px)


def _read(photo: bytes, formats: tuple[str, ...], area: Area | None, enough_px: int) -> Image.Image:
    try:
        with Image.open(io.BytesIO(photo), formats=formats) as file:
            _refuse_too_large(file)
            # A JPEG can be unpacked at a half or less of its size; others ignore this.
            file.draft(None, (enough_px, enough_px))
            return _cut(ImageOps.exif_transpose(file), area)
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


def _cut(picture: Image.Image, area: Area | None) -> Image.Image:
    if area is None:
        return picture
    width, height = picture.size
    left, top = min(int(area.left * width), width - 1), min(int(area.top * height), height - 1)
    right = min(max(left + 1, round((area.left + area.width) * width)), width)
    bottom = min(max(top + 1, round((area.top + area.height) * height)), height)
    return picture.crop((left, top, right, bottom))
