"""The state machine of a packing table: ``(state, event) -> (state, effects)``.

Pure: no I/O, no clock, no randomness. It is total: every event is answered in every state and none
raises. The daemon carries the effects out in their order, and sends a ``Tick`` when the deadline
that ``next_deadline_ns`` names has come. The rules themselves are in ``edge.rules``.
"""

from collections.abc import Callable
from dataclasses import replace

from edge.effects import Effect, ShowSign
from edge.events import (
    ActionPressed,
    AdviceCame,
    CameraBack,
    CameraLost,
    CodesRead,
    DeviceBack,
    DeviceLost,
    DiskChanged,
    EnrolmentEnded,
    Event,
    FrameTaken,
    LinkChanged,
    LinkTrouble,
    PhotoFailed,
    PhotoSaved,
    ProgressCame,
    ProofOpened,
    ProofSettled,
    ScanIncomplete,
    Scanned,
    Standing,
    StandingChanged,
    Stopping,
    StoreFailed,
    Tick,
    WaitingChanged,
)
from edge.rules import answers, captures, cloud, deadlines, enrolment, presses, scans
from edge.rules.draft import Draft
from edge.rules.light import faults, sign_of
from edge.rules.proofs import leave_open
from edge.rules.settings import PackingSettings
from edge.rules.state import Phase, State

__all__ = [
    "PackingSettings",
    "Phase",
    "State",
    "faults",
    "initial",
    "next_deadline_ns",
    "sign_of",
    "step",
]

_INPUTS = (Scanned, ScanIncomplete, ActionPressed)

next_deadline_ns = deadlines.next_deadline_ns


def initial(seed: str, now_ns: int, *, standing: Standing = Standing.ENROLLED) -> State:
    """The state at a start. ``seed``: 16 hex digits that no other start had."""
    if len(seed) != 16 or set(seed) - set("0123456789abcdef"):
        raise ValueError("the seed of proof ids is not 16 hex digits")
    return State(seed=seed, now_ns=now_ns, last_input_ns=now_ns, standing=standing)


def step(state: State, event: Event, settings: PackingSettings) -> tuple[State, tuple[Effect, ...]]:
    """What the table is after ``event``, and what the daemon has to do because of it."""
    draft = Draft(state, settings, event.at_ns)
    deadlines.expire(draft)
    if isinstance(event, _INPUTS):
        _input(draft, event)
    else:
        _HANDLERS[type(event)](draft, event)
    return _with_sign(draft)


def _input(draft: Draft, event: Event) -> None:
    if draft.state.stopping:
        return
    draft.set(last_input_ns=draft.now_ns)
    _HANDLERS[type(event)](draft, event)


def _with_sign(draft: Draft) -> tuple[State, tuple[Effect, ...]]:
    cloud.show_notice(draft)
    shown = sign_of(draft.state, draft.settings)
    if draft.show_again or shown != draft.state.shown:
        draft.do(ShowSign(*shown))
    return replace(draft.state, shown=shown), tuple(draft.effects)


def _camera_lost(draft: Draft, event: CameraLost) -> None:
    draft.set(camera_fault=event.reason or "lost", overlay=None)


def _camera_back(draft: Draft, _event: CameraBack) -> None:
    draft.set(camera_fault="")


def _stopping(draft: Draft, _event: Stopping) -> None:
    draft.set(stopping=True)
    leave_open(draft)


def _nothing_more(_draft: Draft, _event: Tick) -> None:
    """Deadlines are handled before every event."""


_HANDLERS: dict[type, Callable[..., None]] = {
    Scanned: scans.scanned,
    ScanIncomplete: scans.incomplete,
    ActionPressed: presses.pressed,
    DeviceLost: deadlines.device_lost,
    DeviceBack: deadlines.device_back,
    FrameTaken: captures.frame_taken,
    PhotoSaved: captures.photo_saved,
    PhotoFailed: captures.photo_failed,
    CodesRead: captures.codes_read,
    CameraLost: _camera_lost,
    CameraBack: _camera_back,
    ProofOpened: answers.opened,
    ProofSettled: answers.settled,
    StoreFailed: answers.store_failed,
    DiskChanged: answers.disk_changed,
    WaitingChanged: answers.waiting_changed,
    LinkChanged: cloud.link_changed,
    LinkTrouble: enrolment.link_trouble,
    StandingChanged: enrolment.standing_changed,
    EnrolmentEnded: enrolment.ended,
    AdviceCame: cloud.advised,
    ProgressCame: cloud.progressed,
    Tick: _nothing_more,
    Stopping: _stopping,
}
