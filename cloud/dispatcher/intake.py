"""What a proof asks for, in the transaction that takes it in."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.outbox import (
    DispatchNews,
    cancel_unsent,
    messages_of,
    set_state,
    tell_of,
)
from cloud.conversations.states import DispatchKind, DispatchState, Reason
from cloud.database.prepared import Adding, Reading
from cloud.database.restorations import doubt_of
from cloud.proofs.models import Proof
from cloud.proofs.platforms import Platform

_ADD_DISPATCH = Adding(Dispatch)
_ASKED = Reading(select(Dispatch.id).where(Dispatch.request_key == bindparam("request_key")))

_SAVED_MODES = {"training": Reason.TRAINING, "return": Reason.RETURN}
_NOT_PLANNED = frozenset(
    {DispatchState.WAITING_FOR_ORDER, DispatchState.HELD, DispatchState.NEEDS_PERSON}
)


def ask_for_dispatch(session: Session, proof: Proof, now: datetime) -> None:
    """Dispatch a proof that was closed with F4, or take back one that was withdrawn.

    Safe to run twice: a proof and revision give one dispatch (invariant 7).
    """
    if proof.closing == "send":
        _open(session, proof, now)
    elif proof.closing == "withdrawn":
        _take_back(session, proof, now)


def _open(session: Session, proof: Proof, now: datetime) -> None:
    request_key = f"proof:{proof.organisation_id}:{proof.proof_key}"
    if _ASKED.first(session, request_key=request_key) is not None:
        return
    state, reason = _begins_as(session, proof, now)
    dispatch_id = _ADD_DISPATCH.run(
        session,
        organisation_id=proof.organisation_id,
        kind=DispatchKind.PROOF,
        proof_id=proof.id,
        proof_key=proof.proof_key,
        device_id=proof.device_id,
        code=proof.code,
        state=state,
        reason=reason or "",
        request_key=request_key,
        # A clock that was not synchronised may be years off; then our own time counts. One that
        # runs ahead would keep the dispatch from ever being too old to send unseen.
        asked_at=min(proof.closed_at, now) if proof.clock_synced else now,
        created_at=now,
        updated_at=now,
        next_check_at=None if reason else now,
    )
    tell_of(
        session,
        dispatch_id,
        organisation_id=proof.organisation_id,
        device_id=proof.device_id,
        proof_key=proof.proof_key,
        news=DispatchNews(state, waits_for_sender=False),
    )


def _begins_as(
    session: Session, proof: Proof, now: datetime
) -> tuple[DispatchState, Reason | None]:
    if saved := _SAVED_MODES.get(proof.mode):
        return DispatchState.SAVED_NOT_SENT, saved
    if proof.platform != Platform.TABLE and not proof.photo_count:
        # A table never closes a proof like that; a browser does where its webcam is off (S0-11).
        return DispatchState.SAVED_NOT_SENT, Reason.WITHOUT_PHOTO
    doubt = doubt_of(session)
    if doubt.covers(proof.closed_at, clock_synced=proof.clock_synced, now=now):
        return DispatchState.NEEDS_PERSON, Reason.RESTORED
    return DispatchState.WAITING_FOR_ORDER, None


def _take_back(session: Session, proof: Proof, now: datetime) -> None:
    """Cancel what has not been sent. What has, stays: the log says so, and the table hears it."""
    dispatches = session.scalars(select(Dispatch).where(Dispatch.proof_id == proof.id))
    for dispatch in dispatches:
        dispatch.withdrawn = True
        if messages_of(session, dispatch.id):
            cancel_unsent(session, dispatch, Reason.WITHDRAWN, now)
        elif dispatch.state in _NOT_PLANNED:
            set_state(session, dispatch, DispatchState.CANCELLED, now=now, reason=Reason.WITHDRAWN)
