"""Deleting what is known of one buyer. It cannot be undone.

What stays are the bare facts: numbers of orders and parcels, times, states. They say that an order
was packed and sent once, and nothing of who bought it or what. Done in parts, of which each is
whole: what was interrupted is asked for again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cloud.accounts.audit import Recorded, record
from cloud.accounts.roles import Deed
from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.database.base import utc_now
from cloud.database.scope import Scope, scope_of
from cloud.database.write import Database
from cloud.orders.models import Order, OrderItem
from cloud.photos.store import PhotoStore
from cloud.privacy.buyer_data import BuyerData, buyer_data, conversation_of
from cloud.privacy.buyers import Buyer
from cloud.privacy.deleting import free_bytes, let_photos_go
from cloud.privacy.due import OldPhoto
from cloud.privacy.errors import BuyerHeld, NoSuchBuyer, StillSending
from cloud.privacy.judging import STILL_NEEDED
from cloud.privacy.kinds import Cause
from cloud.privacy.models import RetentionRun
from cloud.privacy.runs import BUYER, count_deleted
from cloud.proofs.models import Photo, ProofPhoto

ORDERS_AT_ONCE = 20
"""In one transaction."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted."""

    orders: int
    photos: int


def require_erasable(data: BuyerData) -> None:
    """Raise what keeps a buyer's data from being deleted.

    Raises:
        BuyerHeld: somebody keeps an order of theirs from deletion.
        StillSending: something is on its way to them, or waits for a person.
    """
    if data.holds:
        raise BuyerHeld("an order of this buyer is kept from deletion: end the hold first")
    if any(one.state in STILL_NEEDED for one in data.dispatches):
        raise StillSending("something may still be sent to this buyer: wait, or settle it first")


def erase_buyer(
    database: Database, store: PhotoStore, scope: Scope, buyer: Buyer, member_id: int
) -> Erased:
    """Delete all that is known of a buyer, and free the room of the photos.

    Raises:
        NoSuchBuyer: nothing is known of them (any more).
        BuyerHeld, StillSending: see `require_erasable`. What came before in parts stays deleted.
        PhotoStoreError: all is deleted; the bytes of photos go within the hour.
    """
    with database.read(scope) as session:
        data = buyer_data(session, buyer)
    if data is None or all(one.erased_at for one in data.orders):
        raise NoSuchBuyer("nothing is known of this buyer")
    require_erasable(data)
    orders = photos = 0
    while True:
        part = database.write(lambda session: _erase_part(session, buyer, member_id), scope)
        orders, photos = orders + part.orders, photos + part.photos
        if part.orders < ORDERS_AT_ONCE:
            break
    free_bytes(database, store, scope, lambda: True)
    return Erased(orders, photos)


def _erase_part(session: Session, buyer: Buyer, member_id: int) -> Erased:
    """The oldest orders of those that are left, and with the last the conversation (a unit)."""
    now = utc_now()
    data = buyer_data(session, buyer, ORDERS_AT_ONCE)
    if data is None:
        _erase_conversation(session, buyer)
        return Erased(0, 0)
    require_erasable(data)
    photos = _erase_photos(session, data.kept_photos, now)
    _erase_messages(session, data)
    ids = [one.id for one in data.orders]
    session.execute(delete(OrderItem).where(OrderItem.order_id.in_(ids)))
    nobody = {"buyer_id": "", "buyer_name": "", "recipient_name": "", "erased_at": now}
    session.execute(update(Order).where(Order.id.in_(ids)).values(**nobody))
    if len(ids) < ORDERS_AT_ONCE:
        _erase_conversation(session, buyer)
    what = f"orders {' '.join(map(str, ids))}; photos: {photos}"
    organisation_id = scope_of(session).organisation_id
    if organisation_id is not None:
        done = Recorded(now, Deed.ERASE_BUYER, member_id, what, ending="deleted")
        record(session, organisation_id, done)
    return Erased(len(ids), photos)


def _erase_photos(session: Session, photos: Sequence[ProofPhoto], now: datetime) -> int:
    """Note that they are deleted; delete those that no other order shows."""
    if not photos:
        return 0
    ids = [one.id for one in photos]
    session.execute(
        update(ProofPhoto)
        .where(ProofPhoto.id.in_(ids))
        .values(deleted_at=now, deleted_for=Cause.BUYER.value)
        .execution_options(synchronize_session=False)
    )
    sha256s = {one.sha256 for one in photos}
    shown = set(
        session.scalars(
            select(ProofPhoto.sha256).where(
                ProofPhoto.sha256.in_(sha256s), ProofPhoto.deleted_at.is_(None)
            )
        )
    )
    rows = session.scalars(select(Photo).where(Photo.sha256.in_(sha256s - shown))).all()
    run = RetentionRun(
        kind=BUYER, older_than=now, started_at=now, ended_at=now, deleted_count=0, freed_bytes=0
    )
    session.add(run)
    session.flush()
    going = [OldPhoto(one.id, one.sha256, one.size_bytes, one.stored_at) for one in rows]
    let_photos_go(session, going, run_id=run.id, cause=Cause.BUYER, now=now)
    count_deleted(session, run.id, len(going))
    return len(going)


def _erase_messages(session: Session, data: BuyerData) -> None:
    dispatches = [one.id for one in data.dispatches]
    messages = [message.id for message, _attempts in data.messages]
    session.execute(
        update(Message)
        .where(Message.id.in_(messages))
        .values(
            text="",
            detail="",
            uploaded_url=None,
            uploaded_width_px=None,
            uploaded_height_px=None,
        )
    )
    session.execute(update(Attempt).where(Attempt.message_id.in_(messages)).values(detail=""))
    session.execute(update(Dispatch).where(Dispatch.id.in_(dispatches)).values(detail="", note=""))


def _erase_conversation(session: Session, buyer: Buyer) -> None:
    """Whoever buys again begins another one."""
    conversation = conversation_of(session, buyer)
    if conversation is None:
        return
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation.id)
        .values(buyer_id=f"erased:{conversation.id}", buyer_name="", external_id=None)
    )
