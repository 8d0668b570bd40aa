"""What is done about a camera that fails: steps, counts, and what never leads to any."""

import pytest

from edge.camera.errors import (
    CameraBusy,
    CameraError,
    CameraFault,
    CameraHangs,
    CameraMissing,
    CameraNotSetUp,
    CameraStalled,
)
from edge.camera.ladder import Climbed, Rungs, Step, Trouble, decide, trouble_of

RUNGS = Rungs()


def climbed(tries: int = 0, exits: int = 0, reboots: int = 2, *, worked: bool = True) -> Climbed:
    return Climbed(tries, exits, reboots, worked)


CLIMB = [(0, 0, 2), (1, 0, 2), (2, 0, 2), (2, 1, 2), (2, 2, 2), (2, 2, 1), (2, 2, 0)]


def test_the_steps_in_their_order() -> None:
    steps = [
        decide(Trouble.BROKEN, climbed(tries, exits, reboots), RUNGS)
        for tries, exits, reboots in CLIMB
    ]
    assert [(one.step, one.after_s) for one in steps] == [
        (Step.REOPEN, 2.0),
        (Step.REOPEN, 20.0),
        (Step.EXIT, 0.0),
        (Step.EXIT, 0.0),
        (Step.REBOOT, 0.0),
        (Step.REBOOT, 0.0),
        (Step.GIVE_UP, 60.0),
    ]
    assert [one.count for one in steps[:4]] == ["1 of 2", "2 of 2", "1 of 2", "2 of 2"]


@pytest.mark.parametrize("tries", [0, 1, 7, 1000])
@pytest.mark.parametrize("worked", [True, False])
def test_a_camera_that_is_not_there_is_only_looked_for(tries: int, worked: bool) -> None:
    decision = decide(Trouble.ABSENT, climbed(tries, worked=worked), RUNGS)
    assert decision.step is Step.WAIT
    assert 2 <= decision.after_s <= 20


def test_a_camera_of_another_program_is_waited_for_but_our_own_leftover_is_climbed() -> None:
    assert decide(Trouble.BUSY, climbed(9, worked=False), RUNGS).step is Step.WAIT
    assert decide(Trouble.BUSY, climbed(0), RUNGS).step is Step.REOPEN
    assert decide(Trouble.BUSY, climbed(2), RUNGS).step is Step.EXIT


def test_a_driver_that_hangs_is_not_opened_again_in_this_process() -> None:
    assert decide(Trouble.HANGING, climbed(0), RUNGS).step is Step.EXIT
    assert decide(Trouble.HANGING, climbed(0, exits=2), RUNGS).step is Step.REBOOT
    assert decide(Trouble.HANGING, climbed(0, exits=2, reboots=0), RUNGS).step is Step.GIVE_UP


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (CameraMissing("x"), Trouble.ABSENT),
        (CameraNotSetUp("x"), Trouble.ABSENT),
        (CameraBusy("x"), Trouble.BUSY),
        (CameraHangs("x"), Trouble.HANGING),
        (CameraFault("x"), Trouble.BROKEN),
        (CameraStalled("x"), Trouble.BROKEN),
    ],
)
def test_what_each_error_means(error: CameraError, trouble: Trouble) -> None:
    assert trouble_of(error) is trouble
