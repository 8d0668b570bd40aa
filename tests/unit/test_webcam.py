"""The webcam driver above a fake VideoCapture: order of calls, hanging, renaming, back-off."""

import io
import threading
from pathlib import Path

import pytest
from PIL import Image

from edge.camera.discover import port_of
from edge.camera.errors import CameraFault, CameraMissing
from edge.camera.opencv import OpenCvCamera
from edge.camera.webcam import (
    Webcam,
    encode_turned_with_cv2,
    encode_with_cv2,
    open_with_cv2,
)
from tests.support import fake_webcam
from tests.support.fake_webcam import FakeDevice
from tests.support.manual_clock import ManualClock
from tests.support.waiting import eventually

MJPG = 0x47504A4D


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def device(tmp_path: Path, clock: ManualClock) -> FakeDevice:
    return FakeDevice(tmp_path / "video0", clock)


def camera_on(*devices: FakeDevice, clock: ManualClock) -> OpenCvCamera:
    by_name = {str(device.node): device for device in devices}
    return OpenCvCamera(
        candidates=lambda: list(by_name),
        width=640,
        height=360,
        period_ms=40,
        opener=lambda name: by_name[name].open(name),
        encoder=fake_webcam.encode,
        monotonic_ns=clock.monotonic_ns,
        back_off_s=(0.001,),
    )


def test_the_format_is_wished_for_before_the_size(device: FakeDevice) -> None:
    Webcam.open(str(device.node), device.open, 2304, 1296)
    assert device.calls[:4] == [("set 6", MJPG), ("set 3", 2304), ("set 4", 1296), ("grab", 0)]


def test_the_size_is_what_the_camera_really_gives(device: FakeDevice, clock: ManualClock) -> None:
    device.size = (1280, 720)
    camera = camera_on(device, clock=clock)
    camera.start()
    assert (camera.facts.width, camera.facts.height) == (1280, 720)
    assert camera.capture(clock.monotonic_ns(), 5).size == (1280, 720)
    camera.stop()


@pytest.mark.parametrize(("fps", "period_ms"), [(25.0, 40), (0.0, 33), (-1.0, 33), (1e9, 33)])
def test_a_driver_that_does_not_say_its_rate_gets_that_of_the_settings(
    device: FakeDevice, fps: float, period_ms: int
) -> None:
    device.fps = fps
    webcam = Webcam.open(str(device.node), device.open, 640, 360)
    assert webcam.period_ns(otherwise_ms=33) == period_ms * 1_000_000


def test_no_frame_is_decoded_that_nobody_waits_for(device: FakeDevice, clock: ManualClock) -> None:
    camera = camera_on(device, clock=clock)
    camera.start()
    device.pictures = False  # from here on a decoded frame would count as a failure
    grabs = len(device.calls)
    eventually(lambda: len(device.calls) > grabs + 10)
    assert device.released == 0
    camera.stop()


def test_the_exposure_of_a_photo_really_began_after_the_press(
    device: FakeDevice, clock: ManualClock
) -> None:
    camera = camera_on(device, clock=clock)
    camera.start()
    for _ in range(20):
        pressed_ns = clock.monotonic_ns()
        pixels = camera.capture(pressed_ns, 5).pixels
        assert isinstance(pixels, fake_webcam.FakePixels)
        assert pixels.really_began_ns >= pressed_ns
    camera.stop()


def test_a_node_that_gives_no_pictures_is_passed_over(tmp_path: Path, clock: ManualClock) -> None:
    metadata = FakeDevice(tmp_path / "video0", clock, pictures=False)
    pictures = FakeDevice(tmp_path / "video1", clock)
    camera = camera_on(metadata, pictures, clock=clock)
    camera.start()
    assert camera.facts.source == "opencv:video1"
    assert metadata.opened == metadata.released == 1
    camera.stop()


