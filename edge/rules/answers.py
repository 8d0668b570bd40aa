"""What the store answers, and how the disk is."""

from dataclasses import replace

from edge.effects import CloseProof
from edge.events import DiskChanged, ProofOpened, ProofSettled, StoreFailed, WaitingChanged
from edge.indicator.signs import Sign
from edge.rules.draft import Draft
from edge.rules.proofs import advance, find, give_up, may_leave_ns, put, release, remove, save_taken
from edge.rules.proofs import withdraw as take_back
from edge.rules.state import Capture, InFlight, Proof, Stage
from wire.messages import Closing, Mode


def opened(draft: Draft, event: ProofOpened) -> None:
    """The journal knows the proof; perhaps it brought an older one back."""
    draft.set(store_fault="")
    state = draft.state
    if state.open is not None and state.open.proof_id == event.asked_id:
        draft.set(open=save_taken(draft, _brought_back(draft, state.open, event)))
        return
    entry = find(draft, event.asked_id)
    if entry is None:
        # given up here when the store seemed to have failed: it must not stay open in the journal
        draft.do(CloseProof(event.proof_id, Closing.UNSENT, event.photos))
    else:
        _opened_late(draft, entry, event)


def _opened_late(draft: Draft, entry: InFlight, event: ProofOpened) -> None:
    """The packer was faster than the disk: the proof is already meant to end."""
    proof = save_taken(draft, _brought_back(draft, entry.proof, event))
    closing = entry.closing
    if closing is Closing.CANCELLED and event.photos:
        closing = Closing.UNSENT  # what was cancelled is this scan, not the photos of before
    last = draft.state.last
    if last is not None and last.proof_id == event.asked_id:
        draft.set(last=replace(last, proof_id=event.proof_id))
    recent = ((_renamed(one, event), code) for one, code in draft.state.recent)
    draft.set(recent=tuple(recent))
    advance(draft, put(draft, entry, replace(entry, proof=proof, closing=closing)))


def _renamed(proof_id: str, event: ProofOpened) -> str:
    return event.proof_id if proof_id == event.asked_id else proof_id


def _brought_back(draft: Draft, proof: Proof, event: ProofOpened) -> Proof:
    """The proof as the journal has it: earlier photos first, and never more than allowed."""
    number = draft.state.next_capture
    earlier = tuple(
        Capture(number + place, Stage.SAVED, sha256=sha256)
        for place, sha256 in enumerate(event.photos)
    )
    draft.set(next_capture=number + len(earlier))
    captures = (*earlier, *proof.captures)
    most = max(draft.settings.max_photos, len(earlier))
    for surplus in captures[most:]:
        give_up(draft, proof, surplus)
        draft.refuse(f"the earlier photos are back, {most} are enough")
    return replace(
        proof,
        proof_id=event.proof_id,
        opened=True,
        deadline_ns=None,
        sent_before=event.already_sent and proof.mode is Mode.PACKING,
        captures=captures[:most],
    )


def settled(draft: Draft, event: ProofSettled) -> None:
    """The end of a proof is durable: only now may the light say so."""
    draft.set(store_fault="")
    entry = find(draft, event.proof_id)
    if entry is None or not entry.handed_over:
        return
    remove(draft, entry)
    if entry.closing is Closing.WITHDRAWN:
        _withdrawn(draft, entry)
    elif entry.withdraw:
        _hold_until(draft, entry)
        take_back(draft, entry.proof.proof_id, entry.proof.code)
    elif entry.closing is Closing.SEND:
        _sent(draft, entry)


def _sent(draft: Draft, entry: InFlight) -> None:
    proof_id = entry.proof.proof_id
    leaves_ns = may_leave_ns(draft, entry)
    _hold_until(draft, entry)
    if leaves_ns <= draft.now_ns:
        release(draft, proof_id)
    last = draft.state.last
    is_last = last is not None and last.proof_id == proof_id
    if draft.state.open is None and is_last and not draft.state.late_stop:
        draft.say(Sign.SAVED, entry.proof.code, draft.settings.saved_ms)


def _hold_until(draft: Draft, entry: InFlight) -> None:
    held = (entry.proof.proof_id, may_leave_ns(draft, entry))
    draft.set(held=(*draft.state.held, held))


def _withdrawn(draft: Draft, entry: InFlight) -> None:
    proof_id = entry.proof.proof_id
    was_held = any(held == proof_id for held, _ in draft.state.held)
    release(draft, proof_id)
    if was_held:
        text = "taken back, nothing is sent"
    else:
        text = "the cloud is asked to take it back"
        draft.set(withdrawing=(*draft.state.withdrawing[-7:], proof_id))
    if draft.state.open is None:
        draft.say(Sign.READY, f"{entry.proof.code}: {text}", draft.settings.notice_ms)


def store_failed(draft: Draft, event: StoreFailed) -> None:
    """The disk refused. A close is tried again; an order that could not be opened is let go."""
    draft.set(store_fault=event.reason or "the disk refuses", overlay=None)
    proof = draft.state.open
    if proof is not None and proof.proof_id == event.proof_id and not proof.opened:
        _let_go(draft, proof)
        draft.set(open=None)
        return
    entry = find(draft, event.proof_id or "")
    if entry is None:
        return
    if entry.handed_over:
        retry = draft.after(draft.settings.store_retry_ms)
        put(draft, entry, replace(entry, retry_ns=retry, deadline_ns=None))
    elif not entry.proof.opened:
        _let_go(draft, entry.proof)
        remove(draft, entry)
        if draft.state.last is not None and draft.state.last.proof_id == event.proof_id:
            draft.set(last=None)


def _let_go(draft: Draft, proof: Proof) -> None:
    for capture in proof.captures:
        give_up(draft, proof, capture)


def disk_changed(draft: Draft, event: DiskChanged) -> None:
    """How much room is left. The disk answers again, so only a refused write is still a fault."""
    draft.set(disk=event.level)
    if all(entry.retry_ns is None for entry in draft.state.in_flight):
        draft.set(store_fault="")


def waiting_changed(draft: Draft, event: WaitingChanged) -> None:
    """Which proof has waited longest for its receipt."""
    draft.set(waiting_since_ns=event.since_ns)
