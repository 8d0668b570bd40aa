"""Where a camera's reading thread meets those who want a photo."""

import threading
from typing import Generic, TypeVar

from edge.camera import Frame
from edge.camera.errors import CameraMissing, CameraStalled

F = TypeVar("F", bound=Frame)


class FrameSlot(Generic[F]):
    """Hands the first suitable frame of a stream to whoever waits for it.

    The reading thread asks ``wants`` before it decodes a frame: on a Pi decoding 30 pictures a
    second that nobody looks at would take a whole core.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[int] = []
        self._frame: F | None = None
        self._newest_ns: int | None = None
        self._gone: str | None = "the camera is not started"

    def wait(self, pressed_ns: int, timeout_s: float) -> F:
        """The first frame that began after ``pressed_ns``.

        Raises:
            CameraStalled: none came within ``timeout_s``.
            CameraMissing: the device is gone; said at once.
        """
        with self._changed:
            self._waiting.append(pressed_ns)
            try:
                self._changed.wait_for(
                    lambda: self._gone is not None or self._fitting(pressed_ns), timeout_s
                )
                return self._answer(pressed_ns, timeout_s)
            finally:
                self._waiting.remove(pressed_ns)
                if not self._waiting:
                    self._frame = None  # a picture of several MB that nobody needs

    def wants(self, began_ns: int) -> bool:
        """Whether somebody waits for a frame that began at this moment; notes that it came."""
        with self._changed:
            self._newest_ns = began_ns
            return any(began_ns > pressed_ns for pressed_ns in self._waiting)

    def put(self, frame: F) -> None:
        """A frame for those who wait."""
        with self._changed:
            self._frame = frame
            self._changed.notify_all()

    def close(self, reason: str) -> None:
        """The device is gone: everybody who waits, and who asks from now on, hears why."""
        with self._changed:
            self._gone = reason
            self._changed.notify_all()

    def open(self) -> None:
        """The device gives frames (again)."""
        with self._changed:
            self._gone = None

    def newest_ns(self) -> int | None:
        """When the newest frame began."""
        with self._changed:
            return self._newest_ns

    def _fitting(self, pressed_ns: int) -> bool:
        return self._frame is not None and self._frame.began_ns > pressed_ns

    def _answer(self, pressed_ns: int, timeout_s: float) -> F:
        if self._frame is not None and self._fitting(pressed_ns):
            return self._frame
        if self._gone is not None:
            raise CameraMissing(self._gone)
        raise CameraStalled(f"no frame within {timeout_s:g} s")