class Ports:
    """Device nodes, and the names by port that udev makes for them."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self._folder = folder
        self._clock = clock
        self._by_path = folder / "v4l" / "by-path"
        self._by_path.mkdir(parents=True)
        self.nodes: dict[Path, FakeDevice] = {}

    def plug(self, port: str, number: int) -> FakeDevice:
        device = FakeDevice(self._folder / f"video{number}", self._clock)
        self.nodes[device.node] = device
        (self._by_path / port).symlink_to(f"../../video{number}")
        return device

    def unplug(self, port: str) -> None:
        link = self._by_path / port
        self.nodes[link.resolve()].unplug()
        link.unlink()

    def name(self, port: str) -> str:
        return str(self._by_path / port)

    def camera(self, *names: str) -> OpenCvCamera:
        """Of these names, or of all that are plugged in."""
        return OpenCvCamera(
            candidates=lambda: list(names) or sorted(map(str, self._by_path.iterdir())),
            width=640,
            height=360,
            period_ms=40,
            opener=self._open,
            encoder=fake_webcam.encode,
            monotonic_ns=self._clock.monotonic_ns,
            back_off_s=(0.001,),
            port_of=lambda name: port_of(name, self._folder),
        )

    def _open(self, name: str) -> fake_webcam.FakeCapture | None:
        node = Path(name).resolve()
        return self.nodes[node].open(str(node))


@pytest.fixture
def ports(tmp_path: Path, clock: ManualClock) -> Ports:
    return Ports(tmp_path, clock)


@pytest.mark.parametrize("is_number", [True, False])
def test_a_webcam_comes_back_by_its_port_under_another_number(
    ports: Ports, clock: ManualClock, is_number: bool
) -> None:
    """U-12: also one that was named by a number, which another webcam may get meanwhile."""
    first = ports.plug("usb-1-video-index0", 0)
    camera = ports.camera(*([str(first.node)] if is_number else []))
    camera.start()
    assert camera.facts.source == "opencv:usb-1"
    ports.unplug("usb-1-video-index0")
    eventually(lambda: not _captured(camera, clock))
    stranger = ports.plug("usb-2-video-index0", 0) if is_number else None
    again = ports.plug("usb-1-video-index0", 7)
    eventually(lambda: _captured(camera, clock))
    assert again.opened == 1
    assert stranger is None or stranger.opened == 0
    assert first.released == first.opened
    camera.stop()


def test_a_webcam_that_stood_beside_it_is_never_taken_instead(
    ports: Ports, clock: ManualClock
) -> None:
    ports.plug("usb-1-video-index0", 0)
    other = ports.plug("usb-2-video-index0", 2)
    camera = ports.camera()
    camera.start()
    ports.unplug("usb-1-video-index0")
    eventually(lambda: not _captured(camera, clock))
    camera.stop()
    with pytest.raises(CameraMissing, match="usb-1"):
        camera.start()  # as its owner does
    assert other.opened == 0


def test_a_webcam_plugged_into_another_port_is_taken(ports: Ports, clock: ManualClock) -> None:
    ports.plug("usb-1-video-index0", 0)
    camera = ports.camera()
    camera.start()
    ports.unplug("usb-1-video-index0")
    ports.plug("usb-3-video-index0", 1)
    eventually(lambda: camera.facts.source == "opencv:usb-3")
    assert eventually(lambda: _captured(camera, clock))
    camera.stop()


def test_a_webcam_without_mjpg_is_said(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    yuyv = float(int.from_bytes(b"YUYV", "little"))
    real = fake_webcam.FakeCapture.get
    monkeypatch.setattr(
        fake_webcam.FakeCapture, "get", lambda self, prop: yuyv if prop == 6 else real(self, prop)
    )
    Webcam.open(str(device.node), device.open, 640, 360)
    assert [vars(one)["given"] for one in caplog.records if "MJPG" in one.message] == ["YUYV"]


def test_a_node_that_holds_each_grab_is_given_up_after_the_first(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """V4L2 waits 10 s for a picture that does not come; five times that is too long."""
    times = iter(range(0, 1000, 10))
    monkeypatch.setattr("edge.camera.webcam.time.monotonic", lambda: next(times))
    device.pictures = False
    with pytest.raises(CameraFault):
        Webcam.open(str(device.node), device.open, 640, 360)
    assert [name for name, _ in device.calls].count("grab") == 1


def test_a_capture_that_waits_hears_of_the_loss_at_once(
    device: FakeDevice, clock: ManualClock
) -> None:
    camera = camera_on(device, clock=clock)
    camera.start()
    device.hang()
    heard: list[Exception] = []

    def wait() -> None:
        try:
            camera.capture(clock.monotonic_ns() + 10**12, 60)
        except CameraMissing as error:
            heard.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    device.unplug()
    device.working.set()
    waiting.join(20)
    assert len(heard) == 1
    camera.stop()


def test_stop_leaves_a_hanging_driver_behind_and_it_closes_later(
    device: FakeDevice, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.camera.opencv._STOP_DEADLINE_S", 0.01)
    camera = camera_on(device, clock=clock)
    camera.start()
    device.hang()
    assert device.hanging.wait(20)
    camera.stop()
    assert device.released == 0
    device.plug()
    eventually(lambda: device.released == 1)


def test_a_picture_lost_in_decoding_counts_as_a_failure_and_reopens(
    device: FakeDevice, clock: ManualClock
) -> None:
    camera = camera_on(device, clock=clock)
    camera.start()
    device.pictures = False
    with pytest.raises(CameraMissing):
        camera.capture(clock.monotonic_ns(), 20)
    device.pictures = True
    assert eventually(lambda: _captured(camera, clock))
    camera.stop()


def test_no_rights_to_the_device_is_a_fault_that_names_the_group(
    device: FakeDevice, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.camera.webcam.os.access", lambda *_: False)
    with pytest.raises(CameraFault, match="group 'video'"):
        camera_on(device, clock=clock).start()


def test_the_real_opencv_refuses_what_is_no_camera(tmp_path: Path) -> None:
    pytest.importorskip("cv2", exc_type=ImportError)
    (tmp_path / "video0").write_bytes(b"no camera")
    assert open_with_cv2(str(tmp_path / "video0")) is None


def test_the_real_opencv_makes_a_jpeg_of_pixels() -> None:
    pytest.importorskip("cv2", exc_type=ImportError)
    import numpy as np

    jpeg = encode_with_cv2(np.zeros((36, 64, 3), np.uint8), 85)
    assert jpeg.startswith(b"\xff\xd8")
    assert jpeg.endswith(b"\xff\xd9")


def test_a_webcam_that_hangs_upside_down_gives_upright_photos() -> None:
    pytest.importorskip("cv2", exc_type=ImportError)
    import numpy as np

    taken = np.zeros((64, 96, 3), np.uint8)
    taken[:32, :48] = (0, 0, 255)  # red at the top left of what the sensor sees
    with Image.open(io.BytesIO(encode_turned_with_cv2(taken, 90))) as photo:
        assert photo.size == (96, 64)
        corners = [photo.getpixel(at) for at in ((72, 48), (24, 16))]
    assert corners[0] == pytest.approx((255, 0, 0), abs=20)
    assert corners[1] == pytest.approx((0, 0, 0), abs=20)


def _captured(camera: OpenCvCamera, clock: ManualClock) -> bool:
    try:
        camera.capture(clock.monotonic_ns(), 5)
    except CameraMissing:
        return False
    return True
