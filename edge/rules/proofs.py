"""The life of a proof between scan and durable end: open, close, hand over, take back."""

from dataclasses import replace

from edge.effects import (
    CloseProof,
    DropFrame,
    Hold,
    Lookup,
    OpenProof,
    Release,
    SavePhoto,
    Withdraw,
)
from edge.rules.draft import Draft
from edge.rules.state import Capture, InFlight, Last, Proof, Stage, with_capture
from wire.messages import Closing, Mode

_REMEMBERED = 32  # codes of sent proofs, for notices; older ones are named without their code


def begin(draft: Draft, code: str) -> None:
    """Open a proof of ``code``."""
    state = draft.state
    proof_id = f"{state.seed}{state.next_proof:016x}"
    proof = Proof(
        proof_id=proof_id,
        asked_id=proof_id,
        code=code,
        mode=state.mode,
        deadline_ns=draft.after(draft.settings.store_deadline_ms),
    )
    leave_table(draft)
    draft.set(open=proof, next_proof=state.next_proof + 1, overlay=None, last_photo_ns=None)
    draft.do(OpenProof(proof_id, code, state.mode, state.packer))
    look_up(draft, proof)


def leave_table(draft: Draft) -> None:
    """Another order came: the box before it is gone, and what stood for it is answered."""
    last = draft.state.last
    if last is not None:
        draft.set(last=replace(last, on_table=False))
    draft.set(late_stop="")


def look_up(draft: Draft, proof: Proof) -> None:
    """Ask the cloud about an order; in training and returns there is nothing to advise."""
    if proof.mode is Mode.PACKING:
        draft.do(Lookup(proof.code, proof.asked_id))


def leave_open(draft: Draft) -> None:
    """End the open proof without F4: unsent, or dropped if nobody took a photo."""
    proof = draft.state.open
    if proof is not None:
        close_open(draft, Closing.UNSENT if proof.captures else Closing.CANCELLED)


def close_open(draft: Draft, closing: Closing) -> None:
    """Send the open proof on its way to the disk; it waits there for its pending captures."""
    proof = draft.state.open
    if proof is None:
        return
    draft.set(open=None, overlay=None)
    if closing is Closing.CANCELLED:
        proof = _give_up_pending(draft, proof)
    if closing is Closing.SEND:
        last = Last(proof.proof_id, proof, draft.now_ns)
        recent = (*draft.state.recent, (proof.proof_id, proof.code))[-_REMEMBERED:]
        draft.set(last=last, recent=recent)
    entry = InFlight(proof, closing, asked_ns=draft.now_ns)
    draft.set(in_flight=(*draft.state.in_flight, entry))
    advance(draft, entry)


def cancel_before_hand_over(draft: Draft, entry: InFlight) -> None:
    """F4 was taken back while captures were still waited for."""
    proof = _give_up_pending(draft, entry.proof)
    advance(draft, put(draft, entry, replace(entry, proof=proof, closing=Closing.CANCELLED)))


def advance(draft: Draft, entry: InFlight) -> None:
    """Hand a closing proof over to the store as soon as nothing is missing."""
    if entry.handed_over or not entry.proof.opened or entry.proof.has_pending:
        return
    if entry.closing is Closing.SEND and not entry.proof.photos:
        # every photo failed after F4: there is nothing to send, and nothing to take back
        entry = put(draft, entry, replace(entry, closing=Closing.UNSENT))
        draft.set(last=None)
    hand_over(draft, entry)


def hand_over(draft: Draft, entry: InFlight) -> None:
    """Ask the store to write the end of a proof."""
    proof_id = entry.proof.proof_id
    if entry.closing is Closing.WITHDRAWN:
        draft.do(Withdraw(proof_id))
    else:
        if entry.closing is Closing.SEND and may_leave_ns(draft, entry) > draft.now_ns:
            draft.do(Hold(proof_id))
        draft.do(CloseProof(proof_id, entry.closing, entry.proof.photos))
    deadline = draft.after(draft.settings.store_deadline_ms)
    put(draft, entry, replace(entry, handed_over=True, deadline_ns=deadline, retry_ns=None))


def may_leave_ns(draft: Draft, entry: InFlight) -> int:
    """Until when the manifest stays on the table."""
    return entry.asked_ns + draft.settings.send_delay_ms * 1_000_000


def withdraw(draft: Draft, proof_id: str, code: str) -> None:
    """Take a durably closed proof back."""
    proof = Proof(proof_id, proof_id, code, draft.state.mode, deadline_ns=None, opened=True)
    entry = InFlight(proof, Closing.WITHDRAWN, asked_ns=draft.now_ns)
    draft.set(in_flight=(*draft.state.in_flight, entry))
    hand_over(draft, entry)


def release(draft: Draft, proof_id: str) -> None:
    """Let a held manifest leave."""
    if any(held == proof_id for held, _ in draft.state.held):
        held = tuple(one for one in draft.state.held if one[0] != proof_id)
        draft.set(held=held)
        draft.do(Release(proof_id))


def put(draft: Draft, old: InFlight, new: InFlight) -> InFlight:
    """Replace an entry."""
    entries = (new if one.proof.proof_id == old.proof.proof_id else one for one in _flying(draft))
    draft.set(in_flight=tuple(entries))
    return new


def remove(draft: Draft, entry: InFlight) -> None:
    """Forget an entry."""
    gone = entry.proof.proof_id
    draft.set(in_flight=tuple(one for one in _flying(draft) if one.proof.proof_id != gone))


def find(draft: Draft, proof_id: str) -> InFlight | None:
    """The entry of a proof."""
    return next((one for one in _flying(draft) if one.proof.proof_id == proof_id), None)


def save_taken(draft: Draft, proof: Proof) -> Proof:
    """Hand taken frames to the disk, once the journal knows their proof."""
    if not proof.opened:
        return proof
    for capture in proof.captures:
        if capture.stage is Stage.TAKEN:
            draft.do(SavePhoto(capture.capture_id, proof.proof_id))
            proof = with_capture(proof, replace(capture, stage=Stage.SAVING))
    return proof


def give_up(draft: Draft, proof: Proof, capture: Capture) -> None:
    """Forget a pending capture, whatever still comes of it."""
    if capture.stage is Stage.SAVING:
        abandoned = (*draft.state.abandoned, (capture.capture_id, proof.proof_id))
        draft.set(abandoned=abandoned)
    else:
        draft.do(DropFrame(capture.capture_id))


def _give_up_pending(draft: Draft, proof: Proof) -> Proof:
    for capture in proof.captures:
        if capture.stage is not Stage.SAVED:
            give_up(draft, proof, capture)
    kept = tuple(one for one in proof.captures if one.stage is Stage.SAVED)
    return replace(proof, captures=kept)


def _flying(draft: Draft) -> tuple[InFlight, ...]:
    return draft.state.in_flight
