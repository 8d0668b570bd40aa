"""A dispatch's state from the states of its messages. Pure."""

from collections import Counter
from collections.abc import Sequence

from cloud.conversations.states import DispatchState, MessageState

_WAITING = frozenset({MessageState.QUEUED, MessageState.CLAIMED})


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
