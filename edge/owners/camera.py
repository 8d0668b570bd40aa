"""The thread that owns the camera: takes frames, says once that it is lost or back, and climbs the
ladder of ``edge.camera.ladder`` when it does not come back.
"""

import logging
import threading
from queue import Empty, SimpleQueue
from typing import Protocol

from edge.camera import Camera
from edge.camera.errors import CameraError, CameraHangs
from edge.camera.ladder import Climbed, Decision, Rungs, Step, Trouble, decide, trouble_of
from edge.clock import Clock
from edge.effects import TakePhoto
from edge.errors import TableFault, TableNeedsReboot
from edge.events import CameraBack, CameraLost, FrameTaken, PhotoFailed, Post, Stopping
from edge.fault_points import Step as FaultPoint
from edge.fault_points import reached
from edge.owners.frames import FrameTray, TakenFrame
from edge.pulse import Pulse

logger = logging.getLogger(__name__)

_HEARTBEAT_S = 0.5
_ANSWER_MARGIN_MS = 300
"""The camera gives up this much before the loop does, so that its reason is the one shown."""
_STEADY_S = 60.0
"""Of pictures, after which an earlier fault is forgotten."""
_LONGEST_TURN_S = 60.0
"""Closing, opening and a first picture, each with its own deadline, one after the other."""


class Exits(Protocol):
    """What survives the program, for the ladder."""

    def count(self) -> int:
        """Exits since the camera last worked steadily."""
        ...

    def reboots_left(self) -> int:
        """Reboots that may still be asked for."""
        ...

    def add(self) -> bool:
        """Count an exit; True if it may happen."""
        ...

    def clear(self) -> None:
        """Forget them."""
        ...


