"""What the cloud says. It may come late or never, and nothing waits for it."""

from dataclasses import replace

from edge.events import AdviceCame, LinkChanged, ProgressCame, Standing
from edge.indicator.signs import Sign
from edge.rules.draft import Draft
from edge.rules.proofs import look_up
from edge.rules.state import Notice, Phase, Proof
from edge.rules.stops import heard_late
from wire.messages import Advice, AdviceKind, DispatchState

SENT_TEXT = "Image Sent to Customer's Chat"
"""The wording of S0-35; it is used for this state and for no other (Q4)."""

_FAILED = frozenset(
    {
        DispatchState.FAILED,
        DispatchState.PARTLY_SENT,
        DispatchState.NEEDS_PERSON,
        DispatchState.NOT_SHOWN,
    }
)

_NOTHING_SENT = frozenset({DispatchState.CANCELLED, DispatchState.SAVED_NOT_SENT})
_NOTICES = 4  # more than that is news of long ago


def advised(draft: Draft, event: AdviceCame) -> None:
    """Advice counts for the order on the table and for no other."""
    advice, state = event.advice, draft.state
    proof, last = state.open, state.last
    if proof is not None and _is_about(advice, proof):
        draft.set(open=_with_advice(proof, advice))
    elif last is not None and _is_about(advice, last.proof):
        heard_late(draft, _with_advice(last.proof, advice))


def _with_advice(proof: Proof, advice: Advice) -> Proof:
    return replace(
        proof,
        advice=advice.kind,
        advice_text=advice.text,
        equivalents=tuple(advice.equivalents),
    )


def _is_about(advice: Advice, proof: Proof) -> bool:
    return (advice.correlation, advice.code) == (proof.asked_id, proof.code)


def link_changed(draft: Draft, event: LinkChanged) -> None:
    """Back again: the order on the table is asked about, if it was not answered before."""
    draft.set(connected=event.connected)
    if event.connected:
        draft.set(link_trouble="", standing=Standing.ENROLLED, standing_reason="")
    proof = draft.state.open
    if event.connected and proof is not None and proof.advice in {None, AdviceKind.NOT_SYNCED}:
        look_up(draft, proof)


def progressed(draft: Draft, event: ProgressCame) -> None:
    """The fate of an earlier order becomes a short notice."""
    state = draft.state
    is_withdrawn = event.proof_id in state.withdrawing
    if is_withdrawn and event.state.is_final:
        left = tuple(one for one in state.withdrawing if one != event.proof_id)
        draft.set(withdrawing=left)
    fate = _fate(event, is_withdrawn)
    if fate is None:
        return
    code = dict(state.recent).get(event.proof_id, "")
    sign, text = fate
    stale_ns = draft.after(draft.settings.notice_stale_ms)
    notice = Notice(sign, f"{code}: {text}" if code else text, stale_ns)
    draft.set(notices=(*state.notices[1 - _NOTICES :], notice))
    _make_way(draft, event.proof_id)


def _make_way(draft: Draft, proof_id: str) -> None:
    """Nothing newer happened at the table: the sign "saved" of the same order may end early."""
    overlay, last = draft.state.overlay, draft.state.last
    is_saved = overlay is not None and overlay.sign is Sign.SAVED
    if is_saved and last is not None and last.proof_id == proof_id:
        draft.set(overlay=None)


def show_notice(draft: Draft) -> None:
    """Show the oldest notice that is not stale, in ``ready`` only and under no other sign."""
    state = draft.state
    if state.phase is not Phase.READY or state.overlay is not None or state.late_stop:
        return
    fresh = [one for one in state.notices if one.stale_ns > draft.now_ns]
    draft.set(notices=tuple(fresh[1:]))
    if fresh:
        draft.say(fresh[0].sign, fresh[0].text, draft.settings.notice_ms)


def _fate(event: ProgressCame, is_withdrawn: bool) -> tuple[Sign, str] | None:
    if event.state is DispatchState.SENT:
        return Sign.EARLIER_SENT, f"{SENT_TEXT}{' (too late to take back)' * is_withdrawn}"
    if event.state in _NOTHING_SENT and is_withdrawn:
        return Sign.READY, "taken back, nothing was sent"
    if event.state is DispatchState.PARTLY_SENT and is_withdrawn:
        return Sign.EARLIER_FAILED, "a part was sent before it was taken back"
    if event.state in _FAILED:
        return Sign.EARLIER_FAILED, event.reason or f"not sent ({event.state})"
    return None
