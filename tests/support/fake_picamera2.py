"""A camera below picamera2: frames at a rate with exposure times, and all the ways it fails.

It behaves as the library's source says: wishes are worked off in their order, one that waits blocks
those behind it and the closing too, a frame that somebody holds is missing from the four buffers,
and ``flush`` raises KeyError where the metadata has no exposure time. Nothing here takes real time
but a hanging ``close``.
"""

import errno
import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from edge.camera.pi_jpeg import RawPicture
from tests.support.manual_clock import ManualClock

PADDING = 64
CONTROL_DELAY = 6
"""Frames until a control is in force (picamera2 issue 1278)."""


@dataclass
class FakeBoard:
    """The hardware and its driver, which outlive each opening. Its clock moves with the frames."""

    clock: ManualClock
    size: tuple[int, int] = (640, 360)
    infos: list[dict[str, Any]] = field(
        default_factory=lambda: [{"Model": "imx708", "Id": "/base/soc/i2c0mux/imx708@1a", "Num": 0}]
    )
    period_ns: int = 40_000_000
    exposure_us: int | None = 10_000
    is_raspberry_pi: bool = True
    layout: str = "YUV420"
    opens_by_place: bool = False
    unusable: frozenset[int] = frozenset()
    """Cameras that do not open, by libcamera's number."""
    refuses: Exception | None = None
    """What opening raises."""
    configure_fails: Exception | None = None
    stalled: bool = False
    late_ns: int = 0
    """Added to the time at which frames arrive."""
    broken: bool = False
    """Opens, and gives no frame."""
    fails_with: Exception | None = None
    """What a wish for a frame ends with."""
    lens_best: float = 2.5
    hang_close: bool = False
    hang_start: bool = False
    hang_take: bool = False
    let_go: threading.Event = field(default_factory=threading.Event)
    """Ends what hangs."""
    opened: list["FakeDevice"] = field(default_factory=list)

    def occupy(self) -> None:
        busy = RuntimeError("Failed to acquire camera: Device or resource busy")
        self.refuses = RuntimeError("Camera __init__ sequence did not complete.")
        self.refuses.__cause__ = busy

    def lose(self) -> None:
        self.infos.clear()

    @property
    def device(self) -> "FakeDevice":
        """The one opened last."""
        return self.opened[-1]

    # --- follows Library ---

    def cameras(self) -> Sequence[Mapping[str, Any]]:
        return list(self.infos)

    def open(self, number: int) -> "FakeDevice":
        if self.refuses is not None:
            raise self.refuses
        index = self.infos[number]["Num"] if self.opens_by_place else number
        if index in self.unusable:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.opened.append(FakeDevice(self, index))
        return self.device

    def half_turn(self) -> str:
        return "half a turn"


class FakeDevice:
    """Follows ``Device``."""

    def __init__(self, board: FakeBoard, index: int) -> None:
        self.camera_idx = index
        self.board = board
        self.sensor_resolution = board.size
        self.camera_properties = {"ColorFilterArrangement": 0} if board.is_raspberry_pi else {}
        names = ["NoiseReductionMode", "FrameDurationLimits", "AfMode", "LensPosition"]
        names += ["ExposureTime", "AnalogueGain", "ColourGains", "AeFlickerMode", "AeFlickerPeriod"]
        self.camera_controls: dict[str, tuple[Any, Any, Any]] = (
            dict.fromkeys(names, (0, 15.0, 1.0)) if board.is_raspberry_pi else {}
        )
        self.config: dict[str, Any] = {}
        self.jobs: list[FakeJob] = []
        self.flushes: list[int | None] = []
        """The times that wishes were made with."""
        self.cancelled = 0
        self.held = 0
        self.frames = 0
        self.closed = False
        self.in_force: dict[str, Any] = {}
        self._wished: list[tuple[int, dict[str, Any]]] = []
        self._started_ns = 0

    def create_still_configuration(self, **wishes: Any) -> dict[str, Any]:
        for name in wishes["controls"]:
            assert name in self.camera_controls, f"Control {name} is not advertised by libcamera"
        return {"lores": None, **wishes}

    def align_configuration(self, config: dict[str, Any]) -> None:
        width, height = config["main"]["size"]
        config["main"]["size"] = (width - width % 128, height - height % 2)

    def configure(self, config: dict[str, Any]) -> None:
        if self.board.configure_fails is not None:
            raise self.board.configure_fails
        for name in ("main", "lores"):
            if config[name] is not None:
                layout = self.board.layout
                stride = config[name]["size"][0] * _bytes(layout) + PADDING
                config[name] |= {"stride": stride, "format": layout}
        self.config = config

    def camera_configuration(self) -> dict[str, Any]:
        return self.config

    def start(self) -> None:
        if self.board.hang_start:
            self.board.let_go.wait(60)
        self.in_force = dict(self.config["controls"])
        self._started_ns = self.board.clock.monotonic_ns()

    def close(self) -> None:
        if self.board.hang_close or self.jobs:
            self.board.let_go.wait(60)
        self.closed = True

    def set_controls(self, controls: Mapping[str, Any]) -> None:
        self._wished.append((self.frames + CONTROL_DELAY, dict(controls)))

    def capture_request(self, *, wait: bool, flush: int | None) -> "FakeJob":
        assert wait is False, "only a job's result has a time limit that keeps the job"
        if self.board.hang_take:
            self.board.let_go.wait(60)
        if self.board.fails_with is not None:
            raise self.board.fails_with
        self.flushes.append(flush)
        job = FakeJob(self, flush)
        self.jobs.append(job)
        return job

    def cancel_all_and_flush(self) -> None:
        self.cancelled += len(self.jobs)
        for job in self.jobs:
            job.error = RuntimeError("cancelled")
        self.jobs.clear()

    def next_arrives_ns(self) -> int | None:
        board = self.board
        starved = self.held >= self.config["buffer_count"]
        if board.stalled or board.broken or starved:
            return None
        now_ns = board.clock.monotonic_ns()
        number = (now_ns - board.late_ns - self._started_ns) // board.period_ns + 1
        return self._started_ns + number * board.period_ns + board.late_ns

    def deliver(self) -> None:
        """The frame that arrives now: to the first wish, or back to the camera."""
        board = self.board
        self.frames += 1
        for due, controls in list(self._wished):
            if self.frames >= due:
                self.in_force |= controls
                self._wished.remove((due, controls))
        arrived_ns = board.clock.monotonic_ns() - board.late_ns
        if self.jobs and self.jobs[0].offer(FakeRequest(self, arrived_ns - board.period_ns)):
            self.jobs.pop(0)


