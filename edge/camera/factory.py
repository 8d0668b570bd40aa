"""Builds the camera that the settings name."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.camera import Camera
from edge.camera.calibration.file import load
from edge.camera.calibration.record import (
    WHOLE,
    Calibration,
    CalibrationDamaged,
    Focus,
    Mains,
    controls_of,
)
from edge.camera.discover import find_webcams
from edge.camera.errors import CameraFault
from edge.camera.webcam import encode_turned_with_cv2, encode_with_cv2, opencv_problem
from edge.clock import Clock
from wire.messages import Area

_log = logging.getLogger(__name__)


class CameraSettings(Protocol):
    """The settings read here."""

    @property
    def kind(self) -> str:
        """``picamera2``, ``opencv``, ``folder``, ``simulated`` or ``demo``."""
        ...

    @property
    def device(self) -> str:
        """``auto``, a number; of opencv a path such as ``/dev/v4l/by-path/...``; of picamera2 a
        model.
        """
        ...

    @property
    def full_resolution(self) -> bool:
        """Of picamera2: all pixels, instead of width and height."""
        ...

    @property
    def focus(self) -> Focus:
        """Of picamera2: which calibrated focus."""
        ...

    @property
    def mains(self) -> Mains:
        """Of picamera2: what the lamps hang on."""
        ...

    @property
    def calibration_file(self) -> Path:
        """Of picamera2 and opencv: what was found with a technician."""
        ...

    @property
    def upside_down(self) -> bool:
        """Of picamera2 and opencv: pictures are given half a turn."""
        ...

    @property
    def folder(self) -> Path | None:
        """Of folder: where the pictures are."""
        ...

    @property
    def width(self) -> int:
        """Wished width in pixels."""
        ...

    @property
    def height(self) -> int:
        """Wished height in pixels."""
        ...

    @property
    def period_ms(self) -> int:
        """Time between two frames, where the camera does not say."""
        ...


class Scene(Protocol):
    """What lies on a table that somebody has to draw."""

    def show_code(self, code: str) -> None:
        """An order was opened (or, with an empty code, the table is empty)."""
        ...


class RealTable:
    """The scene before a real camera: it needs nobody to draw it."""

    def show_code(self, code: str) -> None:
        """Nothing to do."""


@dataclass(frozen=True, slots=True)
class BuiltCamera:
    """A camera, not started yet, and what goes with it."""

    camera: Camera
    scene: Scene
    choice: str
    """For people: which camera was chosen, and why."""
    packing_area: Area | None = None
    """What buyers are shown of its photos; None: all."""


FindWebcams = Callable[[], Sequence[str]]


def build_camera(
    settings: CameraSettings, clock: Clock, find: FindWebcams = find_webcams
) -> BuiltCamera:
    """The camera of the settings. Only ``demo`` chooses; a named driver is taken or refused.

    Raises:
        CameraFault: the settings do not make a camera; the text says what to change.
    """
    match settings.kind:
        case "demo":
            return _first_found(settings, clock, find)
        case "picamera2":
            return _raspberry_pi(settings, clock)
        case "opencv":
            return _webcam(settings, clock, find)
        case "folder":
            return _folder(settings, clock)
        case "simulated":
            return _simulated(settings, clock, "simulated camera")
    raise CameraFault(
        f"camera kind {settings.kind!r} is not known: use picamera2, opencv, folder, simulated or "
        "demo"
    )


def _first_found(settings: CameraSettings, clock: Clock, find: FindWebcams) -> BuiltCamera:
    webcams = list(find())
    problem = _problem_with(webcams)
    if problem is not None:
        return _simulated(settings, clock, f"{problem}: simulated camera")
    return _webcam(settings, clock, find)


def _problem_with(webcams: Sequence[str]) -> str | None:
    if not webcams:
        return "no webcam found"
    if not any(os.access(name, os.R_OK | os.W_OK) for name in webcams):
        return f"no right to use {webcams[0]} (add this user to the group 'video')"
    return opencv_problem()


def _webcam(settings: CameraSettings, clock: Clock, find: FindWebcams) -> BuiltCamera:
    from edge.camera.opencv import OpenCvCamera  # noqa: PLC0415 - only the driver in use is loaded

    device = f"/dev/video{settings.device}" if settings.device.isdecimal() else settings.device
    named = settings.kind == "opencv" and device not in {"", "auto"}
    camera = OpenCvCamera(
        candidates=(lambda: [device]) if named else find,
        width=settings.width,
        height=settings.height,
        period_ms=settings.period_ms,
        encoder=encode_turned_with_cv2 if settings.upside_down else encode_with_cv2,
        monotonic_ns=clock.monotonic_ns,
    )
    choice = f"webcam {device}" if named else "first webcam found"
    area = _area(usable_calibration(settings.calibration_file))
    return BuiltCamera(camera, RealTable(), choice, area)


def _raspberry_pi(settings: CameraSettings, clock: Clock) -> BuiltCamera:
    from edge.camera.picamera2 import PiCamera  # noqa: PLC0415 - only the driver in use is loaded

    calibration = usable_calibration(settings.calibration_file)
    camera = PiCamera(
        device=settings.device,
        size=None if settings.full_resolution else (settings.width, settings.height),
        period_ms=settings.period_ms,
        controls=controls_of(calibration, settings.focus, settings.mains),
        upside_down=settings.upside_down,
        monotonic_ns=clock.monotonic_ns,
    )
    fixed = "calibrated" if calibration is not None else "not calibrated"
    choice = f"Raspberry Pi camera {settings.device}, {fixed}"
    return BuiltCamera(camera, RealTable(), choice, _area(calibration))


def _area(calibration: Calibration | None) -> Area | None:
    return None if calibration is None or calibration.area == WHOLE else calibration.area


def usable_calibration(path: Path) -> Calibration | None:
    """The calibration. A damaged one is as good as none: packing goes on, the doctor says it."""
    try:
        return load(path)
    except CalibrationDamaged as error:
        _log.warning("calibration is not used", extra={"file": str(path), "reason": str(error)})
        return None


def _folder(settings: CameraSettings, clock: Clock) -> BuiltCamera:
    from edge.camera.folder import FolderCamera  # noqa: PLC0415 - only the driver in use is loaded

    if settings.folder is None:
        raise CameraFault(
            "camera kind folder needs the setting camera.folder: a folder of pictures"
        )
    camera = FolderCamera(
        folder=settings.folder,
        width=settings.width,
        height=settings.height,
        monotonic_ns=clock.monotonic_ns,
    )
    return BuiltCamera(camera, RealTable(), f"pictures of {settings.folder}")


def _simulated(settings: CameraSettings, clock: Clock, choice: str) -> BuiltCamera:
    from edge.camera.simulated import SimulatedCamera  # noqa: PLC0415 - Pillow only where it is used

    camera = SimulatedCamera(
        clock=clock, width=settings.width, height=settings.height, period_ms=settings.period_ms
    )
    return BuiltCamera(camera, camera, choice)
