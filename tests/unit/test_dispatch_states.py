"""Words that two packages hold must be the same words; a dispatch's state from its messages."""

from itertools import product

import pytest

from cloud.conversations import states
from cloud.conversations.derive import state_of
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.marketplaces.errors import FailureClass
from wire import messages as wire

M, D = MessageState, DispatchState


def test_the_states_of_a_dispatch_are_the_words_on_the_wire() -> None:
    assert {one.value for one in states.DispatchState} == {one.value for one in wire.DispatchState}


def test_every_class_of_failure_has_its_reason() -> None:
    words = {one.value.replace(" ", "-") for one in FailureClass}
    assert words <= {one.value for one in Reason}


@pytest.mark.parametrize(
    ("messages", "state"),
    [
        ([M.QUEUED], D.QUEUED),
        ([M.CLAIMED], D.QUEUED),
        ([M.QUEUED, M.QUEUED], D.QUEUED),
        ([M.FAILED, M.QUEUED], D.QUEUED),
        ([M.SENDING, M.QUEUED], D.SENDING),
        ([M.SENT, M.QUEUED], D.SENDING),
        ([M.SENT, M.CLAIMED], D.SENDING),
        ([M.SENT, M.SENDING], D.SENDING),
        ([M.SENT], D.SENT),
        ([M.SENT, M.SENT], D.SENT),
        ([M.SENT, M.FAILED], D.PARTLY_SENT),
        ([M.SENT, M.CANCELLED], D.PARTLY_SENT),
        ([M.SENT, M.NOT_SHOWN], D.PARTLY_SENT),
        ([M.FAILED], D.FAILED),
        ([M.FAILED, M.CANCELLED], D.FAILED),
        ([M.FAILED, M.NOT_SHOWN], D.FAILED),
        ([M.NOT_SHOWN], D.NOT_SHOWN),
        ([M.NOT_SHOWN, M.CANCELLED], D.NOT_SHOWN),
        ([M.CANCELLED], D.CANCELLED),
        ([M.UNCERTAIN], D.NOT_CONFIRMED),
        ([M.SENT, M.UNCERTAIN, M.QUEUED], D.NOT_CONFIRMED),
        ([M.FAILED, M.UNCERTAIN], D.NOT_CONFIRMED),
    ],
)
def test_the_state_of_a_dispatch(messages: list[MessageState], state: DispatchState) -> None:
    assert state_of(messages) is state


def test_sent_is_said_only_when_every_message_was_sent() -> None:
    for messages in product(MessageState, repeat=3):
        assert (state_of(messages) is D.SENT) == all(one is M.SENT for one in messages), messages


def test_the_order_of_messages_does_not_matter_and_doubt_always_shows() -> None:
    for messages in product(MessageState, repeat=3):
        assert state_of(messages) is state_of(messages[::-1]), messages
        assert (state_of(messages) is D.NOT_CONFIRMED) == (M.UNCERTAIN in messages), messages


def test_without_messages_there_is_nothing_to_derive() -> None:
    with pytest.raises(ValueError, match="no derived state"):
        state_of([])
