"""Doing what a step says with a message that is known not to be in the chat."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch, Message
from cloud.conversations.outbox import (
    DETAIL_LENGTH,
    add_order_card,
    messages_of,
    queue_again,
    refresh_state,
    set_state,
)
from cloud.conversations.states import DispatchState, MessageState
from cloud.dispatcher.pace import back_off_more, slow_down
from cloud.dispatcher.retry import BackOff, Next, Step


def take_step(
    session: Session, message: Message, step: Step, now: datetime, back_off: BackOff
) -> None:
    """Change the message, and its dispatch and shop where the step concerns them."""
    dispatch = session.get_one(Dispatch, message.dispatch_id)
    if step.next is Next.ADD_ORDER_CARD and not add_order_card(session, message, now):
        step = replace(step, next=Next.FAIL_DISPATCH)
    match step.next:
        case Next.FAIL_MESSAGE:
            _fail(message, step)
        case Next.FAIL_DISPATCH:
            _fail_unsent(session, message, step)
        case Next.SLOW_DOWN:
            queue_again(dispatch, message, now + step.wait)
            slow_shop_down(session, message.shop_id, step, now, back_off)
        case _:
            queue_again(dispatch, message, now + step.wait)
    if step.next is Next.HOLD and not dispatch.withdrawn:
        _hold(session, dispatch, step, now)
    else:
        refresh_state(session, dispatch, now)


def slow_shop_down(
    session: Session, shop_id: int, step: Step, now: datetime, back_off: BackOff
) -> None:
    """Serve the shop later: as long as it asked for, or longer with each failure."""
    if step.wait_was_asked:
        slow_down(session, shop_id, now, step.wait)
    else:
        back_off_more(session, shop_id, now, back_off)


def _hold(session: Session, dispatch: Dispatch, step: Step, now: datetime) -> None:
    set_state(
        session,
        dispatch,
        DispatchState.HELD,
        now=now,
        reason=step.reason,
        detail=step.detail,
        next_check_at=now + step.wait,
    )


def _fail(message: Message, step: Step) -> None:
    message.state = MessageState.FAILED
    message.reason = step.reason
    message.detail = step.detail[:DETAIL_LENGTH]
    message.lease_until = None
    message.claimed_by = None


def _fail_unsent(session: Session, message: Message, step: Step) -> None:
    for one in messages_of(session, message.dispatch_id):
        if one.id == message.id or one.state is MessageState.QUEUED:
            _fail(one, step)
