"""What a sender needs to know to send a claimed message, and those that follow it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.conversations.states import AttemptOutcome, MessageKind, MessageState
from cloud.database.base import utc_now
from cloud.database.prepared import Reading
from cloud.database.scope import Scope, scoped
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.doubts import MAY_HAVE_ARRIVED
from cloud.dispatcher.picture_facts import PictureFacts, Pictures
from cloud.dispatcher.retry import Failures
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.chats import UploadedImage
from cloud.shops.gateway import ShopKey

_NO_FAILURES = Failures()
_STAYS_OPEN = timedelta(minutes=10)
_NOT_IN_CHAT = (AttemptOutcome.REFUSED, AttemptOutcome.NOT_SENT)
_CLAIMED = aliased(Message)
# Only what was never claimed follows by itself: nothing can be in doubt about it.
_AND_WHAT_FOLLOWS = Reading(
    select(
        Message.id,
        Message.organisation_id,
        Message.shop_id,
        Message.dispatch_id,
        Message.kind,
        Message.text,
        Message.photos,
        Message.order_number,
        Message.uploaded_url,
        Message.uploaded_width_px,
        Message.uploaded_height_px,
        Message.uploaded_at,
        Conversation.buyer_id,
        Conversation.external_id,
        Conversation.checked_at,
        Dispatch.asked_at,
        Dispatch.proof_key,
    )
    .join(_CLAIMED, _CLAIMED.dispatch_id == Message.dispatch_id)
    .join(Conversation, Conversation.id == Message.conversation_id)
    .join(Dispatch, Dispatch.id == Message.dispatch_id)
    .where(
        _CLAIMED.id == bindparam("message_id"),
        or_(
            Message.id == _CLAIMED.id,
            and_(
                Message.position > _CLAIMED.position,
                Message.state == MessageState.QUEUED,
                Message.fence == 0,
            ),
        ),
    )
    .order_by(Message.position)
)
_OUTCOMES = Reading(select(Attempt.outcome).where(Attempt.message_id == bindparam("message_id")))


@dataclass(frozen=True, slots=True)
class Job:
    """A message as read for sending: a claimed one, or one that is claimed when its turn comes."""

    claim: Claim
    """For one that follows: the claim as it will be."""
    shop: ShopKey
    dispatch_id: int
    proof_key: str | None
    kind: MessageKind
    text: str
    order_number: str
    buyer_id: str
    conversation_id: str
    """Of a conversation that was read a moment ago, so that it is open; else empty."""
    picture: PictureFacts | None
    """What to make a picture of, where the message is one."""
    uploaded: UploadedImage | None
    """Of an earlier try, where it can still be used."""
    earlier: Failures
    is_too_old: bool
    """A failure is its end: it was asked for too long ago to be tried again."""

    @property
    def scope(self) -> Scope:
        """All writes about it happen in its organisation's scope."""
        return scoped(self.claim.organisation_id)

    @property
    def ids(self) -> dict[str, object]:
        """What a line of the log names it by."""
        return {
            "message_id": self.claim.message_id,
            "dispatch": self.dispatch_id,
            "shop": self.shop.shop_id,
            "proof": self.proof_key,
        }


class _Row(NamedTuple):
    """A row of _AND_WHAT_FOLLOWS."""

    id: int
    organisation_id: int
    shop_id: int
    dispatch_id: int
    kind: MessageKind
    text: str
    photos: str
    order_number: str
    uploaded_url: str | None
    uploaded_width_px: int | None
    uploaded_height_px: int | None
    uploaded_at: datetime | None
    buyer_id: str
    external_id: str | None
    checked_at: datetime | None
    asked_at: datetime
    proof_key: str | None


def jobs_from(session: Session, claim: Claim, settings: DispatcherSettings) -> Sequence[Job]:
    """The claimed message, then those of its dispatch that may follow at once, in their order."""
    rows = _AND_WHAT_FOLLOWS.all(session, message_id=claim.message_id)
    found = [_Row._make(row) for row in rows]
    pictures = _pictures(session, found, settings)
    first, *following = [_job(row, pictures, settings) for row in found]
    return [replace(first, claim=claim, earlier=_failures(session, claim)), *following]


def _pictures(
    session: Session, rows: Sequence[_Row], settings: DispatcherSettings
) -> Pictures | None:
    """None: there are only texts, and nothing is read for them."""
    if not any(row.photos for row in rows):
        return None
    one = rows[0]
    return Pictures(
        session, dispatch_id=one.dispatch_id, shop_id=one.shop_id, settings=settings.pictures
    )


def _open_conversation(row: _Row) -> str:
    was_read = row.checked_at is not None and row.checked_at > utc_now() - _STAYS_OPEN
    return (row.external_id or "") if was_read else ""


def _job(row: _Row, pictures: Pictures | None, settings: DispatcherSettings) -> Job:
    """One that was never claimed."""
    sha256s = row.photos.split()
    return Job(
        claim=Claim(row.id, row.organisation_id, fence=1),
        shop=ShopKey(row.organisation_id, row.shop_id),
        dispatch_id=row.dispatch_id,
        proof_key=row.proof_key,
        kind=row.kind,
        text=row.text,
        order_number=row.order_number,
        buyer_id=row.buyer_id,
        conversation_id=_open_conversation(row),
        picture=pictures.of(sha256s, row.order_number) if pictures and sha256s else None,
        uploaded=_good_upload(row, settings.upload_good_for),
        earlier=_NO_FAILURES,
        is_too_old=utc_now() - row.asked_at > settings.too_old,
    )


def _good_upload(row: _Row, good_for: timedelta) -> UploadedImage | None:
    if row.uploaded_url is None or row.uploaded_at is None:
        return None
    if utc_now() - row.uploaded_at >= good_for:
        return None
    return UploadedImage(row.uploaded_url, row.uploaded_width_px, row.uploaded_height_px)


def _failures(session: Session, claim: Claim) -> Failures:
    if claim.fence <= 1:  # an attempt belongs to a claim, and this is the first
        return _NO_FAILURES
    every = [outcome for (outcome,) in _OUTCOMES.all(session, message_id=claim.message_id)]
    return Failures(
        refused=sum(one in _NOT_IN_CHAT for one in every),
        unknown=any(one in MAY_HAVE_ARRIVED for one in every),
    )
