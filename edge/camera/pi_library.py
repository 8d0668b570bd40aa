"""The part of picamera2 that is used, as types. The library itself is not imported here."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Values = Mapping[str, Any]
"""libcamera's controls, properties and metadata by name."""


class Request(Protocol):
    """A completed frame. The camera waits for its buffer until it is released."""

    @property
    def config(self) -> Mapping[str, Values]:
        """By stream: size, format, stride."""
        ...

    def get_metadata(self) -> Values:
        """What is known of the frame."""
        ...

    def make_buffer(self, name: str) -> Any:
        """A copy of a stream's bytes, as a flat array."""
        ...

    def release(self) -> None:
        """Give the buffer back."""
        ...


class Job(Protocol):
    """A wish for a frame that the camera's event loop works on."""

    def get_result(self, timeout: float) -> Request:
        """The frame; TimeoutError after ``timeout`` seconds."""
        ...


class Device(Protocol):
    """The part of ``picamera2.Picamera2`` that is used; 0.3.22 to 0.3.38."""

    @property
    def camera_idx(self) -> int:
        """Libcamera's own number of the camera that was really opened."""
        ...

    @property
    def sensor_resolution(self) -> tuple[int, int]:
        """All pixels the sensor has."""
        ...

    @property
    def camera_controls(self) -> Mapping[str, Sequence[Any]]:
        """By control that this camera has: least, most, default."""
        ...

    @property
    def camera_properties(self) -> Values:
        """What the camera is."""
        ...

    def create_still_configuration(self, **wishes: Any) -> dict[str, Any]:
        """Unlike the video configuration, it has the colours of a JPEG."""
        ...

    def align_configuration(self, config: dict[str, Any]) -> None:
        """Sizes that the hardware likes; changes ``config``."""
        ...

    def configure(self, config: dict[str, Any]) -> None:
        """Take a configuration and get the memory for it."""
        ...

    def camera_configuration(self) -> Mapping[str, Any]:
        """What was really taken."""
        ...

    def start(self) -> None:
        """Begin to stream."""
        ...

    def close(self) -> None:
        """Stop and release."""
        ...

    def set_controls(self, controls: Values) -> None:
        """Change controls; they are in force some frames later."""
        ...

    def capture_request(self, *, wait: bool, flush: int | None) -> Job:
        """Ask for the next frame whose exposure began at ``flush`` (ns) or later."""
        ...

    def cancel_all_and_flush(self) -> None:
        """Forget all wishes."""
        ...


class Library(Protocol):
    """The module."""

    def cameras(self) -> Sequence[Values]:
        """What ``global_camera_info`` says: Model, Id and Num of each camera."""
        ...

    def open(self, number: int) -> Device:
        """Open a camera."""
        ...

    def half_turn(self) -> Any:
        """What a configuration wants for pictures of a camera that hangs upside down."""
        ...
