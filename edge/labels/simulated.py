"""A reader without library: knows the pictures it was told of, and can be told to fail."""

import hashlib
import logging

from edge.labels import MOST_CODES

logger = logging.getLogger(__name__)


class SimulatedReader:
    """Follows ``LabelReader``. ``tell``, ``fail`` and ``recover`` may be called from any thread."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[str, ...]] = {}
        self._is_failing = False

    def tell(self, jpeg: bytes, *codes: str) -> None:
        """From now on this picture shows these codes."""
        self._known[_key(jpeg)] = tuple(dict.fromkeys(codes))[:MOST_CODES]

    def fail(self) -> None:
        """Read nothing from now on, until ``recover``."""
        self._is_failing = True

    def recover(self) -> None:
        """Read again."""
        self._is_failing = False

    def read(self, jpeg: bytes) -> tuple[str, ...]:
        """See ``LabelReader``."""
        if self._is_failing:
            logger.warning("the simulated reader is told to fail")
            return ()
        return self._known.get(_key(jpeg), ())


def _key(jpeg: bytes) -> bytes:
    return hashlib.sha256(jpeg).digest()
