"""Reading the labels in photos: the interface every reader follows, and the readers, one per file.

What a code means is not a reader's business: ``edge.rules.labels`` decides.
"""

from typing import Protocol

MOST_CODES = 20
"""More codes than this in one picture are left out."""


class LabelReader(Protocol):
    """Reads the barcodes and matrix codes in a picture."""

    def read(self, jpeg: bytes) -> tuple[str, ...]:
        """The texts of the codes in a JPEG, each once, at most ``MOST_CODES``, as printed.

        Codes of goods (EAN, UPC, DataBar) are left out. Slow: tens to hundreds of milliseconds;
        called by one thread at a time, any thread. Never raises: a picture that cannot be decoded,
        codes that cannot be read and a reader that fails all give no codes. It says so in the log,
        and a reader that cannot work at all says it once.
        """
        ...
