"""Frames between camera and store: taken, not saved yet."""

import threading
from dataclasses import dataclass

from edge.camera import Frame
from edge.clock import Moment


@dataclass(frozen=True, slots=True)
class TakenFrame:
    """A frame and where it is from."""

    frame: Frame
    taken: Moment
    source: str


class FrameTray:
    """Holds frames by capture id. Used by the camera's, the store's and the loop's threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: dict[int, TakenFrame] = {}

    def put(self, capture_id: int, taken: TakenFrame) -> None:
        """Keep a frame until it is taken out or dropped."""
        with self._lock:
            self._frames[capture_id] = taken

    def take(self, capture_id: int) -> TakenFrame | None:
        """Take a frame out; None if it was dropped."""
        with self._lock:
            return self._frames.pop(capture_id, None)
