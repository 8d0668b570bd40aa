"""A webcam through OpenCV: a thread reads all the time, a photo is the first frame after a press.

A webcam that is lost (unplugged, hanging, refusing) is closed and opened again with back-off until
``stop``. It is known by its port, so it may come back under another device number; plugged in
elsewhere it is taken as well, but never a webcam that stood beside it from the beginning.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.camera import CameraFacts
from edge.camera.discover import port_of
from edge.camera.errors import CameraError, CameraMissing
from edge.camera.frame_times import FrameTimes
from edge.camera.slot import FrameSlot
from edge.camera.webcam import Encoder, Opener, Pixels, Webcam, encode_with_cv2, open_with_cv2

_log = logging.getLogger(__name__)

_FAILURES_UNTIL_LOST = 3
_STOP_DEADLINE_S = 4.0
_SOURCE_LENGTH = 50

Candidates = Callable[[], Sequence[str]]
"""Device paths to try, best first; asked anew at each opening."""


@dataclass(frozen=True, slots=True)
class WebcamFrame:
    """Pixels as OpenCV decoded them."""

    began_ns: int
    pixels: Pixels
    encoder: Encoder

    @property
    def size(self) -> tuple[int, int]:
        """See ``Frame``."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def jpeg(self, quality: int) -> bytes:
        """See ``Frame``."""
        return self.encoder(self.pixels, quality)


class OpenCvCamera:
    """Follows ``Camera``."""

    def __init__(
        self,
        *,
        candidates: Candidates,
        width: int,
        height: int,
        period_ms: int,
        opener: Opener = open_with_cv2,
        encoder: Encoder = encode_with_cv2,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        back_off_s: Sequence[float] = (0.5, 1, 2, 5, 10),
        port_of: Callable[[str], str] = port_of,
    ) -> None:
        self._candidates = candidates
        self._wished_size = (width, height)
        self._period_ms = period_ms
        self._opener = opener
        self._encoder = encoder
        self._monotonic_ns = monotonic_ns
        self._back_off_s = back_off_s
        self._port_of = port_of
        self._port: str | None = None
        """Of the first webcam that worked: from then on it is this one."""
        self._others: frozenset[str] = frozenset()
        self._slot: FrameSlot[WebcamFrame] = FrameSlot()
        self._facts = CameraFacts("opencv", width, height)
        self._stopping = threading.Event()
        self._reader: threading.Thread | None = None

    @property
    def facts(self) -> CameraFacts:
        """Name of the port and the size that the camera really gives."""
        return self._facts

    def start(self) -> None:
        """See ``Camera``. A node that gives no pictures holds the caller for about 10 s."""
        if self._reader is not None:
            return
        webcam = self._open_first()
        # Each reader has its own event and slot: one that hangs in the driver after a stop must
        # find itself stopped when it wakes, even if the camera was started again meanwhile.
        self._stopping = threading.Event()
        self._slot = FrameSlot()
        self._slot.open()
        self._reader = threading.Thread(
            target=self._run,
            args=(webcam, self._slot, self._stopping),
            name="camera-opencv",
            daemon=True,
        )
        self._reader.start()

    def stop(self) -> None:
        """See ``Camera``. A reader that hangs in the driver is left behind and closes later."""
        reader, self._reader = self._reader, None
        if reader is None:
            return
        self._stopping.set()
        self._slot.close("the camera is stopped")
        reader.join(_STOP_DEADLINE_S)
        if reader.is_alive():
            _log.warning(
                "webcam does not answer; left behind", extra={"camera": self._facts.source}
            )

    def capture(self, pressed_ns: int, timeout_s: float) -> WebcamFrame:
        """See ``Camera``."""
        return self._slot.wait(pressed_ns, timeout_s)

    def newest_age_ms(self) -> float | None:
        """See ``Camera``."""
        newest_ns = self._slot.newest_ns()
        return None if newest_ns is None else (self._monotonic_ns() - newest_ns) / 1e6

    def _open_first(self) -> Webcam:
        """The first candidate that gives pictures.

        Raises:
            CameraError: none does; what the best of them said.
        """
        names = self._names()
        if not names:
            raise CameraMissing("no webcam found: plug one in, or name its device in the settings")
        problems: list[CameraError] = []
        for name in names:
            try:
                webcam = Webcam.open(name, self._opener, *self._wished_size)
            except CameraError as problem:
                problems.append(problem)
            else:
                self._keep_to(name, names)
                self._facts = CameraFacts(_source(self._port or name), *webcam.size)
                _log.info("webcam opened", extra={"camera": name, "size": webcam.size})
                return webcam
        raise problems[0]

    def _names(self) -> list[str]:
        """What to try: ours first, then what was not there when it was chosen."""
        names = list(self._candidates())
        if self._port is None:
            return names
        return [self._port, *(name for name in names if name not in {self._port, *self._others})]

    def _keep_to(self, name: str, names: Sequence[str]) -> None:
        port = self._port_of(name)
        if self._port is None:
            self._others = frozenset(names) - {port}
        self._port = port

    def _run(self, webcam: Webcam, slot: FrameSlot[WebcamFrame], stopping: threading.Event) -> None:
        while True:
            self._read_until_lost(webcam, slot, stopping)
            webcam.close()
            if stopping.is_set():
                return
            slot.close(f"{webcam.name} gives no more pictures")
            _log.warning("webcam lost", extra={"camera": webcam.name})
            found = self._open_again(stopping)
            if found is None:
                return
            webcam = found
            slot.open()
            _log.info("webcam back", extra={"camera": webcam.name})

    def _read_until_lost(
        self, webcam: Webcam, slot: FrameSlot[WebcamFrame], stopping: threading.Event
    ) -> None:
        times = FrameTimes(webcam.period_ns(self._period_ms), self._monotonic_ns())
        failures = 0
        while failures < _FAILURES_UNTIL_LOST and not stopping.is_set():
            failures = 0 if self._read(webcam, slot, times) else failures + 1

    def _read(self, webcam: Webcam, slot: FrameSlot[WebcamFrame], times: FrameTimes) -> bool:
        """Take one frame and decode it if somebody waits for it; False when it failed."""
        asked_ns = self._monotonic_ns()
        if not webcam.grab():
            return False
        began_ns = times.began_ns(asked_ns, self._monotonic_ns())
        if not slot.wants(began_ns):
            return True
        pixels = webcam.picture()
        if pixels is None:
            return False
        slot.put(WebcamFrame(began_ns, pixels, self._encoder))
        return True

    def _open_again(self, stopping: threading.Event) -> Webcam | None:
        """Try until a webcam is back; None when stopped meanwhile."""
        for delay_s in _delays(self._back_off_s):
            if stopping.wait(delay_s):
                break
            try:
                return self._open_first()
            except CameraError as problem:
                _log.debug("webcam still lost", extra={"reason": str(problem)})
        return None


def _delays(back_off_s: Sequence[float]) -> Iterator[float]:
    return itertools.chain(back_off_s, itertools.repeat(back_off_s[-1]))


def _source(name: str) -> str:
    """Short enough for a manifest; the end of a by-path name tells the port."""
    port = Path(name).name.removesuffix("-video-index0")
    return f"opencv:{port[-_SOURCE_LENGTH:]}"
