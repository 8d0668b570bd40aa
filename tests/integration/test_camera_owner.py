"""The thread that owns the camera: frames for presses, one line when lost, one when back."""

from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue

import pytest

from edge.camera.simulated import CameraTrouble, SimulatedCamera
from edge.effects import TakePhoto
from edge.events import CameraBack, CameraLost, Event, FrameTaken, PhotoFailed
from edge.owners.camera import CameraOwner
from edge.owners.frames import FrameTray
from edge.system_clock import SystemClock

_PATIENCE_S = 20.0


@dataclass
class Rig:
    """A simulated camera, its owner, and what the owner posts."""

    camera: SimulatedCamera
    owner: CameraOwner
    tray: FrameTray
    posted: SimpleQueue[Event]

    def press(self, capture_id: int) -> Event:
        """Take a photo and give the answer."""
        self.owner.take(TakePhoto(capture_id, SystemClock(always_synced=True).monotonic_ns()))
        return self.next()

    def next(self) -> Event:
        return self.posted.get(timeout=_PATIENCE_S)


@pytest.fixture
def rig() -> Iterator[Rig]:
    clock = SystemClock(always_synced=True)
    camera = SimulatedCamera(clock=clock, width=320, height=240, period_ms=10)
    posted: SimpleQueue[Event] = SimpleQueue()
    tray = FrameTray()
    owner = CameraOwner(
        camera,
        tray,
        posted.put,
        clock,
        capture_deadline_ms=600,
        stall_ms=100,
        first_retry_s=0.02,
    )
    yield Rig(camera, owner, tray, posted)
    owner.stop(_PATIENCE_S)


def test_a_press_is_answered_with_a_frame_in_the_tray(rig: Rig) -> None:
    rig.owner.start()
    rig.owner.wait_settled(_PATIENCE_S)
    answer = rig.press(7)
    assert isinstance(answer, FrameTaken)
    assert answer.capture_id == 7
    taken = rig.tray.take(7)
    assert taken is not None
    assert (taken.source, taken.taken.synced) == ("simulated", True)
    assert rig.tray.take(7) is None


def test_a_camera_that_is_missing_at_the_start_is_looked_for(rig: Rig) -> None:
    rig.camera.fail(CameraTrouble.MISSING)
    rig.owner.start()
    assert isinstance(rig.next(), CameraLost)
    assert isinstance(rig.press(1), PhotoFailed)
    rig.camera.recover()
    assert isinstance(rig.next(), CameraBack)
    assert isinstance(rig.press(2), FrameTaken)


def test_an_unplugged_camera_is_said_once_and_comes_back(rig: Rig) -> None:
    """U-12."""
    rig.owner.start()
    assert isinstance(rig.press(1), FrameTaken)
    rig.camera.fail(CameraTrouble.MISSING)
    assert isinstance(rig.next(), CameraLost)
    failed = rig.press(2)
    assert isinstance(failed, PhotoFailed)
    rig.camera.recover()
    assert isinstance(rig.next(), CameraBack)
    assert rig.posted.empty()


def test_a_press_on_a_camera_that_stalls_is_answered_before_the_loop_gives_up(rig: Rig) -> None:
    rig.owner.start()
    rig.owner.wait_settled(_PATIENCE_S)
    rig.camera.fail(CameraTrouble.STALLED)
    answers = [rig.press(3)]
    if isinstance(answers[0], CameraLost):
        answers.append(rig.next())
    assert isinstance(answers[-1], PhotoFailed)


def test_stopping_ends_the_thread_and_releases_the_camera(rig: Rig) -> None:
    rig.owner.start()
    rig.owner.wait_settled(_PATIENCE_S)
    assert rig.owner.alive()
    assert rig.owner.stop(_PATIENCE_S)
    assert not rig.owner.alive()
    assert rig.camera.newest_age_ms() is None
