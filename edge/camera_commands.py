"""``packwitness-edge camera ...``: calibrates the camera, or takes a picture to look at."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from edge.camera import Camera
from edge.camera.calibration.area import AreaProblem, area_of, box_of, reference_picture
from edge.camera.calibration.file import load, reference_path, save
from edge.camera.calibration.focus import NothingToFocusOn
from edge.camera.calibration.procedure import Technician, Wishes, calibrate
from edge.camera.calibration.record import WHOLE, Calibration, CalibrationDamaged, Focus
from edge.camera.calibration.subjects import subject_of
from edge.camera.errors import CameraBusy, CameraError
from edge.camera.factory import build_camera
from edge.camera.sharpness import sharpness
from edge.clock import Clock
from edge.errors import TableError
from edge.settings import TableSettings
from edge.spool.errors import SpoolError

_FRAME_S = 10.0


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    focus: Focus
    area: str | None = None
    """As ``area_of`` takes it."""
    find_area: bool = False
    lock_light: bool = True


def calibrate_table(
    settings: TableSettings, clock: Clock, request: Request, technician: Technician
) -> Iterator[str]:
    """Calibrate and keep it; lines for people.

    Raises:
        TableError: nothing was changed; the text says what to do.
    """
    path = settings.camera.calibration_file
    try:
        area = area_of(request.area) if request.area is not None else None
        wishes = Wishes(
            request.focus, settings.camera.mains, area, request.find_area, request.lock_light
        )
        with _started(settings, clock) as camera:
            found = calibrate(
                subject_of(camera, clock.monotonic_ns),
                wishes,
                _earlier(path, technician.say),
                technician,
                source=camera.facts.source,
                now=clock.now().wall,
            )
            jpeg = _picture(camera, settings, clock)
        save(path, found, request.focus, reference_picture(jpeg, found.area))
    except (AreaProblem, NothingToFocusOn, SpoolError) as error:
        raise TableError(f"{error}; nothing was changed") from error
    yield f"written: {path}"
    yield f"look at {reference_path(path, request.focus)}: the rectangle is the packing area"
    yield "start the table again, so that it takes it up"


def take_shot(settings: TableSettings, clock: Clock, file: Path) -> Iterator[str]:
    """Write one photo as the table would take it; lines for people.

    Raises:
        TableError: there is none; the text says what to do.
    """
    with _started(settings, clock) as camera:
        jpeg = _picture(camera, settings, clock)
        grey = subject_of(camera, clock.monotonic_ns).grey()
        source = camera.facts.source
    try:
        file.write_bytes(jpeg)
    except OSError as error:
        raise TableError(f"{file}: {error.strerror}") from error
    with Image.open(io.BytesIO(jpeg)) as picture:
        size = picture.size
    calibration = _earlier(settings.camera.calibration_file, lambda _text: None)
    area = calibration.area if calibration is not None else WHOLE
    figure = sharpness(grey.crop(box_of(area, grey.size)))
    yield f"written: {file} ({size[0]} x {size[1]}, {len(jpeg) / 1e6:.1f} MB, {source})"
    yield f"sharpness of the packing area: {figure:.3f}"


@contextmanager
def _started(settings: TableSettings, clock: Clock) -> Iterator[Camera]:
    try:
        camera = build_camera(settings.camera, clock).camera
        camera.start()
        try:
            yield camera
        finally:
            camera.stop()
    except CameraBusy as error:
        raise TableError(
            f"{error}; if it is this table, stop it first: systemctl stop packwitness-edge"
        ) from error
    except CameraError as error:
        raise TableError(f"{error}; packwitness-edge doctor says more") from error


def _picture(camera: Camera, settings: TableSettings, clock: Clock) -> bytes:
    frame = camera.capture(clock.monotonic_ns(), _FRAME_S)
    return frame.jpeg(settings.camera.jpeg_quality)


def _earlier(path: Path, say: Callable[[str], None]) -> Calibration | None:
    try:
        return load(path)
    except CalibrationDamaged as error:
        say(f"the earlier calibration is not used: {path}: {error}")
        return None
