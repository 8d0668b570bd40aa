"""What every camera does: one class, run against each driver. (Invariant 11; U-12)"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from PIL import Image

from edge.camera import Camera, Frame
from edge.camera.errors import CameraBusy, CameraError, CameraFault, CameraMissing, CameraStalled
from edge.camera.folder import FolderCamera
from edge.camera.opencv import OpenCvCamera
from edge.camera.picamera2 import PiCamera
from edge.camera.simulated import CameraTrouble, SimulatedCamera
from tests.support import fake_picamera2, fake_webcam
from tests.support.manual_clock import ManualClock
from tests.support.waiting import eventually

WIDTH, HEIGHT = 640, 360


class Rig(Protocol):
    """A camera and the hand that disturbs it."""

    @property
    def camera(self) -> Camera: ...
    @property
    def clock(self) -> ManualClock: ...
    def lose(self) -> None: ...
    def come_back(self) -> None: ...


class StallingRig(Rig, Protocol):
    """One whose device can hang or be refused."""

    def stall(self) -> None: ...
    def occupy(self) -> None: ...
    def ruin(self) -> None: ...


class SimulatedRig:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.camera = SimulatedCamera(
            clock=self.clock, width=WIDTH, height=HEIGHT, period_ms=40, wait=self.clock.wait
        )

    def lose(self) -> None:
        self.camera.fail(CameraTrouble.MISSING)

    def stall(self) -> None:
        self.camera.fail(CameraTrouble.STALLED)

    def occupy(self) -> None:
        self.camera.fail(CameraTrouble.BUSY)

    def ruin(self) -> None:
        self.camera.fail(CameraTrouble.BROKEN)

    def come_back(self) -> None:
        self.camera.recover()


class OpenCvRig:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.device = fake_webcam.FakeDevice(folder / "video0", self.clock, (WIDTH, HEIGHT))
        self.camera = OpenCvCamera(
            candidates=lambda: [str(self.device.node)],
            width=WIDTH,
            height=HEIGHT,
            period_ms=40,
            opener=self.device.open,
            encoder=fake_webcam.encode,
            monotonic_ns=self.clock.monotonic_ns,
            back_off_s=(0.001,),
        )

    def lose(self) -> None:
        self.device.unplug()

    def stall(self) -> None:
        self.device.hang()

    def occupy(self) -> None:
        self.device.busy = True

    def ruin(self) -> None:
        self.device.pictures = False

    def come_back(self) -> None:
        self.device.busy, self.device.pictures = False, True
        self.device.plug()


class PiRig:
    """A sensor at a ribbon cable. It cannot be plugged in while it runs: its owner starts it anew,
    and here does so as often as the rig is told that it is back.
    """

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.board = fake_picamera2.FakeBoard(self.clock, (WIDTH, HEIGHT))
        self._infos = list(self.board.infos)
        self.camera = PiCamera(
            device="auto",
            size=None,
            period_ms=67,
            controls={},
            library=lambda: self.board,
            encoder=fake_picamera2.encode,
            monotonic_ns=self.clock.monotonic_ns,
        )

    def lose(self) -> None:
        self.board.lose()

    def stall(self) -> None:
        self.board.stalled = True

    def occupy(self) -> None:
        self.board.occupy()

    def ruin(self) -> None:
        self.board.broken = True

    def come_back(self) -> None:
        self.board.stalled = self.board.broken = False
        self.board.refuses = None
        self.board.infos[:] = self._infos


class FolderRig:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self._folder = folder / "pictures"
        self._away = folder / "away"
        self._folder.mkdir()
        Image.new("RGB", (400, 300), (90, 60, 30)).save(self._folder / "one.jpg")
        Image.new("RGB", (300, 400), (30, 60, 90)).save(self._folder / "two.png")
        self.camera = FolderCamera(
            folder=self._folder, width=WIDTH, height=HEIGHT, monotonic_ns=self.clock.monotonic_ns
        )

    def lose(self) -> None:
        self._folder.rename(self._away)

    def come_back(self) -> None:
        self._away.rename(self._folder)


STALLING: dict[str, Callable[[Path], StallingRig]] = {
    "simulated": lambda _: SimulatedRig(),
    "opencv": OpenCvRig,
    "picamera2": lambda _: PiRig(),
}
ALL: dict[str, Callable[[Path], Rig]] = {**STALLING, "folder": FolderRig}
PLUGGED = [name for name in ALL if name != "picamera2"]
"""Whose device can go and come while it runs."""


@pytest.fixture(params=ALL)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = ALL[request.param](tmp_path)
    yield made
    made.camera.stop()


@pytest.fixture(params=PLUGGED)
def plugged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = ALL[request.param](tmp_path)
    yield made
    made.camera.stop()


@pytest.fixture(params=STALLING)
def stalling(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StallingRig]:
    made = STALLING[request.param](tmp_path)
    yield made
    made.come_back()
    made.camera.stop()


class TestCamera:
    def test_a_frame_begins_after_the_press(self, rig: Rig) -> None:
        rig.camera.start()
        for _ in range(5):
            pressed_ns = rig.clock.monotonic_ns()
            assert rig.camera.capture(pressed_ns, 5).began_ns > pressed_ns

    def test_a_late_question_gets_a_new_frame_all_the_same(self, rig: Rig) -> None:
        rig.camera.start()
        first = rig.camera.capture(rig.clock.monotonic_ns(), 5)
        assert rig.camera.capture(first.began_ns, 5).began_ns > first.began_ns

    def test_the_jpeg_has_the_promised_size(self, rig: Rig) -> None:
        rig.camera.start()
        frame = rig.camera.capture(rig.clock.monotonic_ns(), 5)
        with Image.open(io.BytesIO(frame.jpeg(85))) as picture:
            picture.load()
            assert picture.format == "JPEG"
            assert picture.size == frame.size
        facts = rig.camera.facts
        assert frame.size == (facts.width, facts.height) == (WIDTH, HEIGHT)
        assert 0 < len(facts.source) <= 60  # fits a manifest

    def test_a_missing_device_refuses_the_start_and_a_later_start_works(self, rig: Rig) -> None:
        rig.lose()
        with pytest.raises(CameraMissing):
            rig.camera.start()
        rig.come_back()
        rig.camera.start()
        assert rig.camera.capture(rig.clock.monotonic_ns(), 5).size == (WIDTH, HEIGHT)

    def test_without_start_and_after_stop_there_is_no_camera(self, rig: Rig) -> None:
        with pytest.raises(CameraMissing):
            rig.camera.capture(rig.clock.monotonic_ns(), 5)
        rig.camera.start()
        rig.camera.stop()
        with pytest.raises(CameraMissing):
            rig.camera.capture(rig.clock.monotonic_ns(), 5)

    def test_stop_may_be_called_twice_and_also_without_start(self, rig: Rig) -> None:
        rig.camera.stop()
        rig.camera.start()
        rig.camera.stop()
        rig.camera.stop()

    def test_it_starts_again_after_a_stop(self, rig: Rig) -> None:
        for _ in range(2):
            rig.camera.start()
            assert rig.camera.capture(rig.clock.monotonic_ns(), 5).size == (WIDTH, HEIGHT)
            rig.camera.stop()

    def test_the_heartbeat_is_silent_before_the_start(self, rig: Rig) -> None:
        assert rig.camera.newest_age_ms() is None
        rig.camera.start()
        rig.camera.capture(rig.clock.monotonic_ns(), 5)
        age_ms = rig.camera.newest_age_ms()
        assert age_ms is not None
        assert age_ms >= 0


class TestCameraThatCanBePlugged:
    def test_a_lost_device_is_said_and_comes_back_by_itself(self, plugged: Rig) -> None:
        plugged.camera.start()
        plugged.camera.capture(plugged.clock.monotonic_ns(), 5)
        plugged.lose()
        # A frame already under way may still come.
        eventually(lambda: isinstance(try_capture(plugged), CameraMissing))
        plugged.come_back()
        pressed_ns = plugged.clock.monotonic_ns()
        back = eventually(lambda: no_error(try_capture(plugged)))
        assert back.began_ns > pressed_ns


class TestCameraThatCanHang:
    def test_a_stall_ends_with_the_time_given(self, stalling: StallingRig) -> None:
        stalling.camera.start()
        stalling.stall()
        eventually(lambda: isinstance(try_capture(stalling, 0.05), CameraStalled))

    def test_the_heartbeat_grows_while_no_frames_come(self, stalling: StallingRig) -> None:
        stalling.camera.start()
        stalling.camera.capture(stalling.clock.monotonic_ns(), 5)
        stalling.stall()
        eventually(lambda: isinstance(try_capture(stalling, 0.05), CameraStalled))
        before = stalling.camera.newest_age_ms()
        stalling.clock.advance(3)
        after = stalling.camera.newest_age_ms()
        assert before is not None
        assert after == pytest.approx(before + 3000)

    def test_frames_are_taken_again_after_a_stall(self, stalling: StallingRig) -> None:
        stalling.camera.start()
        stalling.stall()
        eventually(lambda: isinstance(try_capture(stalling, 0.05), CameraStalled))
        stalling.come_back()
        assert stalling.camera.capture(stalling.clock.monotonic_ns(), 20).size == (WIDTH, HEIGHT)

    def test_a_camera_of_another_program_is_busy(self, stalling: StallingRig) -> None:
        stalling.occupy()
        with pytest.raises(CameraBusy):
            stalling.camera.start()
        stalling.come_back()
        stalling.camera.start()

    def test_a_camera_without_pictures_is_a_fault(self, stalling: StallingRig) -> None:
        stalling.ruin()
        with pytest.raises(CameraFault):
            stalling.camera.start()
        stalling.come_back()
        stalling.camera.start()


def try_capture(rig: Rig, timeout_s: float = 5) -> Frame | CameraError:
    try:
        return rig.camera.capture(rig.clock.monotonic_ns(), timeout_s)
    except CameraError as error:
        return error


def no_error(answer: Frame | CameraError) -> Frame | None:
    return None if isinstance(answer, CameraError) else answer
