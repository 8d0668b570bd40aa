"""Pixels as a Raspberry Pi's camera gives them, and the JPEG that is made of them."""

from collections.abc import Callable
from dataclasses import dataclass

from edge.camera.errors import EncodeFailed

_CHANNELS = {"BGR888": "RGB", "RGB888": "BGR", "XBGR8888": "RGBX", "XRGB8888": "BGRX"}
"""libcamera names formats by the word in memory, so the bytes come in the opposite order."""


@dataclass(frozen=True, slots=True)
class RawPicture:
    """One stream's pixels, copied out of the camera's buffer."""

    pixels: bytes | memoryview
    size: tuple[int, int]
    stride: int
    """Bytes from one row to the next: may be more than the width needs (edge-hardware 1.3)."""
    layout: str
    """libcamera's name of the format, such as ``YUV420`` or ``BGR888``."""


Encoder = Callable[[RawPicture, int], bytes]
"""Makes a JPEG at a quality, or raises EncodeFailed."""


def encode_with_simplejpeg(picture: RawPicture, quality: int) -> bytes:
    """Make a JPEG without EXIF, straight from the planes: nothing is converted.

    simplejpeg and numpy are there wherever picamera2 is, which imports both itself. At 12 MP it
    takes 0.6 of Pillow's time.

    Raises:
        EncodeFailed: the pixels are not what their description says.
    """
    import numpy as np  # noqa: PLC0415 - see above: only where picamera2 is
    import simplejpeg  # noqa: PLC0415 - as above

    width, height = picture.size
    try:
        flat = np.frombuffer(picture.pixels, np.uint8)
        if picture.layout == "YUV420":
            split = picture.stride * height
            luma = flat[:split].reshape(height, picture.stride)[:, :width]
            chroma = flat[split : split * 3 // 2].reshape(height, picture.stride // 2)
            first, second = np.split(chroma[:, : width // 2], 2)
            jpeg: bytes = simplejpeg.encode_jpeg_yuv_planes(luma, first, second, quality)
            return jpeg
        order = _CHANNELS[picture.layout]
        rows = flat[: picture.stride * height].reshape(height, picture.stride)
        pixels = rows[:, : width * len(order)].reshape(height, width, len(order))
        jpeg = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, order, "420")
    except (KeyError, TypeError, ValueError) as error:
        raise EncodeFailed(f"a frame of {picture.layout} cannot be encoded: {error}") from error
    return jpeg
