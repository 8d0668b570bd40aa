"""What marketplaces tell of conversations before anybody reads them."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Conversation, Dispatch
from cloud.conversations.outbox import tell
from cloud.conversations.states import DispatchState, Reason
from cloud.database.changes import record_change

CHANGE_KIND = "conversation"


def note_message(
    session: Session,
    *,
    shop_id: int,
    external_id: str,
    buyer_id: str,
    is_by_buyer: bool,
    now: datetime,
) -> bool:
    """A message is in a conversation; False: none that we have (a scoped session).

    Where the buyer wrote, our count of unanswered messages holds no longer. How many of ours came
    after that message is not told, so that the chat is read before the next one is planned; what
    was held for the message limit is looked at now.
    """
    conversation = _one(session, shop_id, Conversation.external_id == external_id)
    if conversation is None and buyer_id:
        # The first message to a buyer may still be on its way back to us with the id.
        conversation = _one(session, shop_id, Conversation.buyer_id == buyer_id)
    if conversation is None:
        return False
    record_change(session, kind=CHANGE_KIND, subject=f"conversation:{conversation.id}")
    if is_by_buyer:
        conversation.checked_at = None
        _wake_full(session, conversation.id, now)
    return True


def _one(session: Session, shop_id: int, which: ColumnElement[bool]) -> Conversation | None:
    return session.scalar(
        select(Conversation)
        .where(Conversation.shop_id == shop_id, which)
        .order_by(Conversation.id)
        .limit(1)
        .with_for_update()
    )


def _wake_full(session: Session, conversation_id: int, now: datetime) -> None:
    held = session.scalars(
        select(Dispatch).where(
            Dispatch.conversation_id == conversation_id,
            Dispatch.state == DispatchState.HELD,
            Dispatch.reason == Reason.MESSAGE_LIMIT,
        )
    )
    for dispatch in held:
        dispatch.next_check_at = now
        tell(session, dispatch)
