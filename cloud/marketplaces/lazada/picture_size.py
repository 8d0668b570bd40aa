"""The size of a picture, from its header. Pure."""

import io

from cloud.marketplaces.errors import FailureClass, PermanentError

_LYING = frozenset({5, 6, 7, 8})
"""Values of EXIF's orientation with which width and height change places when it is shown."""


def size_px(picture: bytes) -> tuple[int, int]:
    """Width and height as the picture is shown. PermanentError: it is none."""
    from PIL import ExifTags, Image, UnidentifiedImageError  # noqa: PLC0415 - roles without chats

    try:
        with Image.open(io.BytesIO(picture)) as image:
            width, height = image.size
            lies = image.getexif().get(ExifTags.Base.Orientation) in _LYING
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise PermanentError(
            FailureClass.REFUSED_CONTENT, "not_a_picture", "the picture cannot be read"
        ) from None
    return (height, width) if lies else (width, height)
