"""Making the picture that goes into a chat. The stored original is never altered."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from cloud.dispatcher.errors import PictureRefused

_QUALITIES = (88, 80, 70, 60, 50, 40)


def chat_picture(photo: bytes, *, max_bytes: int, max_side_px: int) -> bytes:
    """The photo itself when it is a JPEG within the limits, else a JPEG of it that is.

    Raises:
        PictureRefused: the bytes are no picture, or cannot be made small enough.
    """
    try:
        with Image.open(io.BytesIO(photo)) as image:
            fits = len(photo) <= max_bytes and max(image.size) <= max_side_px
            if fits and image.format == "JPEG":
                return photo
            return _smaller(image, max_bytes, max_side_px)
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
    ) as error:
        raise PictureRefused(f"the stored photo cannot be read as a picture: {error}") from None


def _smaller(image: Image.Image, max_bytes: int, max_side_px: int) -> bytes:
    # A new JPEG does not carry the note that says which side is up.
    picture = ImageOps.exif_transpose(image).convert("RGB")
    picture.thumbnail((max_side_px, max_side_px))
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= max_bytes:
            return buffer.getvalue()
    raise PictureRefused(f"the picture cannot be made smaller than {max_bytes} bytes")
