"""Pictures of an exact size, all different, that cost next to nothing to make. Pure but for Pillow.

A small picture behind comments that fill it up; a last comment carries the serial number. What all
have in common is hashed once.
"""

import hashlib
import io
import random

from PIL import Image

_COMMENT = b"\xff\xfe"
_COMMENT_HEAD_BYTES = 4
_MOST_IN_COMMENT = 65_535 - 2
_SERIAL_DIGITS = 16
_SERIAL_BYTES = _COMMENT_HEAD_BYTES + _SERIAL_DIGITS


def _small_picture() -> bytes:
    noise = random.Random(1).randbytes(3 * 32 * 20)
    kept = io.BytesIO()
    Image.frombytes("RGB", (32, 20), noise).save(kept, "JPEG", quality=40)
    return kept.getvalue()


_PICTURE = _small_picture()
LEAST_BYTES = len(_PICTURE) + _SERIAL_BYTES + _COMMENT_HEAD_BYTES + 1
"""Of a picture with its serial number and one comment that fills up."""


class Photos:
    """Pictures of one size; another serial number gives another picture."""

    def __init__(self, size_bytes: int) -> None:
        if size_bytes < LEAST_BYTES:
            raise ValueError(f"a picture has at least {LEAST_BYTES} bytes, not {size_bytes}")
        self.size_bytes = size_bytes
        filling = random.Random(2).randbytes(_MOST_IN_COMMENT)
        room = size_bytes - len(_PICTURE) - _SERIAL_BYTES
        self._start = _PICTURE[:2] + b"".join(
            _comment(filling[:length]) for length in _lengths(room)
        )
        self._rest = _PICTURE[2:]
        self._hashed = hashlib.sha256(self._start)

    def jpeg(self, serial: int) -> bytes:
        """The whole file."""
        return b"".join((self._start, _serial(serial), self._rest))

    def sha256(self, serial: int) -> str:
        """Its hash, hexadecimal."""
        whole = self._hashed.copy()
        whole.update(_serial(serial))
        whole.update(self._rest)
        return whole.hexdigest()


def _lengths(room_bytes: int) -> list[int]:
    """What comments hold that take exactly so many bytes with their heads."""
    whole = _MOST_IN_COMMENT + _COMMENT_HEAD_BYTES
    number = -(-room_bytes // whole)
    each, more = divmod(room_bytes - number * _COMMENT_HEAD_BYTES, number)
    return [each + (place < more) for place in range(number)]


def _comment(text: bytes) -> bytes:
    return _COMMENT + (len(text) + 2).to_bytes(2, "big") + text


def _serial(serial: int) -> bytes:
    return _comment(f"{serial:0{_SERIAL_DIGITS}}".encode())
