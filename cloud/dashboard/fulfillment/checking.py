"""Whether an uploaded photo is one: by its content, never by what the browser calls it."""

import hashlib
import io
import threading

from PIL import Image

from cloud.dashboard.errors import UploadRefused

MOST_PIXELS = 25_000_000
"""A frame of 4K has 8 million."""
LEAST_SIDE_PX = 64
_AT_ONCE = threading.BoundedSemaphore(2)
"""An unpacked photo takes up to 75 MB."""


def check_photo(data: bytes, sha256: str) -> None:
    """Raise UploadRefused unless the bytes are a whole JPEG with this hash, of a bearable size."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UploadRefused("the bytes are not the photo that the address names")
    with _AT_ONCE:
        _unpack(data)


def _unpack(data: bytes) -> None:
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            _check_size(*picture.size)
            picture.load()
    except UploadRefused:
        raise
    except Exception:  # noqa: BLE001 - decoders fail in many ways; each means the same here
        raise UploadRefused("the bytes are no whole JPEG picture") from None


def _check_size(width: int, height: int) -> None:
    """Before anything is unpacked: a small file can claim any size."""
    if width * height > MOST_PIXELS:
        raise UploadRefused(f"the photo has more than {MOST_PIXELS} pixels")
    if min(width, height) < LEAST_SIDE_PX:
        raise UploadRefused(f"a side of the photo is shorter than {LEAST_SIDE_PX} pixels")
