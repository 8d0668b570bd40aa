"""The daemon with a camera that fails as told by files, and a ladder whose steps are near.

``CAMERA_BREAKS`` names a file: while it exists the camera gives no pictures and cannot be opened.
``CAMERA_HANGS`` names another: while it exists the driver does not let go of the camera, and would
keep Python from ending, as picamera2 does, which closes its camera once more then.
"""

import atexit
import os
import sys
import threading
from pathlib import Path

import edge.daemon
import edge.owners.camera
from edge.camera.errors import CameraFault, CameraHangs
from edge.camera.factory import BuiltCamera, CameraSettings
from edge.camera.ladder import Rungs
from edge.camera.simulated import CameraTrouble, SimulatedCamera
from edge.cli import main
from edge.clock import Clock


class FailingCamera(SimulatedCamera):
    """Looks at its files whenever it is asked for anything."""

    _is_told = False

    def start(self) -> None:
        self._is_told = False
        if _exists("CAMERA_BREAKS"):
            raise CameraFault("the test has broken the camera")
        self.recover()
        super().start()

    def newest_age_ms(self) -> float | None:
        if _exists("CAMERA_BREAKS") and not self._is_told:
            self._is_told = True
            self.fail(CameraTrouble.STALLED)
        return super().newest_age_ms()

    def stop(self) -> None:
        if _exists("CAMERA_HANGS"):
            atexit.register(threading.Event().wait)
            raise CameraHangs("the test holds the camera")
        super().stop()


def _exists(variable: str) -> bool:
    name = os.environ.get(variable)
    return name is not None and Path(name).exists()


def _build(settings: CameraSettings, clock: Clock) -> BuiltCamera:
    camera = FailingCamera(
        clock=clock, width=settings.width, height=settings.height, period_ms=settings.period_ms
    )
    return BuiltCamera(camera, camera, "failing camera")


if __name__ == "__main__":
    near = Rungs(wait_s=(0.1,), reopen_s=(0.1, 0.1), retry_s=0.2)
    vars(edge.daemon)["build_camera"] = _build
    vars(edge.owners.camera)["Rungs"] = lambda: near
    sys.exit(main())
