"""Recording that a message was sent, and beginning the next part of its dispatch with it.

A commit costs a disk flush and a claim several statements; a dispatch of four parts would spend
more time on them than on its requests. Going on is a claim like any other: what has come up since
counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from cloud.conversations.deriving import Part, parts_of_dispatch, store_derived
from cloud.conversations.models import Attempt, Message
from cloud.conversations.states import AttemptOutcome, DispatchState, MessageState
from cloud.database.base import UtcDateTime
from cloud.database.clock import database_now
from cloud.database.prepared import Changing, Reading
from cloud.dispatcher.beginning import Begun, add_attempt
from cloud.dispatcher.claims import SETTLED, Claim
from cloud.dispatcher.pace import speed_up, use_turn
from cloud.dispatcher.reserving import UNDER_WAY
from cloud.dispatcher.results import doubt_same_id
from cloud.dispatcher.rules import may_begin
from cloud.dispatcher.senders import may_begin_requests
from cloud.dispatcher.sent import MessageFacts, facts_of, is_recorded_elsewhere, mark_sent
from cloud.dispatcher.uploads import HEIGHT_PX, URL, WIDTH_PX, upload_values
from cloud.marketplaces.chats import SentMessage, UploadedImage

_COMPLETE = Changing(
    update(Attempt)
    .where(Attempt.id == bindparam("attempt_id"), Attempt.finished_at.is_(None))
    .values(finished_at=bindparam("now"), outcome=AttemptOutcome.SENT.value)
)
_KEEP_UPLOAD = Changing(
    update(Message)
    .where(
        Message.id == bindparam("message_id"),
        Message.fence == bindparam("held_fence"),
        Message.state == MessageState.QUEUED,
    )
    .values(
        uploaded_url=URL,
        uploaded_width_px=WIDTH_PX,
        uploaded_height_px=HEIGHT_PX,
        uploaded_at=bindparam("now"),
    )
)
_TAKE = Changing(
    update(Message)
    .where(
        Message.id == bindparam("message_id"),
        Message.fence == bindparam("held_fence"),
        Message.state == MessageState.QUEUED,
    )
    .values(
        state=bindparam("new_state"),
        fence=bindparam("new_fence"),
        claimed_by=bindparam("new_sender"),
        lease_until=bindparam("until"),
        tries=bindparam("new_tries"),
        uploaded_url=func.coalesce(URL, Message.uploaded_url),
        uploaded_width_px=func.coalesce(WIDTH_PX, Message.uploaded_width_px),
        uploaded_height_px=func.coalesce(HEIGHT_PX, Message.uploaded_height_px),
        uploaded_at=func.coalesce(bindparam("url_at", type_=UtcDateTime()), Message.uploaded_at),
    )
)
_TAKEN = Reading(
    select(Message.fence, Message.claimed_by, Message.state).where(
        Message.id == bindparam("message_id")
    )
)
_ATTEMPT_OF_CLAIM = Reading(
    select(Attempt.id, Attempt.started_at).where(
        Attempt.message_id == bindparam("message_id"), Attempt.fence == bindparam("held_fence")
    )
)


@dataclass(frozen=True, slots=True)
class Following:
    """The part that comes next, as it was when its dispatch was begun: never claimed."""

    claim: Claim
    """As it will be; the row's fence is still one less."""
    is_ready: bool
    """Its request can go out at once, so that it becomes `sending` and not only `claimed`."""
    uploaded: UploadedImage | None
    """New since it was read."""
    sender: str
    lease: timedelta


@dataclass(frozen=True, slots=True)
class WentOn:
    """What became of the part that follows."""

    is_claimed: bool
    begun: Begun | None
    """Its request may go out now."""
    whole_since: datetime | None = None
    """When the dispatch was asked for that the message before completed."""
    is_doubted: bool = False
    """The message before was not recorded as sent."""


NOT_NOW = WentOn(is_claimed=False, begun=None)


