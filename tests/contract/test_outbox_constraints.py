"""What the database itself refuses, whoever writes; on both engines."""

import pytest

from cloud.conversations.states import MessageKind, MessageState
from cloud.database.errors import ConstraintViolated
from tests.support.outbox_rows import OutboxRows


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.NOT_SHOWN])
def test_nothing_is_sent_without_the_marketplaces_id(rows: OutboxRows, state: MessageState) -> None:
    """Invariant 6."""
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    with pytest.raises(ConstraintViolated):
        rows.change(message_id, state=state)


@pytest.mark.parametrize("state", [MessageState.CLAIMED, MessageState.SENDING])
def test_nothing_is_claimed_without_a_lease(rows: OutboxRows, state: MessageState) -> None:
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    with pytest.raises(ConstraintViolated):
        rows.change(message_id, state=state)
    with pytest.raises(ConstraintViolated):
        rows.change(message_id, state=state, claimed_by="sender-1")


@pytest.mark.parametrize("photos", ["", "a" * 63, "a" * 64 + "b" * 64, "a" * 100])
def test_a_picture_shows_one_to_three_photos(rows: OutboxRows, photos: str) -> None:
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    with pytest.raises(ConstraintViolated):
        rows.change(message_id, kind=MessageKind.IMAGE, photos=photos)
    rows.change(message_id, kind=MessageKind.IMAGE, photos=" ".join(["a" * 64] * 3))


@pytest.mark.parametrize("kind", [MessageKind.TEXT, MessageKind.ORDER_CARD])
def test_what_is_no_picture_shows_no_photo(rows: OutboxRows, kind: MessageKind) -> None:
    (message_id,) = rows.dispatch(rows.shop(), "b1")
    with pytest.raises(ConstraintViolated):
        rows.change(message_id, kind=kind, photos="a" * 64)


def test_a_marketplaces_id_belongs_to_one_message_of_a_shop(rows: OutboxRows) -> None:
    """Invariant 6."""
    shop, other_shop = rows.shop(), rows.shop()
    (first,), (second,) = rows.dispatch(shop, "b1"), rows.dispatch(shop, "b2")
    (elsewhere,) = rows.dispatch(other_shop, "b1")
    rows.change(first, state=MessageState.SENT, marketplace_message_id="m1")
    rows.change(elsewhere, state=MessageState.SENT, marketplace_message_id="m1")
    with pytest.raises(ConstraintViolated):
        rows.change(second, state=MessageState.SENT, marketplace_message_id="m1")
