"""The camera: rights, pictures, how soon after a press, how many a second, how sharp."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.camera import Camera
from edge.camera.calibration.area import box_of
from edge.camera.calibration.file import load, reference_path
from edge.camera.calibration.record import Calibration, CalibrationDamaged
from edge.camera.calibration.subjects import subject_of
from edge.camera.errors import CameraError
from edge.camera.factory import build_camera
from edge.camera.sharpness import sharpness
from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table

_PRESSES = 10
_SLOWEST_PRESS_MS = 400.0
_FEWEST_A_SECOND = 5.0
_BLURRED_BELOW = 0.5
"""Share of the sharpness at the calibration; wide, because what lies on the table differs."""
_CAPTURE_S = 5.0
_NEEDED = ("media*", "video*", "dma_heap/*")
"""What a Raspberry Pi's camera is driven through (edge-hardware 1.1)."""


def check(table: Table, devices: Path = Path("/dev")) -> Iterator[Finding]:
    """Take some pictures; none where the daemon has the camera."""
    if table.settings.camera.kind == "picamera2":
        yield _rights(devices)
    calibration, problem = _calibration(table)
    if problem is not None:
        yield problem
    if table.daemon_runs:
        yield fine("camera", "is in use by the running daemon, which reports its faults itself")
        return
    try:
        built = build_camera(table.settings.camera, table.clock)
        built.camera.start()
        try:
            yield from _pictures(built.camera, built.choice, table.clock.monotonic_ns)
            yield from _sharpness(built.camera, calibration, table)
        finally:
            built.camera.stop()
    except CameraError as error:
        to_do = "check cable and power, the setting camera.device, and this user's group video"
        yield wrong("camera", str(error), to_do=to_do)


def _rights(devices: Path) -> Finding:
    there = [path for pattern in _NEEDED for path in sorted(devices.glob(pattern))]
    refused = [str(path) for path in there if not os.access(path, os.R_OK | os.W_OK)]
    if refused:
        text = f"no right to use {', '.join(refused[:3])}"
        to_do = "add this user to the group video, and sign in anew"
        return wrong("camera rights", text, to_do=to_do)
    return fine("camera rights", f"{len(there)} devices can be used")


def _calibration(table: Table) -> tuple[Calibration | None, Finding | None]:
    settings = table.settings.camera
    to_do = "run packwitness-edge camera calibrate with a technician at the table"
    try:
        found = load(settings.calibration_file)
    except CalibrationDamaged as error:
        text = f"{settings.calibration_file} cannot be used: {error}"
        return None, wrong("camera calibration", text, to_do=to_do)
    if found is not None and settings.focus in found.focus:
        text = f"of {found.made_at:%Y-%m-%d}, focus {settings.focus}"
        return found, fine("camera calibration", text)
    if settings.kind == "picamera2":
        text = f"none for the focus {settings.focus}: photos may be blurred, or vary in brightness"
        return found, wrong("camera calibration", text, to_do=to_do)
    return found, None  # other cameras do without; buyers are shown the whole picture then


def _pictures(camera: Camera, choice: str, monotonic_ns: Callable[[], int]) -> Iterator[Finding]:
    press_ms, rate = _ms_per_press(camera, monotonic_ns), _frames_a_second(camera, monotonic_ns)
    text = (
        f"{choice} ({camera.facts.source}), a press is answered in {press_ms:.0f} ms (limit "
        f"{_SLOWEST_PRESS_MS:.0f}), {rate:.0f} pictures a second (at least {_FEWEST_A_SECOND:.0f})"
    )
    if press_ms <= _SLOWEST_PRESS_MS and rate >= _FEWEST_A_SECOND:
        yield fine("camera", text)
        return
    slow = "more light, a smaller size or a better cable: photos would come late"
    yield wrong("camera", text, to_do=slow)


def _sharpness(camera: Camera, calibration: Calibration | None, table: Table) -> Iterator[Finding]:
    settings = table.settings.camera
    reference = calibration.focus.get(settings.focus) if calibration is not None else None
    if calibration is None or reference is None:
        return
    again = "run packwitness-edge camera calibrate"
    if calibration.source != camera.facts.source:
        text = f"the calibration was made with {calibration.source}, this is {camera.facts.source}"
        yield wrong("camera sharpness", text, to_do=again)
        return
    grey = subject_of(camera, table.clock.monotonic_ns).grey()
    figure = sharpness(grey.crop(box_of(calibration.area, grey.size)))
    limit = _BLURRED_BELOW * reference.sharpness
    text = f"{figure:.3f}, was {reference.sharpness:.3f} when calibrated (at least {limit:.3f})"
    if figure >= limit:
        yield fine("camera sharpness", text)
        return
    picture = reference_path(settings.calibration_file, settings.focus)
    to_do = f"lay out the table as in {picture} and look again; clean the lens; else {again}"
    yield wrong("camera sharpness", text, to_do=to_do)


def _ms_per_press(camera: Camera, monotonic_ns: Callable[[], int]) -> float:
    camera.capture(monotonic_ns(), _CAPTURE_S)
    began_ns = monotonic_ns()
    for _ in range(_PRESSES):
        camera.capture(monotonic_ns(), _CAPTURE_S)
    return (monotonic_ns() - began_ns) / 1e6 / _PRESSES


def _frames_a_second(camera: Camera, monotonic_ns: Callable[[], int]) -> float:
    """From the shortest time between two frames, asked for one after the other."""
    before_ns = camera.capture(monotonic_ns(), _CAPTURE_S).began_ns
    shortest_ns = 10**12
    for _ in range(_PRESSES):
        began_ns = camera.capture(before_ns, _CAPTURE_S).began_ns
        shortest_ns, before_ns = min(shortest_ns, began_ns - before_ns), began_ns
    return 1e9 / max(shortest_ns, 1)
