"""Judging an uploaded picture by what it really is. Pure but for the drawing of thumbnails."""

import hashlib
import io
import secrets
import warnings

from PIL import Image

from sandbox.shopee.entities import Picture
from sandbox.shopee.errors import PARAM_ERROR, Refusal

MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}
LARGEST_PIXELS = 60_000_000
THUMBNAIL_SIDE_PX = 240


def judge(body: bytes, *, limit_bytes: int, shop_id: int, now: float) -> Picture:
    """The picture that these bytes are.

    Refuses what is too big, is no whole JPEG, PNG or GIF, or has an unreasonable size in pixels.
    File name and declared type count for nothing.
    """
    if not body:
        raise Refusal(PARAM_ERROR, "file is required.")
    if len(body) > limit_bytes:
        raise Refusal(PARAM_ERROR, f"The picture has more than {limit_bytes} bytes.")
    media_type, width, height = _decode(body)
    return Picture(
        picture_id=secrets.token_hex(16),
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


def _decode(body: bytes) -> tuple[str, int, int]:
    try:
        with warnings.catch_warnings():
            # Our own pixel limit follows; Pillow's warning about it would only be noise.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(body), formats=tuple(MEDIA_TYPES))
        with image:
            width, height = image.size
            if width * height > LARGEST_PIXELS:
                raise Refusal(PARAM_ERROR, "The picture has too many pixels.")
            # Decoding reads the file to its end, so that a cut one is found. JPEG is decoded
            # at an eighth of its size: as thorough for this purpose, and several times faster.
            image.draft("RGB", (max(1, width // 8), max(1, height // 8)))
            image.load()
            return MEDIA_TYPES[str(image.format)], width, height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refusal(PARAM_ERROR, "The file is not a whole JPEG, PNG or GIF picture.") from error
