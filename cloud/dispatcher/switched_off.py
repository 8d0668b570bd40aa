"""What was queued when a capture platform is switched off is saved instead."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchState, Reason
from cloud.dispatcher.ending import end_unsent
from cloud.dispatcher.rules import Decision
from cloud.proofs.models import Proof
from cloud.proofs.platforms import Platform

_SAVED = Decision(DispatchState.SAVED_NOT_SENT, Reason.PLATFORM_SWITCHED_OFF)


def save_queued(session: Session, platform: Platform, now: datetime) -> None:
    """Send nothing of what is planned and has not begun (a scoped session).

    What a buyer got a part of goes on to its end. What a person asked to send stays as it is.
    """
    queued = session.scalars(
        select(Dispatch)
        .join(Proof, Proof.id == Dispatch.proof_id)
        .where(
            Proof.platform == platform,
            Dispatch.state == DispatchState.QUEUED,
            Dispatch.asked_by_member_id.is_(None),
        )
        .order_by(Dispatch.id)
        .with_for_update(of=Dispatch)
    )
    for dispatch in queued.all():
        end_unsent(session, dispatch, _SAVED, now)
