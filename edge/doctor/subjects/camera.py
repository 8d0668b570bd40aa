"""The camera: whether it gives pictures, and how soon after a press."""

from collections.abc import Callable, Iterator

from edge.camera import Camera
from edge.camera.errors import CameraError
from edge.camera.factory import build_camera
from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table

_PRESSES = 10
_SLOWEST_PRESS_MS = 400.0
_CAPTURE_S = 5.0


def check(table: Table) -> Iterator[Finding]:
    """Take some pictures; none where the daemon has the camera."""
    if table.daemon_runs:
        yield fine("camera", "is in use by the running daemon, which reports its faults itself")
        return
    to_do = "check cable and power, the setting camera.device, and the group of this user (video)"
    try:
        built = build_camera(table.settings.camera, table.clock)
        built.camera.start()
        try:
            press_ms = _ms_per_press(built.camera, table.clock.monotonic_ns)
            source = built.camera.facts.source
        finally:
            built.camera.stop()
    except CameraError as error:
        yield wrong("camera", str(error), to_do=to_do)
        return
    text = f"{built.choice} ({source}), a press is answered in {press_ms:.0f} ms"
    if press_ms <= _SLOWEST_PRESS_MS:
        yield fine("camera", text)
        return
    slow = "use a smaller size or a better cable: photos would come late"
    yield wrong("camera", f"{text}, limit {_SLOWEST_PRESS_MS:.0f} ms", to_do=slow)


def _ms_per_press(camera: Camera, monotonic_ns: Callable[[], int]) -> float:
    camera.capture(monotonic_ns(), _CAPTURE_S)
    began_ns = monotonic_ns()
    for _ in range(_PRESSES):
        camera.capture(monotonic_ns(), _CAPTURE_S)
    return (monotonic_ns() - began_ns) / 1e6 / _PRESSES
