"""A camera without hardware: draws the packing table, keeps a frame clock, can be told to fail."""

import io
import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from edge.camera import CameraFacts
from edge.camera.errors import (
    CameraBusy,
    CameraError,
    CameraFault,
    CameraMissing,
    CameraStalled,
    EncodeFailed,
)
from edge.camera.scene import PackingScene
from edge.clock import Clock

_log = logging.getLogger(__name__)

_LATE_PERIODS = 15

Wait = Callable[[threading.Condition, float], object]
"""Wait on a held condition for at most so many seconds; tests move their clock instead."""


class CameraTrouble(StrEnum):
    """How the simulated camera can fail."""

    MISSING = "missing"
    """Unplugged; also no such device at start."""
    BUSY = "busy"
    """At start: another process has it."""
    BROKEN = "broken"
    """At start: it is there and does not work."""
    STALLED = "stalled"
    """No error and no frames."""
    LATE = "late"
    """Frames need 15 more periods to arrive."""
    ENCODE = "encode"
    """Frames cannot become a JPEG."""


_REFUSALS: dict[CameraTrouble, type[CameraError]] = {
    CameraTrouble.MISSING: CameraMissing,
    CameraTrouble.BUSY: CameraBusy,
    CameraTrouble.BROKEN: CameraFault,
}


@dataclass(frozen=True, slots=True)
class SimulatedFrame:
    """A moment at the simulated table. It is drawn when it is encoded, so waiting frames are
    small; what it shows is fixed at the press.
    """

    began_ns: int
    size: tuple[int, int]
    encode: Callable[[int], bytes]

    def jpeg(self, quality: int) -> bytes:
        """Draw and encode, see ``Frame``."""
        return self.encode(quality)


class SimulatedCamera:
    """Follows ``Camera``; also a ``Scene``: shows the order that the table packs.

    Frames begin every ``period_ms`` from the start and arrive one period later. ``fail`` and
    ``recover`` may be called from any thread, also while a capture waits.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        width: int,
        height: int,
        period_ms: int,
        wait: Wait = threading.Condition.wait,
    ) -> None:
        self._clock = clock
        self._size = (width, height)
        self._period_ns = period_ms * 1_000_000
        self._wait = wait
        self._changed = threading.Condition()
        self._drawing = threading.Lock()
        self._scene: PackingScene | None = None
        self._started_ns: int | None = None
        self._trouble: CameraTrouble | None = None
        self._trouble_ns = 0
        self._code = ""
        self._taken = 0

    @property
    def facts(self) -> CameraFacts:
        """Always the settings."""
        return CameraFacts("simulated", *self._size)

    def show_code(self, code: str) -> None:
        """From the next frame on the label carries ``code``; empty clears the table."""
        with self._changed:
            self._code = code

    def fail(self, trouble: CameraTrouble) -> None:
        """Fail from now on, until ``recover``."""
        with self._changed:
            self._trouble = trouble
            self._trouble_ns = self._clock.monotonic_ns()
            self._changed.notify_all()

    def recover(self) -> None:
        """Work again; a running camera streams anew, as after plugging it in."""
        with self._changed:
            self._trouble = None
            if self._started_ns is not None:
                self._started_ns = self._clock.monotonic_ns()
            self._changed.notify_all()

    def start(self) -> None:
        """See ``Camera``."""
        with self._changed:
            refusal = _REFUSALS.get(self._trouble) if self._trouble else None
            if refusal:
                raise refusal(f"the simulated camera is told to be {self._trouble}")
            self._scene = self._scene or PackingScene(*self._size)
            self._started_ns = self._clock.monotonic_ns()
        _log.info("simulated camera started", extra={"size": self._size})

    def stop(self) -> None:
        """See ``Camera``."""
        with self._changed:
            self._started_ns = None
            self._changed.notify_all()

    def capture(self, pressed_ns: int, timeout_s: float) -> SimulatedFrame:
        """See ``Camera``."""
        deadline_ns = self._clock.monotonic_ns() + round(timeout_s * 1e9)
        with self._changed:
            while True:
                now_ns = self._clock.monotonic_ns()
                began_ns = self._first_frame_after(pressed_ns, now_ns)
                ready_ns = self._ready_ns(began_ns)
                if ready_ns is not None and ready_ns <= now_ns:
                    return self._frame(began_ns)
                if now_ns >= deadline_ns:
                    raise CameraStalled(f"no frame within {timeout_s:g} s")
                next_ns = deadline_ns if ready_ns is None else min(ready_ns, deadline_ns)
                self._wait(self._changed, (next_ns - now_ns) / 1e9)

    def newest_age_ms(self) -> float | None:
        """See ``Camera``."""
        with self._changed:
            if self._started_ns is None:
                return None
            now_ns = self._clock.monotonic_ns()
            silent = self._trouble in {CameraTrouble.MISSING, CameraTrouble.STALLED}
            seen_ns = self._trouble_ns if silent else now_ns
            frames = (seen_ns - self._started_ns) // self._period_ns
            if frames < 1:
                return None
            newest_ns = self._started_ns + (frames - 1) * self._period_ns
            return (now_ns - newest_ns) / 1e6

    def _first_frame_after(self, pressed_ns: int, now_ns: int) -> int:
        """Beginning of the frame that answers the press: the first after it, or the newest."""
        if self._started_ns is None:
            raise CameraMissing("the simulated camera is not started")
        if self._trouble is CameraTrouble.MISSING:
            raise CameraMissing("the simulated camera is unplugged")
        after_press = (pressed_ns - self._started_ns) // self._period_ns + 1
        newest = (now_ns - self._started_ns - self._delay_ns()) // self._period_ns
        return self._started_ns + max(0, after_press, newest) * self._period_ns

    def _delay_ns(self) -> int:
        """From the beginning of a frame until it is in memory."""
        late = self._trouble is CameraTrouble.LATE
        return (1 + (_LATE_PERIODS if late else 0)) * self._period_ns

    def _ready_ns(self, began_ns: int) -> int | None:
        """When a frame is in memory; None while none come."""
        if self._trouble is CameraTrouble.STALLED:
            return None
        return began_ns + self._delay_ns()

    def _frame(self, began_ns: int) -> SimulatedFrame:
        self._taken += 1
        now = self._clock.now()
        wall = now.wall - timedelta(microseconds=(now.monotonic_ns - began_ns) // 1000)
        chance = random.Random(f"{self._code} {self._taken} {began_ns}")  # noqa: S311 - a picture
        code, broken = self._code, self._trouble is CameraTrouble.ENCODE

        def encode(quality: int) -> bytes:
            if broken:
                raise EncodeFailed("the simulated camera is told to give bad pixels")
            return self._draw(code, wall, chance, quality)

        return SimulatedFrame(began_ns, self._size, encode)

    def _draw(self, code: str, wall: datetime, chance: random.Random, quality: int) -> bytes:
        with self._drawing:  # the scene has one canvas
            if self._scene is None:
                raise EncodeFailed("the simulated camera was never started")
            picture = self._scene.draw(code, wall, chance)
            kept = io.BytesIO()
            picture.save(kept, "JPEG", quality=quality)
            return kept.getvalue()
