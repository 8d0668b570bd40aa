"""Photos of real size, as many different ones as wanted."""

import io
import random

from PIL import Image


class PhotoMaker:
    """JPEGs of about 300 kB that differ only in a comment, so that they cost nothing to make."""

    def __init__(self) -> None:
        noise = random.Random(1).randbytes(3 * 400 * 250)
        picture = Image.frombytes("RGB", (400, 250), noise).resize((1280, 800))
        kept = io.BytesIO()
        picture.save(kept, "JPEG", quality=62)
        self._start, self._rest = kept.getvalue()[:2], kept.getvalue()[2:]

    def photo(self, serial: int) -> bytes:
        """One photo; another serial number gives another hash."""
        comment = f"{serial:08}".encode()
        return (
            self._start + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + self._rest
        )
