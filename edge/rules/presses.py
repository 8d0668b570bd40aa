"""What pedals, keys and command barcodes do."""

from dataclasses import replace

from edge.effects import DropPhoto, TakePhoto
from edge.events import Action, ActionPressed
from edge.indicator.signs import Sign
from edge.rules import stops
from edge.rules.draft import Draft
from edge.rules.proofs import (
    cancel_before_hand_over,
    close_open,
    find,
    give_up,
    put,
    withdraw,
)
from edge.rules.state import MAX_ABANDONED, Capture, InFlight, Last, Proof, Stage, without_capture
from wire.messages import Closing

_SCAN_FIRST = "scan an order first"
_UNKNOWN = "this order is not known: scan another, or Esc"


def pressed(draft: Draft, event: ActionPressed) -> None:
    """A pedal or key with an action went down."""
    act(draft, event.action, event.at_ns)


def act(draft: Draft, action: Action | None, at_ns: int) -> None:
    """Carry out an action, however it was asked for."""
    match action:
        case Action.PHOTO:
            _photo(draft, at_ns)
        case Action.SEND:
            _send(draft, at_ns)
        case Action.UNDO:
            _undo(draft)
        case Action.CANCEL:
            _cancel(draft)


def _photo(draft: Draft, at_ns: int) -> None:
    state, settings = draft.state, draft.settings
    if draft.within(state.last_photo_ns, settings.photo_bounce_ms, at_ns):
        return
    proof = state.open
    if proof is None:
        draft.refuse(_SCAN_FIRST)
    elif state.camera_fault:
        draft.call_lead(f"no camera: {state.camera_fault}")
    elif proof.is_unknown:
        draft.refuse(_UNKNOWN)
    elif len(proof.captures) >= settings.max_photos:
        draft.refuse(f"{settings.max_photos} photos are enough: F4 sends, F2 takes one back")
    elif len(state.abandoned) >= MAX_ABANDONED:
        draft.refuse("the disk is busy: press again in a moment")
    else:
        _take(draft, proof, at_ns)


def _take(draft: Draft, proof: Proof, at_ns: int) -> None:
    number = draft.state.next_capture
    deadline = draft.after(draft.settings.capture_deadline_ms)
    captures = (*proof.captures, Capture(number, Stage.TAKING, deadline))
    draft.set_open(proof, captures=captures)
    draft.set(next_capture=number + 1, last_photo_ns=at_ns, overlay=None)
    draft.do(TakePhoto(number, at_ns))


def _send(draft: Draft, at_ns: int) -> None:
    state = draft.state
    last_close_ns = state.last.closed_ns if state.last is not None else None
    if draft.within(last_close_ns, draft.settings.send_bounce_ms, at_ns):
        return
    proof = state.open
    if proof is None:
        _answer_or_refuse(draft)
    elif proof.is_unknown:
        draft.refuse(_UNKNOWN)
    elif not proof.captures:
        draft.refuse("take a photo first")
    elif _may_close(draft, proof, at_ns):
        close_open(draft, Closing.SEND)


def _answer_or_refuse(draft: Draft) -> None:
    """F4 without an open order answers a STOP that came too late for it."""
    if draft.state.late_stop:
        draft.set(late_stop="", overlay=None)
    else:
        draft.refuse(_SCAN_FIRST)


def _may_close(draft: Draft, proof: Proof, at_ns: int) -> bool:
    """The first F4 at a STOP only stops; the second one confirms what the light said."""
    found = stops.reasons(proof, draft.settings)
    if stops.is_confirmed(proof, found):
        is_bounce = draft.within(proof.stopped_ns, draft.settings.photo_bounce_ms, at_ns)
        return not (found and is_bounce)
    draft.set_open(proof, stopped_ns=at_ns, stopped_for=found)
    draft.set(overlay=None)
    draft.show_again = True
    return False


def _undo(draft: Draft) -> None:
    proof = draft.state.open
    if proof is None or not proof.captures:
        draft.refuse("there is no photo to take back")
        return
    capture = proof.captures[-1]
    if capture.stage is Stage.SAVED:
        draft.do(DropPhoto(proof.proof_id, capture.sha256))
    else:
        give_up(draft, proof, capture)
    proof = without_capture(proof, capture.capture_id)
    left = stops.reasons(proof, draft.settings)
    # the same label in the next photo stops again
    stopped_for = tuple(one for one in proof.stopped_for if one in left)
    draft.set_open(proof, stopped_for=stopped_for)
    draft.set(overlay=None, last_photo_ns=None)


def _cancel(draft: Draft) -> None:
    state = draft.state
    if state.open is not None:
        close_open(draft, Closing.CANCELLED)
        return
    answered = bool(state.late_stop)
    draft.set(late_stop="")
    last = state.last
    if last is not None and last.on_table and _still_withdrawable(draft, last):
        _take_back(draft, last)
    elif answered:
        draft.set(overlay=None)
    else:
        draft.refuse("there is nothing to cancel")


def _still_withdrawable(draft: Draft, last: Last) -> bool:
    return draft.within(last.closed_ns, draft.settings.withdraw_ms, draft.now_ns)


def _take_back(draft: Draft, last: Last) -> None:
    entry = find(draft, last.proof_id)
    if entry is None and not draft.state.room_for(1):
        draft.refuse("the disk is busy: press again in a moment")
        return
    draft.set(last=replace(last, on_table=False))
    if entry is None:
        withdraw(draft, last.proof_id, last.code)
    else:
        _take_back_in_flight(draft, entry)
    draft.say(Sign.READY, f"{last.code}: being taken back", draft.settings.notice_ms)


def _take_back_in_flight(draft: Draft, entry: InFlight) -> None:
    if entry.handed_over:
        put(draft, entry, replace(entry, withdraw=True))
    else:
        cancel_before_hand_over(draft, entry)
