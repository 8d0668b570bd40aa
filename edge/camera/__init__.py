"""Cameras: the interface every driver follows, and the drivers, one per file.

A driver keeps the newest frame of a running stream and never switches modes. Encoding happens in
the caller's thread, because an encode inside a camera's loop halts the camera (edge-hardware 1.4).
"""

from dataclasses import dataclass
from typing import Protocol


class Frame(Protocol):
    """One picture in memory. No vendor type crosses this border."""

    @property
    def began_ns(self) -> int:
        """CLOCK_MONOTONIC at which the exposure began, or the earliest it can have begun."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    def jpeg(self, quality: int) -> bytes:
        """Encode, quality 1-95. Slow (tens of ms); may be called once, from any thread.

        Raises:
            EncodeFailed: the pixels cannot be encoded.
        """
        ...


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What readers of a photo should know of its origin."""

    source: str
    """Kind and model, such as ``simulated`` or ``opencv:/dev/v4l/by-path/...``."""
    width: int
    height: int


class Camera(Protocol):
    """A running camera.

    A driver must give ``start``, ``stop``, ``capture``, ``newest_age_ms`` and ``facts``. Losing the
    device must not raise out of its own threads: ``capture`` raises instead, and the driver tries
    to come back by itself until ``stop``.
    """

    @property
    def facts(self) -> CameraFacts:
        """Valid after ``start``."""
        ...

    def start(self) -> None:
        """Open the device and begin to stream.

        Raises:
            CameraMissing: there is no such device.
            CameraBusy: another process has it; try again later.
            CameraFault: it is there and does not work.
        """
        ...

    def stop(self) -> None:
        """Stop and release within 5 s, also after a fault. May be called twice."""
        ...

    def capture(self, pressed_ns: int, timeout_s: float) -> Frame:
        """The first frame whose exposure began after ``pressed_ns``.

        Raises:
            CameraStalled: no such frame came within ``timeout_s`` (> 0).
            CameraMissing: the device is gone.
        """
        ...

    def newest_age_ms(self) -> float | None:
        """Age of the newest frame; the camera's heartbeat. None before the first one."""
        ...