class CameraOwner:
    """Starts the camera, again and again if need be, and serves presses one after the other."""

    def __init__(
        self,
        camera: Camera,
        tray: FrameTray,
        post: Post,
        clock: Clock,
        exits: Exits,
        *,
        capture_deadline_ms: int,
        stall_ms: int,
        rungs: Rungs | None = None,
        steady_s: float = _STEADY_S,
    ) -> None:
        self._camera = camera
        self._tray = tray
        self._post = post
        self._clock = clock
        self._exits = exits
        self._capture_ms = max(100, capture_deadline_ms - _ANSWER_MARGIN_MS)
        self._stall_ms = stall_ms
        self._rungs = rungs or Rungs()
        self._steady_ns = round(steady_s * 1e9)
        self._presses: SimpleQueue[TakePhoto | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._pulse = Pulse(clock.monotonic_ns, _LONGEST_TURN_S)
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._lost_reason = ""
        self._is_running = False
        self._has_worked = False
        self._tries = 0
        self._trouble_before: Trouble | None = None
        self._started_ns = 0
        self._well_since_ns: int | None = None
        self._is_forgiven = False
        """It was well for so long that earlier faults do not count any more."""
        self._next: Decision | None = Decision(Step.WAIT, 0.0)
        self._due_ns = 0
        self.ends_table: TableFault | None = None
        """Why the table has to end for its camera, once the ladder says so."""
        self.hangs = False
        """The driver holds a thread of this process, which could keep it from ending."""

    def start(self) -> None:
        """Begin; returns at once."""
        self._pulse.beat()
        self._thread.start()

    def wait_settled(self, timeout_s: float) -> None:
        """Wait until the first attempt to start the camera is over, whatever came of it."""
        self._settled.wait(timeout_s)

    def take(self, effect: TakePhoto) -> None:
        """Serve a press; ``FrameTaken`` or ``PhotoFailed`` answers."""
        self._presses.put(effect)

    def alive(self) -> bool:
        """Whether the thread turns. One that ended the table has done its work."""
        return self.ends_table is not None or (self._thread.is_alive() and self._pulse.is_felt())

    def stop(self, deadline_s: float) -> bool:
        """End the thread and release the camera; False if that took longer."""
        self._stopping.set()
        self._presses.put(None)
        self._thread.join(deadline_s)
        self.hangs = self.hangs or self._thread.is_alive()
        return not self._thread.is_alive()

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopping.is_set() and self.ends_table is None:
                self._pulse.beat()
                if self._next is not None and self._now() >= self._due_ns:
                    self._carry_out(self._next)
                else:
                    self._serve(self._wait_s())
                    self._feel_pulse()
        finally:
            self._stop_camera()

    def _wait_s(self) -> float:
        if self._next is None:
            return _HEARTBEAT_S
        return min(_HEARTBEAT_S, max(0.0, (self._due_ns - self._now()) / 1e9))

    def _serve(self, timeout_s: float) -> None:
        try:
            press = self._presses.get(timeout=timeout_s)
        except Empty:
            return
        if press is None:
            return
        if not self._is_running:
            self._failed(press, self._lost_reason or "the camera is not started")
            return
        waited_ms = (self._now() - press.pressed_ns) / 1e6
        try:
            frame = self._camera.capture(
                press.pressed_ns, max(0.05, (self._capture_ms - waited_ms) / 1000)
            )
        except CameraError as error:
            self._failed(press, str(error))
            return
        taken = TakenFrame(frame, self._clock.now(), self._camera.facts.source)
        self._tray.put(press.capture_id, taken)
        reached(FaultPoint.FRAME_TAKEN)
        self._post(FrameTaken(press.capture_id, self._now()))

    def _failed(self, press: TakePhoto, reason: str) -> None:
        logger.warning("no frame", extra={"capture_id": press.capture_id, "reason": reason})
        self._post(PhotoFailed(press.capture_id, reason, self._now()))

    def _feel_pulse(self) -> None:
        if not self._is_running:
            return
        age_ms = self._camera.newest_age_ms()
        if age_ms is None:
            age_ms = (self._now() - self._started_ns) / 1e6
        if age_ms < self._stall_ms:
            self._next = None
            self._back()
        elif self._next is None:
            self._trouble(Trouble.BROKEN, f"no picture for {age_ms / 1000:.0f} s")

    # --- the ladder -----------------------------------------------------------------------------

    def _trouble(self, trouble: Trouble, reason: str) -> None:
        if Trouble.ABSENT in {trouble, self._trouble_before} and trouble != self._trouble_before:
            self._tries = 0  # looking for a camera is no climbing
        self._trouble_before = trouble
        climbed = Climbed(
            self._tries, self._exits.count(), self._exits.reboots_left(), self._has_worked
        )
        self._plan(decide(trouble, climbed, self._rungs), reason)

    def _plan(self, decision: Decision, reason: str) -> None:
        self._well_since_ns, self._is_forgiven = None, False
        self._next, self._due_ns = decision, self._now() + round(decision.after_s * 1e9)
        words = f"{decision.step} {decision.count}".strip()
        if decision.step is Step.WAIT:
            self._lost(reason)
            return
        logger.warning("camera ladder", extra={"step": words, "reason": reason})
        self._lost(reason if decision.step is Step.REOPEN else f"{reason}; {words}")

    def _carry_out(self, decision: Decision) -> None:
        self._next = None
        fault = f"the camera fails: {self._lost_reason}"
        match decision.step:
            case Step.EXIT if self._exits.add():
                self._end(TableFault(fault))
            case Step.EXIT:  # one that cannot be counted could be one of a thousand
                self._plan(Decision(Step.GIVE_UP, self._rungs.retry_s), self._lost_reason)
            case Step.REBOOT:
                self._end(TableNeedsReboot(fault))
            case _:
                self._tries += bool(self._lost_reason)
                self._start_camera()

    def _end(self, fault: TableFault) -> None:
        """Have the loop make safe what is open, and end."""
        self.ends_table = fault
        self._settled.set()
        self._post(Stopping(self._now()))

    def _start_camera(self) -> None:
        try:
            self._stop_camera()
            if self.hangs:
                raise CameraHangs("the camera's driver does not come back")
            self._camera.start()
        except CameraError as error:
            self.hangs = self.hangs or isinstance(error, CameraHangs)
            self._trouble(trouble_of(error), str(error))
        else:
            self._is_running = self._has_worked = True
            self._started_ns = self._now()
            self._back()
        self._settled.set()

    def _stop_camera(self) -> None:
        self._is_running = False
        try:
            self._camera.stop()
        except CameraHangs as error:
            self.hangs = True
            logger.warning("camera hangs", extra={"reason": str(error)})

    def _lost(self, reason: str) -> None:
        if not self._lost_reason:
            logger.error("camera lost", extra={"reason": reason})
        elif reason == self._lost_reason:
            return
        self._lost_reason = reason
        self._post(CameraLost(reason, self._now()))

    def _back(self) -> None:
        """A fresh picture was seen."""
        if self._lost_reason:
            self._lost_reason = ""
            logger.info("camera is back")
            self._post(CameraBack(self._now()))
        if self._well_since_ns is None:
            self._well_since_ns = self._now()
        elif not self._is_forgiven and self._now() - self._well_since_ns > self._steady_ns:
            self._tries, self._is_forgiven = 0, True
            self._exits.clear()

    def _now(self) -> int:
        return self._clock.monotonic_ns()