class FakeJob:
    """Follows ``Job``."""

    def __init__(self, device: FakeDevice, flush: int | None) -> None:
        self._device = device
        self._flush = flush
        self.error: Exception | None = None
        self.request: FakeRequest | None = None

    def offer(self, request: "FakeRequest") -> bool:
        metadata = request.get_metadata()
        if self._flush is not None:
            try:
                began_ns = metadata["SensorTimestamp"] - 1000 * metadata["ExposureTime"]
            except KeyError as error:
                self.error = error
                return True
            if began_ns < self._flush:
                return False
        self._device.held += 1
        self.request = request
        return True

    def get_result(self, timeout: float) -> "FakeRequest":
        assert timeout > 0, "0 would return at once, None would wait for ever"
        clock = self._device.board.clock
        end_ns = clock.monotonic_ns() + round(timeout * 1e9)
        while self.error is None and self.request is None:
            arrives_ns = self._device.next_arrives_ns()
            if arrives_ns is None:
                raise TimeoutError  # nothing moves, not even the clock
            if arrives_ns > end_ns:
                clock.advance((end_ns - clock.monotonic_ns()) / 1e9)
                raise TimeoutError
            clock.advance((arrives_ns - clock.monotonic_ns()) / 1e9)
            self._device.deliver()
        if self.error is not None:
            raise self.error
        assert self.request is not None
        return self.request


class FakeRequest:
    """Follows ``Request``."""

    def __init__(self, device: FakeDevice, sensor_ns: int) -> None:
        self._device = device
        self._sensor_ns = sensor_ns
        self.config = {name: device.config[name] for name in ("main", "lores")}
        self.released = False

    def get_metadata(self) -> dict[str, Any]:
        board = self._device.board
        metadata: dict[str, Any] = {"SensorTimestamp": self._sensor_ns}
        if board.exposure_us is not None:
            in_force = self._device.in_force
            metadata |= {
                "ExposureTime": in_force.get("ExposureTime", board.exposure_us),
                "AnalogueGain": in_force.get("AnalogueGain", 1.5),
                "ColourGains": in_force.get("ColourGains", (1.8, 2.1)),
                "LensPosition": in_force.get("LensPosition", 1.0),
                "FrameDuration": board.period_ns // 1000,
            }
        return metadata

    def make_buffer(self, name: str) -> bytes:
        assert not self.released
        config = self.config[name]
        size: tuple[int, int] = config["size"]
        width, height = size
        layout: str = config["format"]
        depth = _bytes(layout)
        plain = b"\x20" * (width * depth // 2) + b"\xc0" * (width * depth // 2)
        striped = bytes(level + self._fine() * (at // 3 % 2) for at, level in enumerate(plain))
        upper = (plain + b"\xff" * PADDING) * (height // 2)
        pixels = upper + (striped + b"\xff" * PADDING) * (height - height // 2)
        if layout != "YUV420":
            return pixels
        chroma = b"\x80" * (width // 2) + b"\xff" * (PADDING // 2)
        return pixels + chroma * height

    def _fine(self) -> int:
        """Contrast of fine stripes in the lower half: falls off where the lens stands wrong."""
        lens: float = self._device.in_force.get("LensPosition", 1.0)
        off = abs(lens - self._device.board.lens_best)
        return round(60 / (1 + (2 * off) ** 2))

    def release(self) -> None:
        assert not self.released, "released twice"
        self.released = True
        self._device.held -= 1
        self.config = {}


def encode(picture: RawPicture, quality: int) -> bytes:
    """An ``Encoder`` without simplejpeg: the grey of it."""
    depth, raw = (1, "L") if picture.layout == "YUV420" else (3, "RGB")
    assert picture.stride == picture.size[0] * depth + PADDING
    grey = Image.frombuffer(raw, picture.size, bytes(picture.pixels), "raw", raw, picture.stride, 1)
    kept = io.BytesIO()
    grey.save(kept, "JPEG", quality=quality)
    return kept.getvalue()


def no_memory() -> OSError:
    """As the heap of camera buffers says it."""
    return OSError(errno.ENOMEM, "Cannot allocate memory")


def _bytes(layout: str) -> int:
    return 1 if layout == "YUV420" else 3
