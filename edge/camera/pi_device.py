"""One opened camera of a Raspberry Pi: what picamera2 needs to be used well (edge-hardware 1)."""

import errno
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.camera.errors import CameraBusy, CameraError, CameraFault, CameraMissing, CameraStalled
from edge.camera.frame_times import exposure_began_ns
from edge.camera.pi_jpeg import RawPicture
from edge.camera.pi_library import Device, Job, Library, Request, Values

_log = logging.getLogger(__name__)

BUFFERS = 4
LOOK_WIDTH = 1152
"""Of the second stream: the width that sharpness is measured at (edge-hardware 1.7)."""
_FAST_DENOISE = 1
_FRAME_US = (100, 100_000)
_FIRST_FRAME_S = 5.0
_LATE_RESULT_S = 0.2
_MAIN, _SMALL = "main", "lores"


@dataclass(frozen=True, slots=True)
class TakenPicture:
    """A frame that was copied and given back."""

    began_ns: int
    metadata: Values
    picture: RawPicture | None


def choose(cameras: Sequence[Values], wanted: str) -> tuple[int, Values]:
    """Place in the list and description of a camera. ``wanted``: auto, or what its model, its
    number or its Id says.

    Raises:
        CameraMissing: there is none, or none like this.
    """
    if not cameras:
        raise CameraMissing(
            "no camera at the ribbon cable: switch off, push the cable in at both ends, switch on"
        )
    for place, info in enumerate(cameras):
        if _is_wanted(info, wanted):
            return place, info
    there = ", ".join(f"{info.get('Model')} ({info['Num']})" for info in cameras)
    raise CameraMissing(f"no camera {wanted!r}: camera.device may be auto, or one of {there}")


def _is_wanted(info: Values, wanted: str) -> bool:
    if wanted in {"", "auto"}:
        return "/usb" not in info["Id"]  # libcamera lists webcams too
    return wanted in {str(info["Num"]), info.get("Model")} or wanted in info["Id"].split("/")


