"""What becomes of a capture: frame, durable photo, or nothing."""

from dataclasses import replace

from edge.effects import DropFrame, DropPhoto
from edge.events import CodesRead, FrameTaken, PhotoFailed, PhotoSaved
from edge.indicator.signs import Sign
from edge.rules.draft import Draft
from edge.rules.proofs import advance, put, save_taken
from edge.rules.state import (
    Capture,
    InFlight,
    Proof,
    Stage,
    State,
    with_capture,
    without_capture,
)
from edge.rules.stops import heard_late
from wire.messages import Closing


def frame_taken(draft: Draft, event: FrameTaken) -> None:
    """The click: a frame is in memory."""
    found = _find(draft.state, event.capture_id)
    if found is None:
        draft.do(DropFrame(event.capture_id))
        return
    proof, capture = found
    if capture.stage is not Stage.TAKING:
        return
    deadline = draft.after(draft.settings.save_deadline_ms)
    proof = with_capture(proof, replace(capture, stage=Stage.TAKEN, deadline_ns=deadline))
    _store(draft, save_taken(draft, proof))
    if draft.state.open is not None and draft.state.open.proof_id == proof.proof_id:
        draft.say(Sign.CLICK, f"photo {len(proof.captures)}", draft.settings.click_ms)


def photo_saved(draft: Draft, event: PhotoSaved) -> None:
    """A photo is durable."""
    draft.set(store_fault="")
    found = _find(draft.state, event.capture_id)
    if found is None:
        _drop_abandoned(draft, event)
        return
    proof, capture = found
    if event.sha256 in proof.photos:
        failed(draft, event.capture_id, "the same picture as before: look at the camera")
        return
    saved = replace(
        capture, stage=Stage.SAVED, deadline_ns=0, sha256=event.sha256, warnings=event.warnings
    )
    _end_click(draft)
    _store(draft, with_capture(proof, saved))


def codes_read(draft: Draft, event: CodesRead) -> None:
    """What a picture shows. After F4 it is news of the last order, if its box is still here."""
    found = _find(draft.state, event.capture_id)
    if found is not None:
        _store(draft, _with_codes(found[0], event))
    last = draft.state.last
    if last is not None:
        heard_late(draft, _with_codes(last.proof, event))


def _with_codes(proof: Proof, event: CodesRead) -> Proof:
    captures = (
        replace(one, codes=event.codes) if one.capture_id == event.capture_id else one
        for one in proof.captures
    )
    return replace(proof, captures=tuple(captures))


def photo_failed(draft: Draft, event: PhotoFailed) -> None:
    """A capture ended without a photo."""
    _forget_abandoned(draft, event.capture_id)
    failed(draft, event.capture_id, event.reason)


def failed(draft: Draft, capture_id: int, reason: str) -> None:
    """Leave a capture out. If F4 waited for it and its box is still here, the proof stays open."""
    found = _find(draft.state, capture_id)
    if found is None:
        return
    proof = without_capture(found[0], capture_id)
    entry = _entry_of(draft.state, proof)
    if entry is None:
        _store(draft, proof)
        draft.refuse(f"no photo: {reason}")
    elif _can_return(draft.state, entry):
        _reopen(draft, entry, proof)
        draft.refuse(f"no photo, nothing was sent: {reason}")
    else:
        _store(draft, proof)


def _can_return(state: State, entry: InFlight) -> bool:
    last = state.last
    return (
        entry.closing is Closing.SEND
        and state.open is None
        and not state.stopping
        and last is not None
        and last.on_table
        and last.proof_id == entry.proof.proof_id
    )


def _reopen(draft: Draft, entry: InFlight, proof: Proof) -> None:
    gone = entry.proof.proof_id
    rest = tuple(one for one in draft.state.in_flight if one.proof.proof_id != gone)
    draft.set(open=proof, in_flight=rest, last=None, late_stop="", last_photo_ns=None)


def _find(state: State, capture_id: int) -> tuple[Proof, Capture] | None:
    proofs = [one.proof for one in state.in_flight]
    if state.open is not None:
        proofs.append(state.open)
    for proof in proofs:
        for capture in proof.captures:
            if capture.capture_id == capture_id:
                return proof, capture
    return None


def _entry_of(state: State, proof: Proof) -> InFlight | None:
    return next((one for one in state.in_flight if one.proof.proof_id == proof.proof_id), None)


def _store(draft: Draft, proof: Proof) -> None:
    """Put a changed proof back where it was, and go on with it if it waited for this."""
    entry = _entry_of(draft.state, proof)
    if entry is None:
        draft.set(open=proof)
    else:
        advance(draft, put(draft, entry, replace(entry, proof=proof)))


def _end_click(draft: Draft) -> None:
    overlay = draft.state.overlay
    if overlay is not None and overlay.sign is Sign.CLICK:
        draft.set(overlay=None)


def _drop_abandoned(draft: Draft, event: PhotoSaved) -> None:
    proof_id = dict(draft.state.abandoned).get(event.capture_id)
    _forget_abandoned(draft, event.capture_id)
    if proof_id is not None:
        draft.do(DropPhoto(proof_id, event.sha256))


def _forget_abandoned(draft: Draft, capture_id: int) -> None:
    abandoned = tuple(one for one in draft.state.abandoned if one[0] != capture_id)
    draft.set(abandoned=abandoned)
