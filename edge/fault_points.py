"""Named steps at which a test lets the running daemon die, stop, or find its disk failing.

Armed once at the start, by the environment of the process alone: no setting can do it, as settings
may come from elsewhere (docs/decisions, 0011). Not armed, a step costs one comparison.
"""

import errno
import logging
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Event, Lock

from edge.errors import SettingsError

logger = logging.getLogger(__name__)

VARIABLE = "PACKWITNESS_FAULT_POINT"
_USE = f"{VARIABLE}: say it as `kill 1 file-synced` or `ENOSPC 2 journal-written/noting a photo`"


class Step(StrEnum):
    """What has just been done. Most are told apart further, by a word after a slash."""

    PRESSED = "pressed"
    """F1 was taken from the queue."""
    FRAME_TAKEN = "frame-taken"
    FILE_WRITTEN = "file-written"
    """The temporary file holds all bytes; by the suffix of its final name."""
    FILE_SYNCED = "file-synced"
    FILE_RENAMED = "file-renamed"
    FOLDER_SYNCED = "folder-synced"
    JOURNAL_WRITTEN = "journal-written"
    """The statements of a transaction ran, and it is not committed; by what it does."""
    JOURNAL_COMMITTED = "journal-committed"
    PUBLISHED = "published"
    """A packet was handed over; by its class."""
    ACKNOWLEDGED = "acknowledged"
    """Its PUBACK came."""
    ANSWERED = "answered"
    """An answer of the cloud came and is not noted yet; ``photo`` or ``proof``."""
    FILE_REMOVED = "file-removed"
    """Retention removed a file."""


class Action(StrEnum):
    """What happens at a step."""

    KILL = "kill"
    STOP = "stop"
    HANG = "hang"
    """The thread that reaches the step goes no further; the others do."""
    NO_SPACE = "ENOSPC"
    DISK_ERROR = "EIO"


@dataclass(slots=True)
class _Fault:
    action: Action
    passings_left: int
    step: Step
    which: str

    def is_due(self, step: Step, which: str) -> bool:
        if step is not self.step or self.which not in {"", which}:
            return False
        self.passings_left -= 1
        return self.passings_left == 0


_armed: _Fault | None = None
_lock = Lock()


def arm(environment: Mapping[str, str]) -> None:
    """Do what the variable says: ``<action> <at which passing> <step>[/<which>]``; none: nothing.

    Raises:
        SettingsError: it cannot be understood.
    """
    global _armed  # noqa: PLW0603 - passed through every layer, it would be seen in each of them
    text = environment.get(VARIABLE, "")
    _armed = _parse(text) if text else None
    if _armed is not None:
        logger.critical("this process fails on purpose", extra={"fault_point": text})


def reached(step: Step, which: str = "") -> None:
    """Say that a step was done. Does nothing unless a fault was armed here.

    Raises:
        OSError: ENOSPC or EIO, as armed.
    """
    if _armed is None:
        return
    with _lock:
        is_due = _armed.is_due(step, which)
    if is_due:
        _act(_armed.action)


def _parse(text: str) -> _Fault:
    try:
        action, passing, where = text.split(maxsplit=2)
        step, _, which = where.partition("/")
        return _Fault(Action(action), int(passing), Step(step), which)
    except ValueError as error:
        raise SettingsError(f"{_USE}; {text!r} is wrong: {error}") from None


def _act(action: Action) -> None:
    match action:
        case Action.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case Action.STOP:
            os.kill(os.getpid(), signal.SIGSTOP)
        case Action.HANG:
            Event().wait()
        case Action.NO_SPACE | Action.DISK_ERROR:
            number = getattr(errno, action)
            raise OSError(number, os.strerror(number))
