"""Looks at each photo and warns: blurred, dark, covered, frozen. Never blocks.

Works on a small grey copy that the JPEG decoder makes itself (a quarter of the size costs a few
milliseconds), so it needs no camera library and sees what the buyer will see.
"""

import hashlib
import io
import logging
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from PIL import Image, ImageStat

from edge.camera.sharpness import sharpness

_log = logging.getLogger(__name__)

_CHECKED_WIDTH = 576


class PhotoWarning(StrEnum):
    """What may be wrong with a photo."""

    BLURRED = "blurred"
    DARK = "dark"
    COVERED = "covered"
    FROZEN = "frozen"
    """The very same picture as before: the camera repeats an old frame."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in one photo."""

    brightness: float
    """Mean of the grey copy, 0-255."""
    spread: float
    """Standard deviation of the grey copy."""
    sharpness: float
    """See ``edge.camera.sharpness``."""
    fingerprint: bytes
    """Equal only for equal copies; sensor noise makes each real photo differ."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to warn."""

    dark_below: float = 40.0
    covered_below_spread: float = 10.0
    blurred_below_median: float = 0.3
    """Share of the table's own median sharpness."""
    median_of: int = 50
    median_from: int = 5
    """Photos needed before blur is judged."""


def measure(jpeg: bytes) -> Measured:
    """Measure a photo.

    Raises:
        OSError: it is not a whole JPEG.
    """
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as file:
        file.draft("L", (_CHECKED_WIDTH, 1))
        grey = file.convert("L")
    whole = ImageStat.Stat(grey)
    return Measured(
        brightness=whole.mean[0],
        spread=whole.stddev[0],
        sharpness=sharpness(grey),
        fingerprint=hashlib.sha256(grey.tobytes()).digest(),
    )


class PhotoChecks:
    """The checks of one table; remembers its last photos. Used by one thread."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._sharpness: deque[float] = deque(maxlen=self._limits.median_of)
        self._last: bytes | None = None

    def check(self, jpeg: bytes) -> tuple[PhotoWarning, ...]:
        """Warnings about a photo, in the order of the enumeration. Never raises for bad photos."""
        try:
            seen = measure(jpeg)
        except OSError as error:
            _log.warning("photo cannot be decoded", extra={"reason": str(error)})
            return (PhotoWarning.UNREADABLE,)
        return self.judge(seen)

    def judge(self, seen: Measured) -> tuple[PhotoWarning, ...]:
        """Warnings about a measured photo; it joins the table's memory."""
        limits = self._limits
        found = {
            PhotoWarning.DARK: seen.brightness < limits.dark_below,
            PhotoWarning.COVERED: seen.spread < limits.covered_below_spread,
            PhotoWarning.FROZEN: seen.fingerprint == self._last,
        }
        self._last = seen.fingerprint
        if not any(found.values()):  # a useless photo says nothing of this camera's sharpness
            found[PhotoWarning.BLURRED] = self._is_blurred(seen.sharpness)
            self._sharpness.append(seen.sharpness)
        return tuple(warning for warning in PhotoWarning if found.get(warning))

    def _is_blurred(self, sharpness: float) -> bool:
        if len(self._sharpness) < self._limits.median_from:
            return False
        return sharpness < self._limits.blurred_below_median * median(self._sharpness)
