"""Committing `sending` for one message, immediately before its request (invariant 5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from cloud.conversations.deriving import DispatchKey, parts_of_dispatch, store_derived
from cloud.conversations.models import Attempt, Dispatch, Message
from cloud.conversations.states import DispatchState, MessageState
from cloud.database.clock import database_now
from cloud.database.prepared import Adding, Changing, Reading
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.errors import ClaimLost, SenderSilenced
from cloud.dispatcher.senders import may_begin_requests
from cloud.dispatcher.uploads import HEIGHT_PX, URL, WIDTH_PX, upload_values
from cloud.marketplaces.chats import UploadedImage

_HELD = Reading(
    select(
        Message.organisation_id,
        Message.state,
        Message.uploaded_url,
        Message.uploaded_at,
        Dispatch.id,
        Dispatch.device_id,
        Dispatch.proof_key,
        Dispatch.state,
    )
    .join(Dispatch, Dispatch.id == Message.dispatch_id)
    .where(Message.id == bindparam("message_id"))
    .with_for_update(of=(Message, Dispatch))
)
_BEGIN = Changing(
    update(Message)
    .where(
        Message.id == bindparam("message_id"),
        Message.fence == bindparam("held_fence"),
        Message.state == MessageState.CLAIMED,
        Message.lease_until > bindparam("now"),
    )
    .values(
        state=MessageState.SENDING,
        lease_until=bindparam("until"),
        tries=Message.tries + 1,
        uploaded_url=URL,
        uploaded_width_px=WIDTH_PX,
        uploaded_height_px=HEIGHT_PX,
        uploaded_at=bindparam("url_at"),
    )
)
_NEWEST_NUMBER = Reading(
    select(func.max(Attempt.number)).where(Attempt.message_id == bindparam("message_id"))
)
_ADD_ATTEMPT = Adding(Attempt)


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that may go out now: `sending` is committed."""

    attempt_id: int
    started_at: datetime


def begin_sending(
    session: Session,
    claim: Claim,
    *,
    sender: str,
    lease: timedelta,
    uploaded: UploadedImage | None,
) -> Begun:
    """Make a claimed message `sending`, with its attempt.

    Raises:
        ClaimLost: the claim is not ours any more.
        SenderSilenced: this process must end.
    """
    if not may_begin_requests(session, sender):
        raise SenderSilenced(f"{sender} lost its lock, and another process noticed it")
    held = _HELD.one(session, message_id=claim.message_id)
    organisation_id, state, old_url, old_url_at, dispatch_id, device_id, proof_key, told = held
    now = database_now(session)
    begun = _BEGIN.run(
        session,
        message_id=claim.message_id,
        held_fence=claim.fence,
        now=now,
        until=now + lease,
        url_at=old_url_at if uploaded is None or uploaded.url == old_url else now,
        **upload_values(uploaded),
    )
    if not begun:
        raise ClaimLost(f"message {claim.message_id} is {state}, not ours, or its lease ran out")
    made = add_attempt(session, claim, now, sender=sender)
    if told is not DispatchState.SENDING:  # else it is no news that its next part begins
        key = DispatchKey(dispatch_id, organisation_id, device_id, proof_key)
        store_derived(session, key, parts_of_dispatch(session, dispatch_id), now)
    return made


def add_attempt(session: Session, claim: Claim, now: datetime, *, sender: str) -> Begun:
    """Write down that a request goes out. Its caller completes it."""
    attempt_id = _ADD_ATTEMPT.run(
        session,
        organisation_id=claim.organisation_id,
        message_id=claim.message_id,
        number=_next_number(session, claim),
        fence=claim.fence,
        sender=sender,
        started_at=now,
    )
    return Begun(attempt_id, now)


def _next_number(session: Session, claim: Claim) -> int:
    if claim.fence == 1:  # an attempt belongs to a claim, and this is the first
        return 1
    return newest_number(session, claim.message_id) + 1


def newest_number(session: Session, message_id: int) -> int:
    """The number of a message's newest attempt; 0: it has none."""
    (newest,) = _NEWEST_NUMBER.one(session, message_id=message_id)
    return newest or 0
