"""Why the box on the table must not be closed yet, in the words of the light."""

from dataclasses import replace

from edge.rules.draft import Draft
from edge.rules.labels import other_numbers
from edge.rules.settings import PackingSettings
from edge.rules.state import Proof
from wire.messages import AdviceKind

_ADVICE_TEXT = {
    AdviceKind.CANCELLED: "the order is cancelled",
    AdviceKind.REFUNDED: "the order is refunded",
    AdviceKind.ALREADY_SENT: "photos of this order were already sent",
}


def reasons(proof: Proof, settings: PackingSettings) -> tuple[str, ...]:
    """All that speaks against F4, in the cloud's words where it has some."""
    kind = proof.stop_reason
    advice = [] if kind is None else [proof.advice_text or _ADVICE_TEXT[kind]]
    numbers = other_numbers(proof, settings.codes)
    return (*advice, *(f"the label in the photo reads {number}" for number in numbers))


def standing(proof: Proof, settings: PackingSettings) -> tuple[str, ...]:
    """The reasons for which STOP stands: advice at once, a label from the first F4 on."""
    found = reasons(proof, settings)
    is_told = proof.stop_reason is not None or not set(found).isdisjoint(proof.stopped_for)
    return found if is_told else ()


def is_confirmed(proof: Proof, found: tuple[str, ...]) -> bool:
    """Whether F4 was stopped for all of this before."""
    return set(found) <= set(proof.stopped_for)


def heard_late(draft: Draft, proof: Proof) -> None:
    """News of the proof that F4 closed last: its box may still be open, so STOP stands for it."""
    last = draft.state.last
    if last is None or not last.on_table or draft.state.open is not None:
        return
    found = reasons(proof, draft.settings)
    if not is_confirmed(proof, found):
        draft.set(late_stop=f"{proof.code}: {'; '.join(found)}", overlay=None)
    told = (*proof.stopped_for, *found)
    draft.set(last=replace(last, proof=replace(proof, stopped_for=told)))
