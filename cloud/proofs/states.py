"""The words for what became of a proof, as the log shows it. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from cloud.conversations.states import DispatchState


class ProofState(StrEnum):
    """The states of a proof's newest dispatch, and that of a proof nobody asked to send."""

    UNSENT = "unsent"
    WAITING_FOR_ORDER = "waiting-for-order"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PARTLY_SENT = "partly-sent"
    HELD = "held"
    NOT_CONFIRMED = "not-confirmed"
    NEEDS_PERSON = "needs-person"
    FAILED = "failed"
    SAVED_NOT_SENT = "saved-not-sent"
    CANCELLED = "cancelled"
    NOT_SHOWN = "not-shown"


CLOSINGS_WITHOUT_DISPATCH: Mapping[ProofState, tuple[str, ...]] = {
    ProofState.UNSENT: ("unsent",),
    ProofState.CANCELLED: ("cancelled", "withdrawn"),
}
"""How the table closed the proofs that are in a state without having been dispatched."""


def state_of_proof(closing: str, dispatched: DispatchState | None) -> ProofState:
    """State of a proof that the table closed so, and whose newest dispatch is in that state."""
    if dispatched is not None:
        return ProofState(dispatched.value)
    for state, closings in CLOSINGS_WITHOUT_DISPATCH.items():
        if closing in closings:
            return state
    return ProofState.WAITING_FOR_ORDER