def finish_sent(
    session: Session,
    claim: Claim,
    begun: Begun,
    sent: SentMessage,
    following: Following | None = None,
) -> WentOn:
    """The marketplace has the message, and that stands whoever has the claim by now.

    Takes the next part of its dispatch with it if that may go now. Safe to run again after it was
    committed: what it took then is found to be ours.
    """
    facts = facts_of(session, claim.message_id)
    now = database_now(session)
    if is_recorded_elsewhere(
        session, shop_id=facts.shop_id, message_id=facts.id, marketplace_id=sent.message_id
    ):
        doubt_same_id(session, claim, begun.attempt_id)
        return replace(NOT_NOW, is_doubted=True)
    if not _COMPLETE.run(session, attempt_id=begun.attempt_id, now=now):
        return _taken_before(session, following) if following else NOT_NOW
    sent_by_another = facts.fence != claim.fence and facts.state is MessageState.SENDING
    if facts.marketplace_id is not None or sent_by_another:
        return NOT_NOW
    # Whoever claimed it since finds it sent when about to begin.
    mark_sent(session, facts, sent, now)
    if facts.backoff_level:
        speed_up(session, facts.shop_id)
    parts: Sequence[Part] = parts_of_dispatch(session, facts.dispatch.id)
    went_on = NOT_NOW
    # A claim that was lost has no say about what follows.
    if following is not None and facts.fence == claim.fence:
        parts, went_on = _go_on(session, facts, parts, following, now)
    derived = store_derived(session, facts.dispatch, parts, now)
    is_whole = derived.state is DispatchState.SENT
    return replace(went_on, whole_since=facts.asked_at if is_whole else None)


def keep_for_later(session: Session, claim: Claim, uploaded: UploadedImage) -> None:
    """Keep the upload of a part that could not follow at once, if nobody has taken it since."""
    now = database_now(session)
    fence = claim.fence - 1
    _KEEP_UPLOAD.run(
        session,
        message_id=claim.message_id,
        held_fence=fence,
        now=now,
        **upload_values(uploaded),
    )


def _go_on(
    session: Session,
    facts: MessageFacts,
    parts: Sequence[Part],
    following: Following,
    now: datetime,
) -> tuple[Sequence[Part], WentOn]:
    changed, went_on = _take_next(session, facts, parts, following, now)
    if not went_on.is_claimed and following.uploaded is not None:
        keep_for_later(session, following.claim, following.uploaded)
    return changed, went_on


def _take_next(
    session: Session,
    facts: MessageFacts,
    parts: Sequence[Part],
    following: Following,
    now: datetime,
) -> tuple[Sequence[Part], WentOn]:
    part = next(one for one in parts if one.id == following.claim.message_id)
    if part.fence != following.claim.fence - 1 or not _may_go(facts, parts, part, now):
        return parts, NOT_NOW
    if not may_begin_requests(session, following.sender):
        return parts, NOT_NOW
    state = MessageState.SENDING if following.is_ready else MessageState.CLAIMED
    taken = _TAKE.run(
        session,
        message_id=part.id,
        held_fence=part.fence,
        new_fence=following.claim.fence,
        new_state=state,
        new_sender=following.sender,
        until=now + following.lease,
        new_tries=1 if following.is_ready else 0,
        url_at=now if following.uploaded else None,
        **upload_values(following.uploaded),
    )
    if not taken:
        return parts, NOT_NOW
    use_turn(session, facts.shop_id, facts.gap_ms, now)
    begun = None
    if following.is_ready:
        begun = add_attempt(session, following.claim, now, sender=following.sender)
    changed = [one._replace(state=state) if one.id == part.id else one for one in parts]
    return changed, WentOn(is_claimed=True, begun=begun)


def _may_go(facts: MessageFacts, parts: Sequence[Part], part: Part, now: datetime) -> bool:
    """The rules of a claim for a dispatch that has begun; its buyer is written to by us alone."""
    waits_for_earlier = any(
        one.position < part.position and one.state not in SETTLED for one in parts
    )
    obstacle = may_begin(
        sending_enabled=facts.sending_enabled,
        platform_enabled=True,
        batch_refused=False,
        asked_by_person=facts.asked_by_person,
        has_begun=True,
        age=timedelta(),
        too_old=timedelta(),
    )
    return (
        facts.dispatch_state in UNDER_WAY
        and not facts.withdrawn
        and not waits_for_earlier
        and obstacle is None
        and part.not_before <= now
        and facts.free_at <= now
    )


def _taken_before(session: Session, following: Following) -> WentOn:
    """Whether this ran before, and its commit was not answered."""
    claim = following.claim
    fence, claimed_by, state = _TAKEN.one(session, message_id=claim.message_id)
    if fence != claim.fence or claimed_by != following.sender:
        return NOT_NOW
    if state is not MessageState.SENDING:
        return WentOn(is_claimed=state is MessageState.CLAIMED, begun=None)
    attempt_id, started_at = _ATTEMPT_OF_CLAIM.one(
        session, message_id=claim.message_id, held_fence=claim.fence
    )
    return WentOn(is_claimed=True, begun=Begun(attempt_id, started_at))
