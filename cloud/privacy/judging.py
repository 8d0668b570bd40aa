"""Whether a photo may be deleted, from the proofs that show it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud.conversations.states import DispatchState

STILL_NEEDED = frozenset(
    {
        DispatchState.WAITING_FOR_ORDER,
        DispatchState.QUEUED,
        DispatchState.SENDING,
        DispatchState.HELD,
        DispatchState.NOT_CONFIRMED,
        DispatchState.NEEDS_PERSON,
    }
)
"""Something may be sent of it yet, or a person has to say."""


class Verdict(StrEnum):
    """What becomes of a photo that is old enough."""

    GOES = "goes"
    YOUNG = "young"
    """A younger order shows it, too."""
    HELD = "held"
    """Somebody keeps it from deletion."""
    NEEDED = "needed"
    """It is not sent yet, or waits for a person."""


@dataclass(frozen=True, slots=True)
class Shower:
    """A proof that shows a photo, as far as the photo's end depends on it."""

    received_at: datetime
    closing: str
    states: frozenset[DispatchState]
    """Of all its sends; empty: nobody ever asked for one."""

    @property
    def is_needed(self) -> bool:
        """Whether something of it is still to be sent or decided."""
        if not self.states:
            return self.closing in {"unsent", "send"}
        return bool(self.states & STILL_NEEDED)


def judged(showers: Iterable[Shower], older_than: datetime, *, is_held: bool) -> Verdict:
    """What becomes of a photo that is itself old enough."""
    if is_held:
        return Verdict.HELD
    proofs = list(showers)
    if any(one.is_needed for one in proofs):
        return Verdict.NEEDED
    if any(one.received_at >= older_than for one in proofs):
        return Verdict.YOUNG
    return Verdict.GOES
