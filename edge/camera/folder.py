"""A folder of pictures as a camera: each press takes the next one, round and round."""

import io
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from edge.camera import CameraFacts
from edge.camera.errors import CameraMissing, CameraNotSetUp, EncodeFailed

_log = logging.getLogger(__name__)

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
_BORDER = (32, 32, 32)


@dataclass(frozen=True, slots=True)
class FolderFrame:
    """A picture in memory, already of the promised size."""

    began_ns: int
    picture: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """See ``Frame``."""
        return self.picture.size

    def jpeg(self, quality: int) -> bytes:
        """See ``Frame``. Nothing of the file but its pixels is kept: no place, no owner."""
        kept = io.BytesIO()
        try:
            self.picture.save(kept, "JPEG", quality=quality)
        except OSError as error:
            raise EncodeFailed(f"the picture cannot be encoded: {error}") from error
        return kept.getvalue()


class FolderCamera:
    """Follows ``Camera``. Pictures are fitted into one size, as a camera has one.

    Files may be added and removed while it runs. One that cannot be read is skipped and logged; no
    readable one at all is the fault of a missing camera.
    """

    def __init__(
        self,
        *,
        folder: Path,
        width: int,
        height: int,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._folder = folder
        self._size = (width, height)
        self._monotonic_ns = monotonic_ns
        self._last_name = ""
        self._running = False

    @property
    def facts(self) -> CameraFacts:
        """The size that all pictures are fitted into."""
        return CameraFacts("folder", *self._size)

    def start(self) -> None:
        """See ``Camera``."""
        names = self._names()
        if not any(self._load(path) for path in names):
            raise CameraNotSetUp(f"no picture in {self._folder} can be read; the log says why")
        self._running = True

    def stop(self) -> None:
        """See ``Camera``."""
        self._running = False

    def capture(self, pressed_ns: int, timeout_s: float) -> FolderFrame:  # noqa: ARG002 - never waits
        """See ``Camera``. A picture "begins" when its file is opened."""
        if not self._running:
            raise CameraMissing("the folder camera is not started")
        began_ns = max(self._monotonic_ns(), pressed_ns + 1)
        names = self._names()
        after = [path for path in names if path.name > self._last_name]
        for path in [*after, *names]:
            picture = self._load(path)
            if picture:
                self._last_name = path.name
                return FolderFrame(began_ns, picture)
        raise CameraMissing(f"no picture in {self._folder} can be read; the log says why")

    def newest_age_ms(self) -> float | None:
        """A folder is never late."""
        return 0.0 if self._running else None

    def _names(self) -> list[Path]:
        """The pictures by name.

        Raises:
            CameraMissing: there is no such folder, or no picture in it.
        """
        try:
            files = list(self._folder.iterdir())
        except OSError as error:
            raise CameraMissing(
                f"the folder of pictures {self._folder} cannot be read: {error.strerror}"
            ) from error
        names = sorted(path for path in files if path.suffix.lower() in _SUFFIXES)
        if not names:
            raise CameraMissing(f"put .jpg or .png pictures into {self._folder}: it has none")
        return names

    def _load(self, path: Path) -> Image.Image | None:
        try:
            with Image.open(path) as file:
                upright = ImageOps.exif_transpose(file).convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            _log.warning("picture skipped", extra={"file": str(path), "reason": str(error)})
            return None
        if upright.size == self._size:
            return upright
        return ImageOps.pad(upright, self._size, color=_BORDER)
