"""What a calibration works on: a camera whose lens and exposure can be fixed, or any other."""

import io
from collections.abc import Callable
from typing import Protocol

from PIL import Image

from edge.camera import Camera
from edge.camera.calibration.light import is_at_rest, reading
from edge.camera.calibration.record import LightFound, lens_at, locked
from edge.camera.errors import CameraStalled
from edge.camera.pi_device import LOOK_WIDTH
from edge.camera.picamera2 import PiCamera

_FRAME_S = 5.0
_FRAMES_TO_REST = 90
_FRAMES_TO_OBEY = 20
"""A control is in force after some ten frames (picamera2 issue 1278)."""
_FRAMES_TO_MOVE = 2
"""The driver says where the lens is sent; it arrives a little later."""
_CLOSE_DIOPTRES = 0.02


class Subject(Protocol):
    """The camera under calibration. All of it may raise CameraError."""

    def grey(self) -> Image.Image:
        """A new picture of the whole view, small, always of the same size."""
        ...

    def lens_reach(self) -> tuple[float, float] | None:
        """Dioptres from the farthest to the nearest; None: no motor."""
        ...

    def move_lens(self, position: float) -> None:
        """Move it, and wait until it is there."""
        ...

    def light_at_rest(self) -> LightFound | None:
        """Exposure and colours that the camera finds by itself; None: it does not tell."""
        ...

    def fix_light(self, light: LightFound) -> None:
        """Keep them from now on."""
        ...


class PlainSubject:
    """Follows ``Subject`` for a camera that only gives pictures."""

    def __init__(self, camera: Camera, monotonic_ns: Callable[[], int]) -> None:
        self._camera = camera
        self._monotonic_ns = monotonic_ns

    def grey(self) -> Image.Image:
        """See ``Subject``."""
        jpeg = self._camera.capture(self._monotonic_ns(), _FRAME_S).jpeg(90)
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as file:
            grey = file.convert("L")
        height = max(1, grey.height * LOOK_WIDTH // grey.width)
        return grey.resize((LOOK_WIDTH, height)) if grey.width > LOOK_WIDTH else grey

    def lens_reach(self) -> None:
        """Fixed, or set by hand."""

    def move_lens(self, position: float) -> None:
        """Never asked for."""

    def light_at_rest(self) -> None:
        """Not known."""

    def fix_light(self, light: LightFound) -> None:
        """Never asked for."""


class PiSubject:
    """Follows ``Subject`` for a Raspberry Pi's own camera."""

    def __init__(self, camera: PiCamera) -> None:
        self._camera = camera

    def grey(self) -> Image.Image:
        """See ``Subject``."""
        picture = self._camera.look(_FRAME_S, small=True).picture
        if picture is None:
            raise CameraStalled("the camera gave no small picture")
        mode, depth = ("L", 1) if picture.layout == "YUV420" else ("RGB", 3)
        whole = Image.frombuffer(
            mode, picture.size, bytes(picture.pixels), "raw", mode, max(picture.stride, depth), 1
        )
        return whole.convert("L")

    def lens_reach(self) -> tuple[float, float] | None:
        """See ``Subject``."""
        limits = self._camera.controls.get("LensPosition")
        return None if limits is None else (float(limits[0]), float(limits[1]))

    def move_lens(self, position: float) -> None:
        """See ``Subject``."""
        self._camera.adjust(lens_at(position))
        for _ in range(_FRAMES_TO_OBEY):
            there = self._camera.look(_FRAME_S).metadata.get("LensPosition")
            if there is not None and abs(there - position) <= _CLOSE_DIOPTRES:
                break
        for _ in range(_FRAMES_TO_MOVE):
            self._camera.look(_FRAME_S)

    def light_at_rest(self) -> LightFound | None:
        """See ``Subject``. Where it never rests, what it shows last."""
        readings: list[LightFound] = []
        for _ in range(_FRAMES_TO_REST):
            found = reading(self._camera.look(_FRAME_S).metadata)
            if found is None:
                return None
            readings.append(found)
            if is_at_rest(readings):
                break
        return readings[-1]

    def fix_light(self, light: LightFound) -> None:
        """See ``Subject``."""
        self._camera.adjust(locked(light))
        for _ in range(_FRAMES_TO_OBEY):
            now = reading(self._camera.look(_FRAME_S).metadata)
            if now is not None and abs(now.exposure_us - light.exposure_us) <= 100:
                return


def subject_of(camera: Camera, monotonic_ns: Callable[[], int]) -> Subject:
    """The camera, with as much under control as it allows."""
    if isinstance(camera, PiCamera):
        return PiSubject(camera)
    return PlainSubject(camera, monotonic_ns)
