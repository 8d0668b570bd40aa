"""Which sign stands: the light belongs to the order on the table."""

from edge.events import DiskLevel
from edge.indicator.signs import Sign, photos_sign
from edge.rules import stops
from edge.rules.enrolment import standing_text
from edge.rules.settings import PackingSettings
from edge.rules.state import Phase, Proof, State
from wire.messages import Closing, Mode

_MODE_SIGN = {Mode.TRAINING: Sign.TRAINING, Mode.RETURN: Sign.RETURN}


def sign_of(state: State, settings: PackingSettings) -> tuple[Sign, str]:
    """The sign to show now and its text. Total."""
    if state.overlay is not None:
        return state.overlay.sign, state.overlay.text
    if state.open is not None:
        return _of_open(state, state.open, settings)
    if state.late_stop:
        return Sign.STOP, state.late_stop
    fault = _fault(state)
    if fault:
        return Sign.CALL_LEAD, fault
    closing = _of_closing(state)
    return closing or _of_ready(state, settings)


def faults(state: State) -> list[str]:
    """Everything that is wrong at this table, for people elsewhere."""
    found = [f"camera: {state.camera_fault}"] if state.camera_fault else []
    if state.store_fault:
        found.append(f"disk: {state.store_fault}")
    if state.disk is not DiskLevel.FINE:
        found.append(f"disk space: {state.disk}")
    if state.link_trouble:
        found.append(f"network: {state.link_trouble}")
    return [*found, *map(str, state.lost_devices)]


def _fault(state: State) -> str:
    if state.phase is Phase.FAULT:
        if state.camera_fault:
            return f"no camera: {state.camera_fault}"
        return state.store_fault or "the disk is full"
    if state.lost_devices:
        return "; ".join(map(str, state.lost_devices))
    return ""


def _of_open(state: State, proof: Proof, settings: PackingSettings) -> tuple[Sign, str]:
    count = len(proof.photos)
    text = f"{proof.code}: {count} photo{'' if count == 1 else 's'}"
    if proof.mode is not Mode.PACKING:
        text = f"{proof.mode}, {text}"
    if state.camera_fault or state.store_fault:
        return Sign.CALL_LEAD, f"{text}; {state.camera_fault or state.store_fault}"
    if proof.is_unknown:
        return Sign.REFUSED, f"{proof.code}: {proof.advice_text or 'no such order is known'}"
    reasons = stops.reasons(proof, settings)
    if stops.standing(proof, settings):
        again = ["F4 once more to go on"] if stops.is_confirmed(proof, reasons) else []
        return Sign.STOP, "; ".join([text, *reasons, *again])
    warnings = [warning for one in proof.captures for warning in one.warnings]
    return photos_sign(count), "; ".join([text, *reasons, *dict.fromkeys(warnings)])


def _of_closing(state: State) -> tuple[Sign, str] | None:
    """Until the close is durable, the light stays with the photos and says nothing of "saved"."""
    last = state.last
    for entry in state.in_flight:
        is_last = last is not None and last.on_table and last.proof_id == entry.proof.proof_id
        if is_last and entry.closing is Closing.SEND:
            return photos_sign(len(entry.proof.photos)), f"{entry.proof.code}: being saved"
    return None


def _of_ready(state: State, settings: PackingSettings) -> tuple[Sign, str]:
    if state.mode is not Mode.PACKING:
        return _MODE_SIGN[state.mode], f"{state.mode}: photos are kept and never sent"
    standing = standing_text(state)
    if standing:
        return Sign.NOT_ENROLLED, standing
    since = state.waiting_since_ns
    if since is not None and state.now_ns - since >= settings.offline_after_ms * 1_000_000:
        why = f" ({state.link_trouble})" if state.link_trouble else ""
        return Sign.OFFLINE, f"proofs wait for the network; go on packing{why}"
    return Sign.READY, ""
