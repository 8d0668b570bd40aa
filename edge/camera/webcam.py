"""One opened webcam: what OpenCV's VideoCapture needs to be used well (edge-hardware 2).

OpenCV is imported here and nowhere else in the daemon, and only when a webcam is really used.
"""

import logging
import os
import time
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from edge.camera.errors import (
    CameraBusy,
    CameraFault,
    CameraMissing,
    CameraNotSetUp,
    EncodeFailed,
)

_log = logging.getLogger(__name__)

_MJPG = int.from_bytes(b"MJPG", "little")
_TRIES_FOR_FIRST_PICTURE = 5
_FIRST_PICTURE_S = 8.0


class Pixels(Protocol):
    """A decoded picture: a numpy array of height x width x 3 (blue, green, red)."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, channels."""
        ...


class VideoCapture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used; the same in OpenCV 4.6 to 5.0."""

    def set(self, prop: int, value: float, /) -> bool:
        """Wish for a property; True does not mean that it was granted."""
        ...

    def get(self, prop: int, /) -> float:
        """What a property really is; 0 when unknown."""
        ...

    def grab(self) -> bool:
        """Take the oldest waiting frame, or wait for one (for about 10 s when none comes)."""
        ...

    def retrieve(self) -> tuple[bool, Pixels | None]:
        """Decode the frame grabbed last."""
        ...

    def release(self) -> None:
        """Close the device."""
        ...


Opener = Callable[[str], VideoCapture | None]
"""Opens a device by its path; None when it is refused."""
Encoder = Callable[[Pixels, int], bytes]
"""Makes a JPEG of pixels at a quality, or raises EncodeFailed."""


class _Property(IntEnum):
    """Numbers of cv2.CAP_PROP_*, so that nothing here imports it."""

    WIDTH = 3
    HEIGHT = 4
    FPS = 5
    FOURCC = 6


class Webcam:
    """An opened device that has given a picture. Used by one thread at a time."""

    def __init__(self, name: str, capture: VideoCapture) -> None:
        self.name = name
        self._capture = capture

    @classmethod
    def open(cls, name: str, opener: Opener, width: int, height: int) -> "Webcam":
        """Open, wish for MJPG and a size, and see one picture.

        Raises:
            CameraMissing: there is no such device.
            CameraBusy: it cannot be opened now, mostly because another program has it.
            CameraNotSetUp: we have no rights to it.
            CameraFault: it gives no picture.
        """
        _check_node(Path(name))
        capture = opener(name)
        if capture is None:
            raise CameraBusy(f"{name} cannot be opened: is another program using it?")
        webcam = cls(name, capture)
        webcam._wish_for(width, height)
        if not webcam._gives_pictures():
            webcam.close()
            raise CameraFault(f"{name} opens and gives no picture: is it a camera's first node?")
        return webcam

    @property
    def size(self) -> tuple[int, int]:
        """Width and height that the camera really gives."""
        capture = self._capture
        return round(capture.get(_Property.WIDTH)), round(capture.get(_Property.HEIGHT))

    def period_ns(self, otherwise_ms: int) -> int:
        """Nominal time between two frames; ``otherwise_ms`` where the driver does not say."""
        rate = self._capture.get(_Property.FPS)
        return round(1e9 / rate) if 0 < rate <= 1000 else otherwise_ms * 1_000_000

    def grab(self) -> bool:
        """Take the next frame; False when there is none. May block for about 10 s."""
        try:
            return self._capture.grab()
        except Exception:  # noqa: BLE001 - cv2.error cannot be named without importing cv2
            _log.warning("webcam failed to grab", exc_info=True, extra={"camera": self.name})
            return False

    def picture(self) -> Pixels | None:
        """Decode the frame grabbed last; None when it is damaged."""
        try:
            fine, pixels = self._capture.retrieve()
        except Exception:  # noqa: BLE001 - cv2.error cannot be named without importing cv2
            _log.warning("webcam gave a bad frame", exc_info=True, extra={"camera": self.name})
            return None
        return pixels if fine else None

    def close(self) -> None:
        """Release the device."""
        self._capture.release()

    def _wish_for(self, width: int, height: int) -> None:
        # Most USB cameras give their large sizes as MJPG only, so the format comes first.
        self._capture.set(_Property.FOURCC, _MJPG)
        self._capture.set(_Property.WIDTH, width)
        self._capture.set(_Property.HEIGHT, height)
        given = round(self._capture.get(_Property.FOURCC))
        if given not in {0, _MJPG}:  # 0: the driver does not say
            layout = given.to_bytes(4, "little", signed=given < 0).decode("ascii", "replace")
            _log.warning(
                "webcam gives no MJPG: few pictures a second at large sizes",
                extra={"camera": self.name, "given": layout},
            )
        if self.size != (width, height):
            _log.warning(
                "webcam gives another size than asked for",
                extra={"camera": self.name, "asked": (width, height), "given": self.size},
            )

    def _gives_pictures(self) -> bool:
        """Whether one of the first grabs is a picture; damaged first ones are common."""
        began = time.monotonic()
        for _ in range(_TRIES_FOR_FIRST_PICTURE):
            if self.grab() and self.picture() is not None:
                return True
            if time.monotonic() - began > _FIRST_PICTURE_S:
                return False  # a node without pictures holds each grab for 10 s
        return False


def opencv_problem() -> str | None:
    """Why webcams cannot be used on this machine; None when OpenCV works. Loads OpenCV."""
    try:
        import cv2  # noqa: F401, PLC0415 - 40 MB that only a table with a webcam needs
    except ImportError as error:
        return f"webcams need OpenCV (Debian: python3-opencv, elsewhere opencv-python): {error}"
    return None


def open_with_cv2(name: str) -> VideoCapture | None:
    """Open a device by its path through V4L2.

    Raises:
        CameraNotSetUp: OpenCV is not installed.
    """
    problem = opencv_problem()
    if problem is not None:
        raise CameraNotSetUp(problem)
    import cv2  # noqa: PLC0415 - see opencv_problem

    capture = cv2.VideoCapture(name, cv2.CAP_V4L2)
    if capture.isOpened():
        return capture
    capture.release()
    return None


def encode_with_cv2(pixels: Pixels, quality: int) -> bytes:
    """Make a JPEG.

    Raises:
        EncodeFailed: OpenCV cannot.
    """
    import cv2  # noqa: PLC0415 - see opencv_problem
    import numpy as np  # noqa: PLC0415 - comes with cv2

    try:
        fine, jpeg = cv2.imencode(".jpg", np.asarray(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise EncodeFailed(f"OpenCV cannot encode the frame: {error}") from error
    if not fine:
        raise EncodeFailed("OpenCV cannot encode the frame")
    return jpeg.tobytes()


def encode_turned_with_cv2(pixels: Pixels, quality: int) -> bytes:
    """The same of a camera that hangs upside down: half a turn.

    Raises:
        EncodeFailed: OpenCV cannot.
    """
    import cv2  # noqa: PLC0415 - see opencv_problem
    import numpy as np  # noqa: PLC0415 - comes with cv2

    return encode_with_cv2(cv2.rotate(np.asarray(pixels), cv2.ROTATE_180), quality)


def _check_node(node: Path) -> None:
    if not node.exists():
        raise CameraMissing(f"{node} does not exist: is the camera plugged in?")
    if not os.access(node, os.R_OK | os.W_OK):
        raise CameraNotSetUp(f"no right to use {node}: add this user to the group 'video'")
