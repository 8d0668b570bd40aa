"""Judging an uploaded picture by what it really is. Pure but for the drawing of thumbnails."""

import hashlib
import io
import secrets
import warnings
from collections.abc import Mapping

from PIL import Image

from sandbox.market.entities import Id, Picture

LARGEST_PIXELS = 60_000_000
THUMBNAIL_SIDE_PX = 240


class BadPicture(Exception):
    """The bytes are no whole picture of an allowed format. The text says what is wrong."""


def describe(
    body: bytes, *, formats: Mapping[str, str], shop_id: Id, now: float, picture_id: str = ""
) -> Picture:
    """The picture that these bytes are, decoded to their end; raises BadPicture.

    `formats` has the allowed ones, by Pillow's name with the media type. File name and declared
    type count for nothing.
    """
    media_type, width, height = _decode(body, formats)
    return Picture(
        picture_id=picture_id or secrets.token_hex(16),
        shop_id=shop_id,
        sha256=hashlib.sha256(body).hexdigest(),
        media_type=media_type,
        width=width,
        height=height,
        size_bytes=len(body),
        uploaded_at=now,
    )


def thumbnail(body: bytes) -> bytes:
    """A small JPEG of a picture that was judged good."""
    with Image.open(io.BytesIO(body)) as image:
        image.draft("RGB", (THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX))
        small = image.convert("RGB")
    small.thumbnail((THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()


def thumbnail_size(width: int, height: int) -> tuple[int, int]:
    """The thumbnail's width and height for a picture of this size."""
    scale = min(1.0, THUMBNAIL_SIDE_PX / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _decode(body: bytes, formats: Mapping[str, str]) -> tuple[str, int, int]:
    try:
        with warnings.catch_warnings():
            # Our own pixel limit follows; Pillow's warning about it would only be noise.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(body), formats=tuple(formats))
        with image:
            width, height = image.size
            if width * height > LARGEST_PIXELS:
                raise BadPicture("The picture has too many pixels.")
            # Decoding reads the file to its end, so that a cut one is found. JPEG is decoded
            # at an eighth of its size: as thorough for this purpose, and several times faster.
            image.draft("RGB", (max(1, width // 8), max(1, height // 8)))
            image.load()
            return formats[str(image.format)], width, height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        names = " or ".join(filter(None, (", ".join(list(formats)[:-1]), list(formats)[-1])))
        raise BadPicture(f"The file is not a whole {names} picture.") from error
