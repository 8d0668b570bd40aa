"""The thread that owns the camera: frames for presses, one line when lost, one when back."""

from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue

import pytest

from edge.camera.errors import CameraHangs
from edge.camera.ladder import Rungs
from edge.camera.simulated import CameraTrouble, SimulatedCamera
from edge.effects import TakePhoto
from edge.errors import TableFault, TableNeedsReboot
from edge.events import CameraBack, CameraLost, Event, FrameTaken, PhotoFailed, Stopping
from edge.owners.camera import CameraOwner
from edge.owners.frames import FrameTray
from edge.system_clock import SystemClock
from tests.support.waiting import eventually

_PATIENCE_S = 20.0
RUNGS = Rungs(wait_s=(0.02,), reopen_s=(0.02, 0.03), exits=2, retry_s=0.02)


@dataclass
class KeptExits:
    """Follows ``Exits``."""

    exits: int = 0
    reboots: int = 2
    is_writable: bool = True

    def count(self) -> int:
        return self.exits

    def reboots_left(self) -> int:
        return self.reboots

    def add(self) -> bool:
        self.exits += self.is_writable
        return self.is_writable

    def clear(self) -> None:
        self.exits = 0


@dataclass
class Rig:
    """A simulated camera, its owner, and what the owner posts."""

    camera: SimulatedCamera
    owner: CameraOwner
    tray: FrameTray
    posted: SimpleQueue[Event]
    exits: "KeptExits"

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
    exits = KeptExits()
    owner = CameraOwner(
        camera,
        tray,
        posted.put,
        clock,
        exits,
        capture_deadline_ms=600,
        stall_ms=100,
        rungs=RUNGS,
        steady_s=0.2,
    )
    yield Rig(camera, owner, tray, posted, exits)
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
    assert rig.next() == AnyLoss("the simulated camera is told to be missing")
    failed = rig.press(2)
    assert isinstance(failed, PhotoFailed)
    rig.camera.recover()
    assert isinstance(rig.next(), CameraBack)
    assert rig.posted.empty()
    assert rig.owner.ends_table is None


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


class AnyLoss:
    """Equals a loss with this in its reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CameraLost) and self._reason in other.reason

    def __hash__(self) -> int:
        return hash(self._reason)


class TestLadder:
    """Each step counted, its reason in the event that the light and the health report show."""

    def test_a_camera_that_stays_broken_is_opened_twice_and_then_ends_the_table(
        self, rig: Rig, caplog: pytest.LogCaptureFixture
    ) -> None:
        rig.camera.fail(CameraTrouble.BROKEN)
        rig.owner.start()
        assert rig.next() == AnyLoss("told to be broken")
        assert rig.next() == AnyLoss("start the program again 1 of 2")
        assert isinstance(rig.next(), Stopping)
        assert type(rig.owner.ends_table) is TableFault
        assert rig.exits.exits == 1
        steps = [vars(one)["step"] for one in caplog.records if one.message == "camera ladder"]
        assert steps == [
            "open it anew 1 of 2",
            "open it anew 2 of 2",
            "start the program again 1 of 2",
        ]

    def test_after_all_exits_it_asks_for_a_reboot(self, rig: Rig) -> None:
        rig.exits.exits = 2
        rig.camera.fail(CameraTrouble.BROKEN)
        rig.owner.start()
        while not isinstance(rig.next(), Stopping):
            pass
        assert isinstance(rig.owner.ends_table, TableNeedsReboot)
        assert "told to be broken" in str(rig.owner.ends_table)

    def test_without_reboots_left_it_stays_up_says_so_and_goes_on_trying(self, rig: Rig) -> None:
        rig.exits.exits, rig.exits.reboots = 2, 0
        rig.camera.fail(CameraTrouble.BROKEN)
        rig.owner.start()
        assert rig.next() == AnyLoss("told to be broken")
        assert rig.next() == AnyLoss("call for help")
        assert isinstance(rig.press(1), PhotoFailed)
        rig.camera.recover()
        assert isinstance(rig.next(), CameraBack)
        assert isinstance(rig.press(2), FrameTaken)
        assert rig.owner.ends_table is None

    def test_an_exit_that_cannot_be_counted_does_not_happen(self, rig: Rig) -> None:
        """A full disk must not make a loop of restarts."""
        rig.exits.is_writable = False
        rig.camera.fail(CameraTrouble.BROKEN)
        rig.owner.start()
        while rig.next() != AnyLoss("call for help"):
            pass
        assert rig.owner.ends_table is None

    def test_a_stall_is_opened_anew_and_counts(self, rig: Rig) -> None:
        rig.owner.start()
        assert isinstance(rig.press(1), FrameTaken)
        rig.camera.fail(CameraTrouble.STALLED)
        assert rig.next() == AnyLoss("no picture for")
        rig.camera.recover()
        assert isinstance(rig.next(), CameraBack)
        assert isinstance(rig.press(2), FrameTaken)

    def test_a_camera_that_was_never_there_ends_nothing(self, rig: Rig) -> None:
        rig.camera.fail(CameraTrouble.MISSING)
        rig.owner.start()
        rig.next()
        for number in range(30):  # far more looks than the ladder has steps
            assert isinstance(rig.press(number), PhotoFailed)
        assert rig.owner.ends_table is None
        assert rig.exits.exits == 0

    def test_looking_for_a_camera_is_no_climbing(
        self, rig: Rig, caplog: pytest.LogCaptureFixture
    ) -> None:
        rig.camera.fail(CameraTrouble.MISSING)
        rig.owner.start()
        rig.next()
        for number in range(10):
            rig.press(number)
            rig.owner.wait_settled(0.01)
        rig.camera.fail(CameraTrouble.BROKEN)
        while not isinstance(rig.next(), Stopping):
            pass
        steps = [vars(one)["step"] for one in caplog.records if one.message == "camera ladder"]
        assert steps[:2] == ["open it anew 1 of 2", "open it anew 2 of 2"]

    def test_beside_a_driver_that_hangs_nothing_is_opened(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No exit and no reboot are left: the table stays up, says so, and does not try."""
        starts: list[int] = []

        def hang() -> None:
            raise CameraHangs("does not let go")

        rig.exits.exits, rig.exits.reboots = 2, 0
        rig.owner.start()
        assert isinstance(rig.press(1), FrameTaken)
        monkeypatch.setattr(rig.camera, "stop", hang)
        monkeypatch.setattr(rig.camera, "start", lambda: starts.append(1))
        rig.camera.fail(CameraTrouble.STALLED)
        while rig.next() != AnyLoss("call for help"):
            pass
        assert isinstance(rig.press(2), PhotoFailed)
        assert starts == []
        monkeypatch.undo()

    def test_a_steady_camera_is_forgiven(self, rig: Rig) -> None:
        rig.exits.exits = 2
        rig.owner.start()
        eventually(lambda: rig.exits.exits == 0)

    def test_a_driver_that_does_not_let_go_ends_the_table_at_once(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def hang() -> None:
            raise CameraHangs("does not let go")

        rig.owner.start()
        assert isinstance(rig.press(1), FrameTaken)
        monkeypatch.setattr(rig.camera, "stop", hang)
        rig.camera.fail(CameraTrouble.STALLED)
        while not isinstance(rig.next(), Stopping):
            pass
        assert rig.owner.hangs
        assert type(rig.owner.ends_table) is TableFault