class OpenedPi:
    """A streaming camera that has given a frame. Used by one thread at a time."""

    def __init__(self, device: Device, model: str, period_ns: int, now: Callable[[], int]) -> None:
        self._device = device
        self._period_ns = period_ns
        self._now = now
        self._tells_exposure = True
        self.model = model
        self.newest_ns = 0
        """When the newest frame that was seen began."""

    @classmethod
    def open(
        cls,
        library: Library,
        wanted: str,
        size: tuple[int, int] | None,
        controls: Values,
        *,
        upside_down: bool,
        period_ns: int,
        now: Callable[[], int],
    ) -> "OpenedPi":
        """Open, configure once and for all, start, and see one frame. ``size`` None: all pixels.

        Raises:
            CameraError: any of it failed; what was opened is closed again.
        """
        place, info = choose(library.cameras(), wanted)
        device = _open_device(library, place, info)
        opened = cls(device, str(info.get("Model", "unknown")), period_ns, now)
        try:
            opened._start(size, controls, library.half_turn() if upside_down else None)
        except BaseException:
            opened.close()
            raise
        return opened

    @property
    def size(self) -> tuple[int, int]:
        """Width and height that were really taken."""
        width, height = self._device.camera_configuration()[_MAIN]["size"]
        return width, height

    @property
    def controls(self) -> Mapping[str, Sequence[Any]]:
        """The controls that this camera has: least, most, default."""
        return self._device.camera_controls

    def set(self, controls: Values) -> None:
        """Change controls. Read in the metadata when they are in force."""
        self._device.set_controls(controls)

    def take(self, after_ns: int, timeout_s: float) -> TakenPicture:
        """The first full picture whose exposure began after ``after_ns``.

        Raises:
            CameraStalled: none came in time.
        """
        flush = after_ns + 1 if self._tells_exposure else None
        end_ns = self._now() + round(timeout_s * 1e9)
        while (left_s := (end_ns - self._now()) / 1e9) > 0:
            taken = self._frame(_MAIN, flush, after_ns, left_s)
            if taken.picture is not None:
                return taken
        raise CameraStalled(f"no frame within {timeout_s:g} s")

    def look(self, timeout_s: float, *, small: bool = False) -> TakenPicture:
        """The next frame's metadata; with ``small`` also its small picture.

        Raises:
            CameraStalled: none came in time.
        """
        has_small = bool(self._device.camera_configuration().get(_SMALL))
        wanted = (_SMALL if has_small else _MAIN) if small else None
        return self._frame(wanted, None, 0, timeout_s)

    def close(self) -> None:
        """Stop and release. May not come back when the driver hangs."""
        # A wish that was left in the queue would keep the library from ever stopping.
        self._device.cancel_all_and_flush()
        self._device.close()

    def _start(self, size: tuple[int, int] | None, controls: Values, transform: Any) -> None:
        device = self._device
        config = self._wishes(size or device.sensor_resolution, controls)
        if transform is not None:
            config["transform"] = transform
        device.align_configuration(config)
        device.configure(config)
        device.start()
        try:
            first = self.look(_FIRST_FRAME_S)
        except CameraStalled as error:
            raise CameraFault(
                "the camera opens and gives no picture: check its cable and the power supply"
            ) from error
        self._tells_exposure = "ExposureTime" in first.metadata

    def _wishes(self, size: tuple[int, int], controls: Values) -> dict[str, Any]:
        width, height = size
        small = min(LOOK_WIDTH, width)
        # Raspberry Pi's own pipeline has a second stream and sensor modes; others have neither.
        is_ours = "ColorFilterArrangement" in self._device.camera_properties
        streams: dict[str, Any] = {
            _MAIN: {"size": size, "format": "YUV420" if is_ours else "BGR888"}
        }
        if is_ours:
            small_size = (small, height * small // width // 2 * 2)
            streams[_SMALL] = {"size": small_size, "format": "YUV420"}
            streams["sensor"] = {"output_size": self._device.sensor_resolution, "bit_depth": 10}
        wished = {"NoiseReductionMode": _FAST_DENOISE, "FrameDurationLimits": _FRAME_US, **controls}
        known = self._device.camera_controls
        return self._device.create_still_configuration(
            **streams,
            raw=None,
            buffer_count=BUFFERS,
            queue=False,  # a frame that was finished before the press is never handed out
            controls={name: value for name, value in wished.items() if name in known},
        )

    def _frame(
        self, stream: str | None, flush: int | None, after_ns: int, timeout_s: float
    ) -> TakenPicture:
        """The next frame; its picture is only copied if it began after ``after_ns``."""
        request = self._request(flush, timeout_s)
        try:
            metadata = request.get_metadata()
            began_ns = self._began_ns(metadata)
            self.newest_ns = max(self.newest_ns, began_ns)
            is_wanted = began_ns > after_ns
            picture = _picture(request, stream) if stream and is_wanted else None
        finally:
            request.release()  # a request that is held starves the camera
        return TakenPicture(began_ns, metadata, picture)

    def _request(self, flush: int | None, timeout_s: float) -> Request:
        # Not wait=timeout_s: a frame that comes just as that ends is lost with its buffer, because
        # nobody has the job any more.
        job = self._device.capture_request(wait=False, flush=flush)
        try:
            return job.get_result(timeout=timeout_s)
        except TimeoutError:
            self._device.cancel_all_and_flush()
            _release_late(job)
            raise CameraStalled(f"no frame within {timeout_s:.1f} s") from None

    def _began_ns(self, metadata: Values) -> int:
        frame_us = metadata.get("FrameDuration")
        period_ns = self._period_ns if frame_us is None else round(frame_us * 1000)
        exposure_us = metadata.get("ExposureTime")
        return exposure_began_ns(metadata["SensorTimestamp"], exposure_us, period_ns)


def _picture(request: Request, stream: str) -> RawPicture:
    config = request.config[stream]
    # before the release: the request forgets its configuration then
    size, stride, layout = tuple(config["size"]), config["stride"], config["format"]
    return RawPicture(memoryview(request.make_buffer(stream)), size, stride, layout)


def _release_late(job: Job) -> None:
    """Give back what came after all while the wish was cancelled."""
    try:
        job.get_result(timeout=_LATE_RESULT_S).release()
    except Exception as error:  # noqa: BLE001 - cancelled, or failed: then nothing is held
        _log.debug("no frame came late", extra={"reason": repr(error)})


def _open_device(library: Library, place: int, info: Values) -> Device:
    """Open a camera, whatever its number means to this release of the library.

    Up to 0.3.36 at least it is the place in ``global_camera_info``, elsewhere libcamera's number.
    So what was opened is looked at. Another camera may also refuse to open, as libcamera's virtual
    one does.

    Raises:
        Exception: what the library said when the camera would not open.
    """
    problem: Exception | None = None
    for number in dict.fromkeys((place, info["Num"])):
        try:
            device = library.open(number)
        except Exception as error:  # noqa: BLE001 - raised below, if no other number is the one
            problem = problem or error
            continue
        if device.camera_idx == info["Num"]:
            return device
        device.close()
    raise problem or CameraFault(f"picamera2 does not open the camera {info['Id']}")


def explained(error: BaseException) -> CameraError:
    """An error of the library in the words of the table. Ours are passed on."""
    chain = list(_causes(error))
    for one in chain:
        if isinstance(one, CameraError):
            return one
    said = "; ".join(str(one) for one in chain)
    if any(isinstance(one, OSError) and one.errno == errno.ENOMEM for one in chain):
        return CameraFault(
            f"no contiguous memory for the camera ({said}): the program has to start again; if it "
            "happens again set camera.full_resolution to false"
        )
    busy = any(isinstance(one, OSError) and one.errno == errno.EBUSY for one in chain)
    if busy or "busy" in said.lower() or "in use by another process" in said.lower():
        return CameraBusy(f"another program has the camera ({said})")
    return CameraFault(f"the camera does not work: {said or type(error).__name__}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
