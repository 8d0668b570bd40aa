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
    """Kind and model or port, such as ``simulated``, ``picamera2:imx708`` or ``opencv:...``."""
    width: int
    height: int


class Camera(Protocol):
    """A running camera. Used by one thread at a time.

    A driver must give ``start``, ``stop``, ``capture``, ``newest_age_ms`` and ``facts``. Losing the
    device must not raise out of its own threads: ``capture`` raises instead. A device that can be
    plugged in comes back by itself until ``stop``; one that cannot is started anew by its owner.
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
            CameraNotSetUp: it cannot work before a person changes something.
            CameraHangs: the driver did not come back in time.
            CameraFault: it is there and does not work.
        """
        ...

    def stop(self) -> None:
        """Stop and release within 5 s, also after a fault. May be called twice.

        Raises:
            CameraHangs: the driver holds the device; only the end of the process frees it.
        """
        ...

    def capture(self, pressed_ns: int, timeout_s: float) -> Frame:
        """The first frame whose exposure began after ``pressed_ns``.

        Raises:
            CameraStalled: no such frame came within ``timeout_s`` (> 0).
            CameraMissing: the device is gone.
            CameraFault: it failed in another way.
        """
        ...

    def newest_age_ms(self) -> float | None:
        """Age of the newest frame; the camera's heartbeat. None before the first one.

        May wait a second for a frame where a stream has to be asked.
        """
        ...
