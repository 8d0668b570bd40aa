"""What a person can do about a proof: send it again, or settle an outcome that nobody knows.

All functions work on the caller's scoped session and are idempotent by their request key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import NOTE_LENGTH, Dispatch, Message
from cloud.conversations.outbox import (
    cancel_unsent,
    messages_of,
    queue_again,
    refresh_state,
    set_state,
    tell,
)
from cloud.conversations.queries import sent_parts_of
from cloud.conversations.states import DispatchKind, DispatchState, MessageState, Reason
from cloud.dispatcher.errors import (
    NoSuchProof,
    NotConfirmedYet,
    PhotosDeleted,
    ReasonMissing,
    SentAlready,
    SettledAlready,
    StillBeingSent,
)
from cloud.proofs.models import Proof
from cloud.proofs.queries import photo_hashes, photos_of

_STILL_OPEN = "this proof is being sent now; wait until its state no longer changes"
_NOT_CONFIRMED = "an earlier send is not confirmed; check the chat and settle it first"


@dataclass(frozen=True, slots=True)
class ResendRequest:
    """A person's wish to send a proof again."""

    proof_id: int
    member_id: int
    request_key: str
    """Made with the page, so that pressing twice asks once."""
    everything: bool = False
    """All parts, also those that the buyer has; else what is missing."""
    note: str = ""
    """Why everything; must say something then."""
    in_batch: bool = False
    """One of many that were asked for together."""


def resend(session: Session, request: ResendRequest, now: datetime) -> Dispatch:
    """Dispatch a proof's stored photos anew; unsent parts of earlier dispatches are cancelled.

    Raises:
        ReasonMissing: everything was asked for, or nothing else is left, and no reason given.
        StillBeingSent, NotConfirmedYet: an earlier send has not come to an end.
        NoSuchProof: not in this session's scope.
        PhotosDeleted: they are not kept any more.
    """
    key = f"resend:{request.request_key}"[:100]
    there = session.scalar(select(Dispatch).where(Dispatch.request_key == key))
    if there is not None:
        return there
    note = " ".join(request.note.split())[:NOTE_LENGTH]
    if request.everything and not note:
        raise ReasonMissing("say why everything should be sent again")
    proof = session.get(Proof, request.proof_id)
    if proof is None:
        raise NoSuchProof("there is no such proof")
    if any(photo.deleted_at is not None for photo in photos_of(session, proof.id)):
        raise PhotosDeleted("its photos were deleted")
    if not request.everything and _has_all_photos(session, proof.id):
        raise ReasonMissing("the buyer has all photos: say why everything should be sent again")
    before = _dispatches_of(session, proof.id)
    for dispatch in before:
        _supersede(session, dispatch, now)
    dispatch = Dispatch(
        kind=DispatchKind.PROOF,
        proof_id=proof.id,
        proof_key=proof.proof_key,
        device_id=proof.device_id,
        code=proof.code,
        shop_id=before[-1].shop_id if before else None,
        state=DispatchState.WAITING_FOR_ORDER,
        request_key=key,
        asked_by_member_id=request.member_id,
        resend_of_id=before[-1].id if before else None,
        everything=request.everything,
        in_batch=request.in_batch,
        note=note,
        asked_at=now,
        created_at=now,
        updated_at=now,
        next_check_at=now,
    )
    session.add(dispatch)
    session.flush()
    tell(session, dispatch)
    return dispatch


def note_sent_by_hand(session: Session, proof_id: int, member_id: int, now: datetime) -> None:
    """A person sent the photos in the Seller Centre; what we had not sent is not sent any more.

    It is never called sent by us. Saying it twice changes nothing.

    Raises:
        StillBeingSent, NotConfirmedYet: an earlier send has not come to an end.
        SentAlready: the marketplace has all parts.
        NoSuchProof: not in this session's scope, or nobody ever asked for it to be sent.
    """
    dispatches = _dispatches_of(session, proof_id)
    if not dispatches:
        raise NoSuchProof("there is no such proof, or it was never to be sent")
    newest = dispatches[-1]
    if newest.by_hand_at is not None:
        return
    if newest.state is DispatchState.SENT:
        raise SentAlready("the marketplace has these photos")
    for dispatch in dispatches:
        _supersede(session, dispatch, now)
    newest.by_hand_member_id, newest.by_hand_at = member_id, now
    is_begun = any(one.state is MessageState.SENT for one in messages_of(session, newest.id))
    state = DispatchState.PARTLY_SENT if is_begun else DispatchState.SAVED_NOT_SENT
    set_state(session, newest, state, now=now, reason=Reason.SENT_BY_HAND)


def _has_all_photos(session: Session, proof_id: int) -> bool:
    photos = set(photo_hashes(session, proof_id))
    there = {sha256 for part in sent_parts_of(session, proof_id) for sha256 in part.photos}
    return bool(photos) and photos <= there


def _dispatches_of(session: Session, proof_id: int) -> Sequence[Dispatch]:
    return session.scalars(
        select(Dispatch).where(Dispatch.proof_id == proof_id).order_by(Dispatch.id)
    ).all()


def settle_as_there(session: Session, message_id: int, now: datetime) -> None:
    """A person saw the message in the chat: it is not sent again, and not called sent by us.

    Raises:
        SettledAlready: its outcome is known by now.
    """
    message = _uncertain(session, message_id)
    message.state = MessageState.CANCELLED
    message.reason = Reason.SETTLED_BY_PERSON
    message.fence += 1
    refresh_state(session, session.get_one(Dispatch, message.dispatch_id), now)


def settle_as_absent(session: Session, message_id: int, now: datetime) -> None:
    """A person looked and the message is not in the chat: it is sent again.

    Raises:
        SettledAlready: its outcome is known by now.
    """
    message = _uncertain(session, message_id)
    dispatch = session.get_one(Dispatch, message.dispatch_id)
    message.reason = ""
    message.fence += 1
    queue_again(dispatch, message, now)
    refresh_state(session, dispatch, now)


def _uncertain(session: Session, message_id: int) -> Message:
    message = session.get(Message, message_id, with_for_update=True)
    if message is None or message.state is not MessageState.UNCERTAIN:
        raise SettledAlready("this message is settled already")
    return message


def _supersede(session: Session, dispatch: Dispatch, now: datetime) -> None:
    states = {message.state for message in messages_of(session, dispatch.id)}
    if MessageState.UNCERTAIN in states:
        raise NotConfirmedYet(_NOT_CONFIRMED)
    if MessageState.SENDING in states:
        raise StillBeingSent(_STILL_OPEN)
    if states & {MessageState.QUEUED, MessageState.CLAIMED}:
        cancel_unsent(session, dispatch, Reason.SUPERSEDED, now)
    elif not states and dispatch.state is not DispatchState.CANCELLED:
        set_state(session, dispatch, DispatchState.CANCELLED, now=now, reason=Reason.SUPERSEDED)
