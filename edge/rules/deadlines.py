"""What happens because time passed. Every deadline that is due disappears by being handled."""

from dataclasses import replace

from edge.events import DeviceBack, DeviceLost
from edge.indicator.signs import Sign
from edge.rules import enrolment, packers
from edge.rules.captures import failed
from edge.rules.draft import Draft
from edge.rules.proofs import give_up, hand_over, leave_open, put, release
from edge.rules.settings import PackingSettings
from edge.rules.state import Capture, InFlight, LostDevice, Proof, Stage, State
from edge.rules.stops import standing
from wire.messages import Mode

_MS = 1_000_000
_SLOW_DISK = "the disk does not answer"


def expire(draft: Draft) -> None:
    """Handle everything that is due."""
    now_ns = draft.now_ns
    overlay = draft.state.overlay
    if overlay is not None and overlay.until_ns <= now_ns:
        draft.set(overlay=None)
    _expire_captures(draft)
    _expire_store(draft)
    for proof_id, leaves_ns in draft.state.held:
        if leaves_ns <= now_ns:
            release(draft, proof_id)
    if _is_due(draft, draft.state.enrolling_until_ns):
        enrolment.give_up(draft)
    if _idle_ends_ns(draft.state, draft.settings) <= now_ns:
        _idle(draft)
    if _is_due(draft, packers.ends_ns(draft.state, draft.settings)):
        packers.sign_out(draft)


def next_deadline_ns(state: State, settings: PackingSettings) -> int | None:
    """When a ``Tick`` is wanted; None while nothing waits for time."""
    wanted = [leaves_ns for _, leaves_ns in state.held]
    if state.overlay is not None:
        wanted.append(state.overlay.until_ns)
    if state.enrolling_until_ns is not None:
        wanted.append(state.enrolling_until_ns)
    for proof in _proofs(state):
        wanted += [one.deadline_ns for one in _pending(proof)]
        if proof.deadline_ns is not None:
            wanted.append(proof.deadline_ns)
    for entry in state.in_flight:
        wanted += [due for due in (entry.deadline_ns, entry.retry_ns) if due is not None]
    if _has_idle_end(state):
        wanted.append(_idle_ends_ns(state, settings))
    packer_ends_ns = packers.ends_ns(state, settings)
    if packer_ends_ns is not None:
        wanted.append(packer_ends_ns)
    if state.waiting_since_ns is not None:
        offline_ns = state.waiting_since_ns + settings.offline_after_ms * _MS
        wanted += [offline_ns] if offline_ns > state.now_ns else []
    return min(wanted, default=None)


def _proofs(state: State) -> list[Proof]:
    flying = [entry.proof for entry in state.in_flight]
    return [state.open, *flying] if state.open is not None else flying


def _pending(proof: Proof) -> list[Capture]:
    return [one for one in proof.captures if one.stage is not Stage.SAVED]


def _expire_captures(draft: Draft) -> None:
    due = [
        (proof, capture)
        for proof in _proofs(draft.state)
        for capture in _pending(proof)
        if capture.deadline_ns <= draft.now_ns
    ]
    for proof, capture in due:
        is_camera = capture.stage is Stage.TAKING
        give_up(draft, proof, capture)
        failed(draft, capture.capture_id, "no picture came" if is_camera else _SLOW_DISK)


def _expire_store(draft: Draft) -> None:
    proof = draft.state.open
    if proof is not None and _is_due(draft, proof.deadline_ns):
        draft.set_open(proof, deadline_ns=None)
        draft.set(store_fault=_SLOW_DISK)
    for entry in draft.state.in_flight:
        _expire_entry(draft, entry)


def _expire_entry(draft: Draft, entry: InFlight) -> None:
    if _is_due(draft, entry.proof.deadline_ns):
        entry = put(draft, entry, replace(entry, proof=replace(entry.proof, deadline_ns=None)))
        draft.set(store_fault=_SLOW_DISK)
    if _is_due(draft, entry.deadline_ns):
        entry = put(draft, entry, replace(entry, deadline_ns=None))
        draft.set(store_fault=_SLOW_DISK)
    if _is_due(draft, entry.retry_ns):
        hand_over(draft, entry)


def _is_due(draft: Draft, deadline_ns: int | None) -> bool:
    return deadline_ns is not None and deadline_ns <= draft.now_ns


def _has_idle_end(state: State) -> bool:
    return state.open is not None or state.mode is not Mode.PACKING


def _idle_ends_ns(state: State, settings: PackingSettings) -> int:
    return state.last_input_ns + settings.idle_ms * _MS


def _idle(draft: Draft) -> None:
    """The open proof becomes unsent, and the mode ends. A STOP still stands for its box."""
    proof = draft.state.open
    if proof is not None:
        stop = standing(proof, draft.settings)
        leave_open(draft)
        if stop:
            draft.set(late_stop=f"{proof.code}: {'; '.join(stop)}")
    if draft.state.mode is not Mode.PACKING:
        draft.set(mode=Mode.PACKING)


def device_lost(draft: Draft, event: DeviceLost) -> None:
    """A scanner or pedal is gone; said at once, and in ``ready`` until it is back (U-12)."""
    lost = draft.state.lost_devices
    if all(one.name != event.device for one in lost):
        device = LostDevice(event.device, event.reason)
        draft.set(lost_devices=(*lost, device))
        draft.say(Sign.CALL_LEAD, str(device), draft.settings.notice_ms)


def device_back(draft: Draft, event: DeviceBack) -> None:
    """It is back."""
    left = tuple(one for one in draft.state.lost_devices if one.name != event.device)
    draft.set(lost_devices=left, overlay=None)
