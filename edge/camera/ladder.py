"""What is done about a camera that fails, in which order, and how often. Pure.

Opened anew twice, then the program starts again, then the machine, then it stays up and says so
(edge-hardware 1.8). Threads inside a driver cannot be ended, so the last steps are needed; and a
fault that nothing of this mends must not become a loop. A camera that is not there, or that a
person has to set up, is reported and looked for: starting anything again would not bring it.
"""

from dataclasses import dataclass
from enum import StrEnum

from edge.camera.errors import (
    CameraBusy,
    CameraError,
    CameraHangs,
    CameraMissing,
    CameraNotSetUp,
)


class Trouble(StrEnum):
    """What is the matter, as far as it decides what to do."""

    ABSENT = "absent"
    """Not there, or to be set up by a person."""
    BUSY = "busy"
    """Somebody else has it."""
    BROKEN = "broken"
    """There, and does not work, or gives no more pictures."""
    HANGING = "hanging"
    """The driver holds it until the process ends."""


class Step(StrEnum):
    """What is done."""

    WAIT = "look for it again"
    REOPEN = "open it anew"
    EXIT = "start the program again"
    REBOOT = "start the machine again"
    GIVE_UP = "stay up and call for help"


@dataclass(frozen=True, slots=True)
class Rungs:
    """How often and how soon."""

    wait_s: tuple[float, ...] = (2.0, 4.0, 8.0, 20.0)
    """Before each look for a camera that is not there; the last one from then on."""
    reopen_s: tuple[float, ...] = (2.0, 20.0)
    """Before each time that it is opened anew."""
    exits: int = 2
    retry_s: float = 60.0
    """Between two tries after giving up."""


@dataclass(frozen=True, slots=True)
class Climbed:
    """What was done already."""

    tries: int
    """Since the camera last worked steadily, in this process."""
    exits: int
    """The same, of the program: survives it."""
    reboots_left: int
    """How many the table may still ask for today."""
    has_worked: bool
    """In this process."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The next step."""

    step: Step
    after_s: float
    count: str = ""
    """Which of how many, for people."""


def trouble_of(error: CameraError) -> Trouble:
    """What an error means for the ladder."""
    if isinstance(error, CameraMissing | CameraNotSetUp):
        return Trouble.ABSENT
    if isinstance(error, CameraBusy):
        return Trouble.BUSY
    return Trouble.HANGING if isinstance(error, CameraHangs) else Trouble.BROKEN


def decide(trouble: Trouble, climbed: Climbed, rungs: Rungs) -> Decision:
    """The next step of the ladder."""
    # A camera that was ours and is busy now is held by what was left hanging in this process.
    is_others = trouble is Trouble.BUSY and not climbed.has_worked
    if trouble is Trouble.ABSENT or is_others:
        return Decision(Step.WAIT, rungs.wait_s[min(climbed.tries, len(rungs.wait_s) - 1)])
    if trouble is not Trouble.HANGING and climbed.tries < len(rungs.reopen_s):
        count = f"{climbed.tries + 1} of {len(rungs.reopen_s)}"
        return Decision(Step.REOPEN, rungs.reopen_s[climbed.tries], count)
    if climbed.exits < rungs.exits:
        return Decision(Step.EXIT, 0.0, f"{climbed.exits + 1} of {rungs.exits}")
    if climbed.reboots_left > 0:
        return Decision(Step.REBOOT, 0.0, f"{climbed.reboots_left} left today")
    return Decision(Step.GIVE_UP, rungs.retry_s)
