"""A Raspberry Pi's own camera. The one file that imports picamera2, and only when it starts.

One configuration runs all the time: changing modes costs half a second and, done often, all of the
contiguous memory (edge-hardware 1.2). A photo is copied out of the stream and encoded elsewhere.
The device cannot be plugged in while the table runs, so a camera that is lost is started anew by
its owner.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from edge.camera import CameraFacts
from edge.camera.deadlines import DeadlinePassed, within
from edge.camera.errors import CameraError, CameraHangs, CameraMissing, CameraNotSetUp
from edge.camera.pi_device import OpenedPi, TakenPicture, explained
from edge.camera.pi_jpeg import Encoder, RawPicture, encode_with_simplejpeg
from edge.camera.pi_library import Device, Library, Values

_log = logging.getLogger(__name__)

T = TypeVar("T")

_OPEN_S = 12.0
_CLOSE_S = 4.0
_PULSE_NS = 1_000_000_000
_PULSE_WAIT_S = 1.0
_MARGIN_S = 2.0
"""For a call that has a time limit of its own, and its tidying up."""
_KEPT_METADATA = (
    "ExposureTime",
    "AnalogueGain",
    "DigitalGain",
    "ColourGains",
    "ColourTemperature",
    "Lux",
    "LensPosition",
    "FocusFoM",
    "SensorTemperature",
)


class InstalledPicamera2:
    """Follows ``Library``."""

    def cameras(self) -> Sequence[Values]:
        """See ``Library``."""
        from picamera2 import Picamera2  # noqa: PLC0415 - only a Raspberry Pi has it

        infos: Sequence[Values] = Picamera2.global_camera_info()
        return infos

    def open(self, number: int) -> Device:
        """See ``Library``."""
        from picamera2 import Picamera2  # noqa: PLC0415 - as above

        device: Device = Picamera2(number)
        return device

    def half_turn(self) -> Any:
        """See ``Library``. The sensor reads its lines backwards: it costs no time."""
        from libcamera import Transform  # noqa: PLC0415 - as above

        return Transform(hflip=1, vflip=1)


def installed_picamera2() -> Library:
    """The library of this machine.

    Raises:
        CameraNotSetUp: it is not installed, or does not load.
    """
    try:
        import picamera2  # noqa: F401, PLC0415 - heavy, and only a Raspberry Pi has it
    except Exception as error:
        # not ImportError alone: a numpy that it was not built for raises ValueError
        raise CameraNotSetUp(
            "picamera2 does not load (apt install python3-picamera2; the virtual environment needs "
            f"the system's packages): {error}"
        ) from error
    return InstalledPicamera2()


@dataclass(frozen=True, slots=True)
class PiFrame:
    """A picture as the sensor's pipeline made it."""

    began_ns: int
    picture: RawPicture
    encoder: Encoder

    @property
    def size(self) -> tuple[int, int]:
        """See ``Frame``."""
        return self.picture.size

    def jpeg(self, quality: int) -> bytes:
        """See ``Frame``."""
        return self.encoder(self.picture, quality)


class PiCamera:
    """Follows ``Camera``."""

    def __init__(
        self,
        *,
        device: str,
        size: tuple[int, int] | None,
        period_ms: int,
        controls: Values,
        upside_down: bool = False,
        library: Callable[[], Library] = installed_picamera2,
        encoder: Encoder = encode_with_simplejpeg,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """``size`` None: all pixels the sensor has. ``controls``: libcamera's, from the start."""
        self._wanted = device
        self._size = size
        self._period_ns = period_ms * 1_000_000
        self._controls = controls
        self._upside_down = upside_down
        self._library = library
        self._encoder = encoder
        self._monotonic_ns = monotonic_ns
        self._opened: OpenedPi | None = None
        self._hanging: list[object] = []
        self._facts = CameraFacts("picamera2", *(size or (0, 0)))

    @property
    def facts(self) -> CameraFacts:
        """Model of the sensor and the size that the camera really gives."""
        return self._facts

    @property
    def controls(self) -> Mapping[str, Sequence[Any]]:
        """The controls that this camera has: least, most, default.

        Raises:
            CameraMissing: it is not started.
        """
        return self._device().controls

    def adjust(self, controls: Values) -> None:
        """Change controls while it runs; in force some frames later.

        Raises:
            CameraError: as ``capture``.
        """
        opened = self._device()
        self._within(_MARGIN_S, lambda: opened.set(controls), "camera-adjust")

    def look(self, timeout_s: float, *, small: bool = False) -> TakenPicture:
        """The next frame's metadata; with ``small`` also its small picture.

        Raises:
            CameraError: as ``capture``.
        """
        opened = self._device()
        return self._within(
            timeout_s + _MARGIN_S, lambda: opened.look(timeout_s, small=small), "camera-look"
        )

    def start(self) -> None:
        """See ``Camera``."""
        if self._opened is not None:
            return
        library = self._library()
        opened = self._within(_OPEN_S, lambda: self._open(library), "camera-open")
        self._opened = opened
        self._facts = CameraFacts(f"picamera2:{opened.model[:40]}", *opened.size)
        extra = {"model": opened.model, "size": opened.size, "controls": dict(self._controls)}
        _log.info("camera opened", extra=extra)

    def stop(self) -> None:
        """See ``Camera``."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        try:
            self._within(_CLOSE_S, opened.close, "camera-close")
        except CameraHangs:
            raise
        except CameraError as error:
            _log.warning("camera closed with an error", extra={"reason": str(error)})

    def capture(self, pressed_ns: int, timeout_s: float) -> PiFrame:
        """See ``Camera``."""
        opened = self._device()
        taken = self._within(
            timeout_s + _MARGIN_S, lambda: opened.take(pressed_ns, timeout_s), "camera-take"
        )
        assert taken.picture is not None  # noqa: S101 - a full picture was asked for
        kept = {name: taken.metadata[name] for name in _KEPT_METADATA if name in taken.metadata}
        _log.info("frame", extra={"began_ns": taken.began_ns, **kept})
        return PiFrame(taken.began_ns, taken.picture, self._encoder)

    def newest_age_ms(self) -> float | None:
        """See ``Camera``. Asks for a frame when the last one seen is older than a second."""
        opened = self._opened
        if opened is None:
            return None
        if self._monotonic_ns() - opened.newest_ns > _PULSE_NS:
            try:
                self.look(_PULSE_WAIT_S)
            except CameraError as error:
                _log.debug("no heartbeat", extra={"reason": str(error)})
        return (self._monotonic_ns() - opened.newest_ns) / 1e6

    def _device(self) -> OpenedPi:
        if self._opened is None:
            raise CameraMissing("the camera is not started")
        return self._opened

    def _open(self, library: Library) -> OpenedPi:
        return OpenedPi.open(
            library,
            self._wanted,
            self._size,
            self._controls,
            upside_down=self._upside_down,
            period_ns=self._period_ns,
            now=self._monotonic_ns,
        )

    def _within(self, seconds: float, call: Callable[[], T], name: str) -> T:
        """What a call into the library gives; one that does not come back is the end of it."""
        if self._hanging:
            raise CameraHangs("the camera's driver does not come back: the program has to end")
        try:
            return within(seconds, call, name)
        except CameraError:
            raise
        except DeadlinePassed as error:
            # Kept: the library's object closes itself when it is forgotten, and would hang there.
            self._hanging.append(call)
            raise CameraHangs(f"the camera's driver does not come back: {error}") from error
        except Exception as error:
            # The library raises what it likes, from KeyError to what C++ threw.
            raise explained(error) from error
