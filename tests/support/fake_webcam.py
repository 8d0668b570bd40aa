"""A webcam below OpenCV: devices that can be plugged, hang, be busy, and captures on them."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from tests.support.manual_clock import ManualClock

PERIOD_S = 0.04


@dataclass
class FakePixels:
    """Stands for a numpy array; knows when its exposure really began."""

    shape: tuple[int, int, int]
    really_began_ns: int


@dataclass
class FakeDevice:
    """A device node. Its clock moves by one period with each frame."""

    node: Path
    clock: ManualClock
    size: tuple[int, int] = (640, 360)
    busy: bool = False
    pictures: bool = True
    fps: float = 1 / PERIOD_S
    calls: list[tuple[str, float]] = field(default_factory=list)
    working: threading.Event = field(default_factory=threading.Event)
    hanging: threading.Event = field(default_factory=threading.Event)
    """A grab is stuck in the driver."""
    opened: int = 0
    released: int = 0

    def __post_init__(self) -> None:
        self.plug()

    def plug(self) -> None:
        self.node.touch()
        self.working.set()

    def unplug(self) -> None:
        self.node.unlink()

    def hang(self) -> None:
        """From now on a grab does not return before ``plug``."""
        self.working.clear()

    def open(self, name: str) -> "FakeCapture | None":
        assert name == str(self.node)
        if self.busy:
            return None
        self.opened += 1
        return FakeCapture(self)


class FakeCapture:
    """Follows ``VideoCapture``."""

    def __init__(self, device: FakeDevice) -> None:
        self._device = device
        self._began_ns = 0
        self._pace = threading.Event()

    def set(self, prop: int, value: float, /) -> bool:
        self._device.calls.append((f"set {prop}", value))
        return True

    def get(self, prop: int, /) -> float:
        width, height = self._device.size
        return {3: width, 4: height, 5: self._device.fps}.get(prop, 0.0)

    def grab(self) -> bool:
        device = self._device
        device.calls.append(("grab", 0))
        self._pace.wait(0.0005)  # lets other threads run
        if not device.working.is_set():
            device.hanging.set()
            device.working.wait(30)
        if not device.node.exists():
            return False
        self._began_ns = device.clock.monotonic_ns()
        device.clock.advance(PERIOD_S)
        return True

    def retrieve(self) -> tuple[bool, FakePixels | None]:
        if not self._device.pictures:
            return False, None
        width, height = self._device.size
        return True, FakePixels((height, width, 3), self._began_ns)

    def release(self) -> None:
        self._device.released += 1


def encode(pixels: object, quality: int) -> bytes:
    """An ``Encoder`` without OpenCV."""
    import io

    assert isinstance(pixels, FakePixels)
    height, width, _ = pixels.shape
    kept = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 90)).save(kept, "JPEG", quality=quality)
    return kept.getvalue()
