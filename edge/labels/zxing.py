"""Reads labels with zxing-cpp (Apache-2.0). The library is imported here and nowhere else.

It and Pillow are loaded with the first picture, so a table that never reads has neither in memory.
"""

import io
import logging
from collections.abc import Callable
from importlib.util import find_spec

from edge.labels import MOST_CODES

logger = logging.getLogger(__name__)

_LEAST_WIDTH = 1300
"""The JPEG decoder halves a picture as long as it stays wider than this: 1920 pixels stay as they
are, because at 480 the bars of a label are too fine, and 4608 become 2304."""
_GOODS = ("]E", "]e")  # AIM identifiers of EAN and UPC, and of DataBar (edge-hardware 3.3)

Decode = Callable[[bytes], list[str]]


def is_installed() -> bool:
    """Whether the reader's libraries are there; nothing is loaded."""
    return all(find_spec(name) is not None for name in ("zxingcpp", "PIL"))


class ZxingReader:
    """Follows ``LabelReader``."""

    def __init__(self) -> None:
        self._decode: Decode | None = None
        self._is_broken = False

    def problem(self) -> str:
        """Why nothing can be read, or empty. Loads the libraries."""
        try:
            self._load()
        except ImportError as error:
            return str(error)
        return ""

    def read(self, jpeg: bytes) -> tuple[str, ...]:
        """See ``LabelReader``."""
        if self._is_broken:
            return ()
        try:
            texts = self._load()(jpeg)
        except ImportError:
            self._is_broken = True
            logger.exception("labels cannot be read: the reader does not load")
            return ()
        except Exception as error:  # noqa: BLE001 - of many kinds; none is worth a stopped table
            logger.warning("the label in a photo cannot be read", extra={"reason": str(error)})
            return ()
        return tuple(dict.fromkeys(texts))[:MOST_CODES]

    def _load(self) -> Decode:
        if self._decode is None:
            self._decode = _decoder()
        return self._decode


def _decoder() -> Decode:
    import zxingcpp  # noqa: PLC0415 - see the module's text
    from PIL import Image  # noqa: PLC0415 - see the module's text

    def decode(jpeg: bytes) -> list[str]:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as file:
            file.draft("L", (_LEAST_WIDTH, 1))
            grey = file if file.mode == "L" else file.convert("L")  # a second copy costs 2 MB
            # Plain text is what a scanner sends; labels are never white on black.
            plain = zxingcpp.TextMode.Plain
            found = zxingcpp.read_barcodes(grey, text_mode=plain, try_invert=False)
        return [
            one.text for one in found if one.text and one.symbology_identifier[:2] not in _GOODS
        ]

    return decode
