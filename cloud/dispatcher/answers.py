"""What a person answers where only a person can: is it in the chat, and should it be sent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.outbox import messages_of, set_state
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.dispatcher.errors import NoSuchProof, SettledAlready
from cloud.dispatcher.resending import (
    ResendRequest,
    resend,
    settle_as_absent,
    settle_as_there,
)


class Answer(StrEnum):
    """Two questions with two answers each."""

    THERE = "there"
    NOT_THERE = "not-there"
    SEND = "send"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class PersonsAnswer:
    """What somebody answered about a proof."""

    proof_id: int
    dispatch_id: int
    """The newest one that they saw: an answer to what has changed since is none."""
    member_id: int
    answer: Answer
    note: str = ""


def take_answer(session: Session, given: PersonsAnswer, now: datetime) -> None:
    """Do what a person decided (a scoped session; the same answer again is refused).

    Raises:
        SettledAlready: the proof stands elsewhere by now, or the answer fits no question about it.
        NoSuchProof: not in this session's scope, or nobody ever asked for it to be sent.
        ResendRefused: as `resend` says.
    """
    dispatch = session.scalar(
        select(Dispatch)
        .where(Dispatch.proof_id == given.proof_id)
        .order_by(Dispatch.id.desc())
        .limit(1)
        .with_for_update()
    )
    if dispatch is None:
        raise NoSuchProof("there is no such proof, or it was never to be sent")
    if dispatch.id != given.dispatch_id or given.answer not in answers_to(dispatch):
        raise SettledAlready("this proof is settled already")
    if given.answer is Answer.LEAVE:
        set_state(
            session, dispatch, DispatchState.SAVED_NOT_SENT, now=now, reason=Reason.LEFT_UNSENT
        )
    elif dispatch.state is DispatchState.NOT_CONFIRMED:
        _settle(session, dispatch, given.answer, now)
    elif given.answer is Answer.THERE:
        state = DispatchState.SAVED_NOT_SENT
        set_state(session, dispatch, state, now=now, reason=Reason.SETTLED_BY_PERSON)
    else:
        key = f"{given.proof_id}:{given.dispatch_id}"
        request = ResendRequest(given.proof_id, given.member_id, key, note=given.note)
        resend(session, request, now)


def answers_to(dispatch: Dispatch) -> tuple[Answer, ...]:
    """The answers that a dispatch waits for; none where it waits for nobody."""
    if dispatch.state is DispatchState.NOT_CONFIRMED:
        return Answer.THERE, Answer.NOT_THERE
    if dispatch.state is not DispatchState.NEEDS_PERSON:
        return ()
    if dispatch.reason == Reason.RESTORED:
        return Answer.THERE, Answer.NOT_THERE
    if dispatch.reason == Reason.SEVERAL_ORDERS:
        # Sending it again would find the same orders.
        return (Answer.LEAVE,)
    return Answer.SEND, Answer.LEAVE


def _settle(session: Session, dispatch: Dispatch, answer: Answer, now: datetime) -> None:
    settle = settle_as_there if answer is Answer.THERE else settle_as_absent
    for message in messages_of(session, dispatch.id):
        if message.state is MessageState.UNCERTAIN:
            settle(session, message.id, now)
