"""A dispatch's state from the states of its messages. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.conversations.states import DispatchState, MessageState


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What a dispatch's state depends on of one message."""

    state: MessageState
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Derived:
    """All of a dispatch that its messages say."""

    state: DispatchState
    reason: str
    detail: str
    sent_count: int
    total_count: int
    waits_for_sender: bool
    """Its next message may be claimed; nobody is at work on it."""


OPEN_STATES = (
    MessageState.QUEUED,
    MessageState.CLAIMED,
    MessageState.SENDING,
    MessageState.UNCERTAIN,
)
"""States in which a message may still get into the chat."""

LOOKED_AT_AFTER = timedelta(minutes=2)
"""When the chat of what was sent is read once more: a marketplace may hide it by then."""

_WAITING = frozenset({MessageState.QUEUED, MessageState.CLAIMED})


def derived(parts: Sequence[PartFacts]) -> Derived:
    """What a planned dispatch's messages, in their order, make of it.

    Raises:
        ValueError: there are no messages.
    """
    states = [part.state for part in parts]
    # the newest trouble explains the state; where there is none, nothing needs explaining
    trouble = next((part for part in reversed(parts) if part.reason), None)
    return Derived(
        state=state_of(states),
        reason=trouble.reason if trouble else "",
        detail=trouble.detail if trouble else "",
        sent_count=states.count(MessageState.SENT),
        total_count=len(states),
        waits_for_sender=_next_open(states) is MessageState.QUEUED,
    )


def next_look(new: Derived, now: datetime) -> datetime | None:
    """When somebody has to look at a planned dispatch again, if nothing happens before."""
    is_sent = new.state in (DispatchState.SENT, DispatchState.PARTLY_SENT)
    return now + LOOKED_AT_AFTER if is_sent else None


def _next_open(states: Sequence[MessageState]) -> MessageState | None:
    return next((state for state in states if state in OPEN_STATES), None)


def state_of(messages: Sequence[MessageState]) -> DispatchState:
    """State of a dispatch that has been planned.

    What a person must see comes first: an unknown outcome, then work under way, then the end.

    Raises:
        ValueError: there are no messages; such a dispatch has a state of its own.
    """
    if not messages:
        raise ValueError("a dispatch without messages has no derived state")
    count = Counter(messages)
    sent = count[MessageState.SENT]
    if count[MessageState.UNCERTAIN]:
        return DispatchState.NOT_CONFIRMED
    if count[MessageState.SENDING]:
        return DispatchState.SENDING
    if any(count[state] for state in _WAITING):
        return DispatchState.SENDING if sent else DispatchState.QUEUED
    if sent == len(messages):
        return DispatchState.SENT
    return _ended(count, sent)


def _ended(count: Counter[MessageState], sent: int) -> DispatchState:
    """Nothing is under way and not all is sent."""
    if sent:
        return DispatchState.PARTLY_SENT
    if count[MessageState.FAILED]:
        return DispatchState.FAILED
    if count[MessageState.NOT_SHOWN]:
        return DispatchState.NOT_SHOWN
    return DispatchState.CANCELLED
