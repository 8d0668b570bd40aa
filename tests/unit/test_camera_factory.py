"""Which camera the settings give, and which webcams are found."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from edge.camera.calibration.file import save
from edge.camera.calibration.record import Calibration, Focus, FocusFound, Mains
from edge.camera.discover import find_webcams
from edge.camera.errors import CameraFault, CameraMissing, CameraNotSetUp
from edge.camera.factory import RealTable, build_camera
from edge.camera.folder import FolderCamera
from edge.camera.opencv import OpenCvCamera
from edge.camera.picamera2 import PiCamera
from edge.camera.simulated import SimulatedCamera
from edge.settings import TableSettings
from tests.support.fake_picamera2 import FakeBoard
from tests.support.manual_clock import ManualClock
from wire.messages import Area

CLOCK = ManualClock()


@dataclass(frozen=True)
class Settings:
    kind: str = "demo"
    device: str = "auto"
    folder: Path | None = None
    full_resolution: bool = True
    upside_down: bool = False
    width: int = 640
    height: int = 360
    period_ms: int = 40
    focus: Focus = Focus.FAR
    mains: Mains = Mains.HZ_50
    calibration_file: Path = Path("/nonexistent/camera.json")


@pytest.fixture
def node(tmp_path: Path) -> str:
    (tmp_path / "video0").touch()
    return str(tmp_path / "video0")


def test_demo_takes_the_first_webcam(node: str) -> None:
    pytest.importorskip("cv2", exc_type=ImportError)
    built = build_camera(Settings(), CLOCK, lambda: [node])
    assert isinstance(built.camera, OpenCvCamera)
    assert isinstance(built.scene, RealTable)
    assert built.choice == "first webcam found"


def test_demo_without_a_webcam_simulates_and_says_so() -> None:
    built = build_camera(Settings(), CLOCK, list)
    assert isinstance(built.camera, SimulatedCamera)
    assert built.scene is built.camera
    assert built.choice == "no webcam found: simulated camera"


def test_demo_says_when_a_webcam_is_there_but_not_ours(
    node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.camera.factory.os.access", lambda *_: False)
    built = build_camera(Settings(), CLOCK, lambda: [node])
    assert isinstance(built.camera, SimulatedCamera)
    assert "no right to use" in built.choice


def test_demo_says_when_opencv_is_missing(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    built = build_camera(Settings(), CLOCK, lambda: [node])
    assert isinstance(built.camera, SimulatedCamera)
    assert "python3-opencv" in built.choice


@pytest.mark.parametrize("device", ["/dev/v4l/by-path/none-video-index0", "63"])
def test_a_named_webcam_is_never_replaced(device: str, node: str) -> None:
    built = build_camera(Settings(kind="opencv", device=device), CLOCK, lambda: [node])
    with pytest.raises(CameraMissing, match=r"none-video-index0|/dev/video63"):
        built.camera.start()


def test_a_named_webcam_without_opencv_fails_at_the_start(
    node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    built = build_camera(Settings(kind="opencv", device=node), CLOCK)
    with pytest.raises(CameraFault, match="python3-opencv"):
        built.camera.start()


def test_any_webcam_when_none_is_there() -> None:
    built = build_camera(Settings(kind="opencv"), CLOCK, list)
    with pytest.raises(CameraMissing, match="plug one in"):
        built.camera.start()


def test_the_camera_of_a_raspberry_pi_needs_its_library_only_when_it_starts() -> None:
    built = build_camera(Settings(kind="picamera2", device="imx708"), CLOCK)
    assert "imx708" in built.choice
    with pytest.raises(CameraNotSetUp, match="python3-picamera2"):
        built.camera.start()


class TestCalibration:
    CALIBRATION = Calibration(
        source="picamera2:imx708",
        made_at=CLOCK.now().wall,
        area=Area(left=0, top=0, width=9000, height=9000),
        focus={Focus.NEAR: FocusFound(lens_position=4.0, sharpness=0.5)},
    )

    @pytest.mark.parametrize("kind", ["picamera2", "opencv"])
    def test_buyers_are_shown_the_packing_area(self, tmp_path: Path, kind: str) -> None:
        file = tmp_path / "camera.json"
        settings = Settings(kind=kind, focus=Focus.NEAR, calibration_file=file)
        assert build_camera(settings, CLOCK, list).packing_area is None
        save(file, self.CALIBRATION, Focus.NEAR, b"")
        assert build_camera(settings, CLOCK, list).packing_area == self.CALIBRATION.area

    def test_a_damaged_one_keeps_nobody_from_packing(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = tmp_path / "camera.json"
        file.write_text("half", encoding="utf-8")
        built = build_camera(Settings(kind="picamera2", calibration_file=file), CLOCK)
        assert "not calibrated" in built.choice
        assert "calibration is not used" in caplog.text

    def test_the_lens_stands_where_the_chosen_focus_was_found(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "camera.json"
        save(file, self.CALIBRATION, Focus.NEAR, b"")
        board = FakeBoard(ManualClock())
        assert PiCamera.__init__.__kwdefaults__ is not None
        monkeypatch.setitem(PiCamera.__init__.__kwdefaults__, "library", lambda: board)
        settings = Settings(
            kind="picamera2", focus=Focus.NEAR, mains=Mains.HZ_60, calibration_file=file
        )
        camera = build_camera(settings, board.clock).camera
        camera.start()
        assert board.device.in_force["LensPosition"] == 4.0
        assert board.device.in_force["AeFlickerPeriod"] == 8_333
        camera.stop()


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    built = build_camera(Settings(kind="folder", folder=tmp_path), CLOCK)
    assert isinstance(built.camera, FolderCamera)
    assert str(tmp_path) in built.choice


@pytest.mark.parametrize(
    ("settings", "message"),
    [(Settings(kind="folder"), "camera.folder"), (Settings(kind="polaroid"), "polaroid")],
)
def test_settings_that_make_no_camera_are_named(settings: Settings, message: str) -> None:
    with pytest.raises(CameraFault, match=message):
        build_camera(settings, CLOCK)


def test_the_settings_of_a_table_as_they_come() -> None:
    """A real table waits for its camera; it never sends drawn pictures for want of one."""
    built = build_camera(TableSettings().camera, CLOCK, list)
    assert isinstance(built.camera, OpenCvCamera)


class TestFolder:
    def camera(self, folder: Path) -> FolderCamera:
        return FolderCamera(folder=folder, width=64, height=36, monotonic_ns=CLOCK.monotonic_ns)

    def colour(self, camera: FolderCamera) -> object:
        return camera.capture(CLOCK.monotonic_ns(), 1).picture.getpixel((32, 18))

    def test_each_press_takes_the_next_picture_round_and_round(self, tmp_path: Path) -> None:
        for name, colour in (("a.png", "red"), ("b.PNG", "lime"), ("notes.txt", None)):
            if colour:
                Image.new("RGB", (64, 36), colour).save(tmp_path / name, "PNG")
            else:
                (tmp_path / name).touch()
        camera = self.camera(tmp_path)
        camera.start()
        red, lime = (255, 0, 0), (0, 255, 0)
        assert [self.colour(camera) for _ in range(4)] == [red, lime, red, lime]

    def test_an_unreadable_picture_is_skipped(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(b"no picture")
        Image.new("RGB", (64, 36), "red").save(tmp_path / "b.png")
        camera = self.camera(tmp_path)
        camera.start()
        assert [self.colour(camera) for _ in range(2)] == [(255, 0, 0)] * 2

    def test_only_unreadable_pictures_are_a_fault(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(b"no picture")
        with pytest.raises(CameraFault, match="can be read"):
            self.camera(tmp_path).start()

    @pytest.mark.parametrize("name", [".", "absent"])
    def test_an_empty_or_absent_folder_is_named(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(CameraMissing, match=str(tmp_path / name)):
            self.camera(tmp_path / name).start()


class TestDiscovery:
    def test_usb_cameras_by_port_and_only_their_first_node(self, tmp_path: Path) -> None:
        by_path = tmp_path / "v4l/by-path"
        by_path.mkdir(parents=True)
        links = {
            "pci-0000:00:14.0-usb-0:2:1.0-video-index0": "video2",
            "pci-0000:00:14.0-usbv2-0:2:1.0-video-index0": "video2",
            "pci-0000:00:14.0-usb-0:2:1.0-video-index1": "video3",
            "pci-0000:00:14.0-usb-0:1:1.0-video-index0": "video9",
            "platform-fe801000.csi-video-index0": "video0",
        }
        for link, target in links.items():
            (tmp_path / target).touch()
            (by_path / link).symlink_to(f"../../{target}")
        assert [Path(path).name for path in find_webcams(tmp_path, tmp_path / "sys")] == [
            "pci-0000:00:14.0-usb-0:1:1.0-video-index0",
            "pci-0000:00:14.0-usb-0:2:1.0-video-index0",
        ]

    def test_without_names_by_port_the_kernel_tells(self, tmp_path: Path) -> None:
        usb = tmp_path / "devices/pci0/usb1/1-2"
        other = tmp_path / "devices/platform/csi"
        for folder in (usb, other):
            folder.mkdir(parents=True)
        nodes = {"video10": (usb, 0), "video2": (usb, 0), "video3": (usb, 1), "video0": (other, 0)}
        for node, (parent, index) in nodes.items():
            (tmp_path / node).touch()
            entry = tmp_path / "sys" / node
            entry.mkdir(parents=True)
            (entry / "index").write_text(f"{index}\n")
            (entry / "device").symlink_to(parent)
        (tmp_path / "video4").touch()  # the kernel knows nothing of it
        found = find_webcams(tmp_path, tmp_path / "sys")
        assert [Path(path).name for path in found] == ["video2", "video10"]

    def test_no_camera_at_all(self, tmp_path: Path) -> None:
        assert find_webcams(tmp_path, tmp_path) == []
