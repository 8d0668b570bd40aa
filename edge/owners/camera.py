"""The thread that owns the camera: takes frames, and says once that it is lost or back."""

import logging
import threading
from queue import Empty, SimpleQueue

from edge.camera import Camera
from edge.camera.errors import CameraError
from edge.clock import Clock
from edge.effects import TakePhoto
from edge.events import CameraBack, CameraLost, FrameTaken, PhotoFailed, Post
from edge.fault_points import Step, reached
from edge.owners.frames import FrameTray, TakenFrame

logger = logging.getLogger(__name__)

_HEARTBEAT_S = 0.5
_LONGEST_RETRY_S = 20.0
_ANSWER_MARGIN_MS = 300
"""The camera gives up this much before the loop does, so that its reason is the one shown."""


class CameraOwner:
    """Starts the camera, again and again if need be, and serves presses one after the other."""

    def __init__(
        self,
        camera: Camera,
        tray: FrameTray,
        post: Post,
        clock: Clock,
        *,
        capture_deadline_ms: int,
        stall_ms: int,
        first_retry_s: float = 2.0,
    ) -> None:
        self._camera = camera
        self._tray = tray
        self._post = post
        self._clock = clock
        self._capture_ms = max(100, capture_deadline_ms - _ANSWER_MARGIN_MS)
        self._stall_ms = stall_ms
        self._first_retry_s = first_retry_s
        self._presses: SimpleQueue[TakePhoto | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._is_lost = False
        self._started_ns = 0

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def wait_settled(self, timeout_s: float) -> None:
        """Wait until the first attempt to start the camera is over, whatever came of it."""
        self._settled.wait(timeout_s)

    def take(self, effect: TakePhoto) -> None:
        """Serve a press; ``FrameTaken`` or ``PhotoFailed`` answers."""
        self._presses.put(effect)

    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def stop(self, deadline_s: float) -> bool:
        """End the thread and release the camera; False if that took longer."""
        self._stopping.set()
        self._presses.put(None)
        self._thread.join(deadline_s)
        return not self._thread.is_alive()

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            if self._start_camera():
                while not self._stopping.is_set():
                    self._serve()
                    self._feel_pulse()
        finally:
            self._camera.stop()

    def _start_camera(self) -> bool:
        """Try until it starts or the daemon stops. Presses meanwhile are answered at once."""
        wait_s = self._first_retry_s
        while not self._stopping.is_set():
            try:
                self._camera.start()
            except CameraError as error:
                self._lost(str(error))
                self._settled.set()
                self._refuse_presses(wait_s, str(error))
                wait_s = min(wait_s * 2, _LONGEST_RETRY_S)
            else:
                self._started_ns = self._clock.monotonic_ns()
                self._back()
                self._settled.set()
                return True
        return False

    def _refuse_presses(self, seconds: float, reason: str) -> None:
        until_ns = self._clock.monotonic_ns() + round(seconds * 1e9)
        while not self._stopping.is_set():
            left_s = (until_ns - self._clock.monotonic_ns()) / 1e9
            if left_s <= 0:
                return
            press = self._next_press(left_s)
            if press is not None:
                self._failed(press, reason)

    def _serve(self) -> None:
        press = self._next_press(_HEARTBEAT_S)
        if press is None:
            return
        waited_ms = (self._clock.monotonic_ns() - press.pressed_ns) / 1e6
        timeout_s = max(0.05, (self._capture_ms - waited_ms) / 1000)
        try:
            frame = self._camera.capture(press.pressed_ns, timeout_s)
        except CameraError as error:
            self._failed(press, str(error))
            return
        taken = TakenFrame(frame, self._clock.now(), self._camera.facts.source)
        self._tray.put(press.capture_id, taken)
        reached(Step.FRAME_TAKEN)
        self._post(FrameTaken(press.capture_id, self._clock.monotonic_ns()))

    def _next_press(self, timeout_s: float) -> TakePhoto | None:
        try:
            return self._presses.get(timeout=timeout_s)
        except Empty:
            return None

    def _failed(self, press: TakePhoto, reason: str) -> None:
        logger.warning("no frame", extra={"capture_id": press.capture_id, "reason": reason})
        self._post(PhotoFailed(press.capture_id, reason, self._clock.monotonic_ns()))

    def _feel_pulse(self) -> None:
        age_ms = self._camera.newest_age_ms()
        if age_ms is None:
            age_ms = (self._clock.monotonic_ns() - self._started_ns) / 1e6
        if age_ms < self._stall_ms:
            self._back()
        else:
            self._lost(f"no picture for {age_ms / 1000:.0f} s")

    def _lost(self, reason: str) -> None:
        if not self._is_lost:
            self._is_lost = True
            logger.error("camera lost", extra={"reason": reason})
            self._post(CameraLost(reason, self._clock.monotonic_ns()))

    def _back(self) -> None:
        if self._is_lost:
            self._is_lost = False
            logger.info("camera is back")
            self._post(CameraBack(self._clock.monotonic_ns()))
