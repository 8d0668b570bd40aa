"""All that is held about one buyer, and as a document that the buyer can be given. Reads only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.conversations.queries import messages_with_attempts
from cloud.orders.models import Order, OrderItem, Parcel
from cloud.orders.queries import TRACKING_COUNTS_FOR
from cloud.privacy.buyers import Buyer, orders_of
from cloud.proofs.models import Proof, ProofHold, ProofPhoto
from cloud.proofs.queries import photos_of_each
from cloud.shops.models import Shop

_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BuyerData:
    """The rows about a buyer, each kind in its order."""

    buyer: Buyer
    shop: Shop
    orders: Sequence[Order]
    items: Sequence[OrderItem]
    parcels: Sequence[Parcel]
    conversation: Conversation | None
    dispatches: Sequence[Dispatch]
    messages: Sequence[tuple[Message, Sequence[Attempt]]]
    proofs: Sequence[Proof]
    photos: Sequence[ProofPhoto]
    holds: Sequence[ProofHold]
    """In force, on one of the proofs."""

    @property
    def kept_photos(self) -> list[ProofPhoto]:
        """Those that are not deleted."""
        return [one for one in self.photos if one.deleted_at is None]

    @property
    def name(self) -> str:
        """As the marketplace shows it; empty where it is not known."""
        return next((one.buyer_name for one in reversed(self.orders) if one.buyer_name), "")


def buyer_data(session: Session, buyer: Buyer, most: int | None = None) -> BuyerData | None:
    """What is held (a scoped session), of the oldest ``most`` orders; None: no order is left."""
    orders = orders_of(session, buyer, most)
    if not orders:
        return None
    ids = [one.id for one in orders]
    parcels = session.scalars(
        select(Parcel).where(Parcel.order_id.in_(ids)).order_by(Parcel.id)
    ).all()
    dispatches = session.scalars(
        select(Dispatch).where(Dispatch.order_id.in_(ids)).order_by(Dispatch.id)
    ).all()
    proofs = _proofs(session, orders, parcels, dispatches)
    photos_of = photos_of_each(session, [one.id for one in proofs])
    return BuyerData(
        buyer,
        session.get_one(Shop, buyer.shop_id),
        orders,
        session.scalars(
            select(OrderItem)
            .where(OrderItem.order_id.in_(ids))
            .order_by(OrderItem.order_id, OrderItem.position)
        ).all(),
        parcels,
        conversation_of(session, buyer),
        dispatches,
        messages_with_attempts(session, [one.id for one in dispatches]),
        proofs,
        [photo for proof in proofs for photo in photos_of.get(proof.id, ())],
        session.scalars(
            select(ProofHold).where(
                ProofHold.proof_id.in_([one.id for one in proofs]),
                ProofHold.released_at.is_(None),
            )
        ).all(),
    )


def document(data: BuyerData, made_at: datetime) -> dict[str, object]:
    """The same for a JSON file; times in UTC. Names of members are theirs, and left out."""
    return {
        "made_at": _utc(made_at),
        "marketplace": data.shop.channel,
        "country": data.shop.country,
        "shop": data.shop.name,
        "buyer": {"id": data.buyer.buyer_id, "name": data.name},
        "orders": [_order(data, one) for one in data.orders],
        "conversation": _talk(data.conversation),
        "messages": [_message(*one) for one in data.messages],
        "packed": [_proof(data, one) for one in data.proofs],
    }


def file_name(data: BuyerData, photo: ProofPhoto) -> str:
    """Of a photo, beside the document."""
    proof = next(one for one in data.proofs if one.id == photo.proof_id)
    return f"photos/{proof.proof_key}-{photo.position + 1}.jpg"


def _proofs(
    session: Session,
    orders: Sequence[Order],
    parcels: Sequence[Parcel],
    dispatches: Sequence[Dispatch],
) -> Sequence[Proof]:
    """Of the sends, and those that were scanned and never sent; no other buyer's among them."""
    sent = {one.proof_id for one in dispatches if one.proof_id is not None}
    order_of = {one.id: one for one in orders}
    scanned = dict[str, Order]()
    for parcel in parcels:
        if parcel.tracking_number:
            scanned[parcel.tracking_number] = order_of[parcel.order_id]
    numbers = {one.order_number for one in orders}
    by_code = session.scalars(
        select(Proof).where(Proof.code.in_(sorted(numbers | scanned.keys())))
    ).all()
    others = set(
        session.scalars(
            select(Dispatch.proof_id).where(
                Dispatch.proof_id.in_([one.id for one in by_code]),
                Dispatch.order_id.is_not(None),
                Dispatch.order_id.not_in(list(order_of)),
            )
        )
    )
    own = {
        one.id
        for one in by_code
        if one.id not in others and (one.code in numbers or _is_of(one, scanned[one.code]))
    }
    return session.scalars(
        select(Proof).where(Proof.id.in_(sorted(sent | own))).order_by(Proof.id)
    ).all()


def _is_of(proof: Proof, order: Order) -> bool:
    """Carriers use tracking numbers again: an older or later parcel is somebody else's."""
    begins = order.ordered_at - _CLOCKS_DIFFER
    return begins <= proof.packed_at <= order.ordered_at + TRACKING_COUNTS_FOR


def conversation_of(session: Session, buyer: Buyer) -> Conversation | None:
    """The talk with a buyer, if there was one (a scoped session)."""
    if not buyer.buyer_id:
        return None
    return session.scalar(
        select(Conversation).where(
            Conversation.shop_id == buyer.shop_id, Conversation.buyer_id == buyer.buyer_id
        )
    )


def _order(data: BuyerData, order: Order) -> dict[str, object]:
    return {
        "number": order.order_number,
        "status": order.status,
        "is_cancelled": order.cancelled,
        "is_refunded": order.refunded,
        "buyer_name": order.buyer_name,
        "recipient_name": order.recipient_name,
        "ordered_at": _utc(order.ordered_at),
        "changed_at": _utc(order.changed_at),
        "items": [
            {"name": one.name, "variant": one.variant, "sku": one.sku, "quantity": one.quantity}
            for one in data.items
            if one.order_id == order.id
        ],
        "tracking_numbers": [
            one.tracking_number
            for one in data.parcels
            if one.order_id == order.id and one.tracking_number
        ],
    }


def _talk(conversation: Conversation | None) -> dict[str, object] | None:
    if conversation is None:
        return None
    return {"id": conversation.external_id, "buyer_name": conversation.buyer_name}


def _message(message: Message, attempts: Sequence[Attempt]) -> dict[str, object]:
    return {
        "order_number": message.order_number,
        "kind": message.kind.value,
        "text": message.text,
        "photos": message.photos.split(),
        "state": message.state.value,
        "marketplace_message_id": message.marketplace_message_id,
        "sent_at": _utc(message.sent_at) if message.sent_at else None,
        "attempts": [
            {"started_at": _utc(one.started_at), "outcome": one.outcome, "detail": one.detail}
            for one in attempts
        ],
    }


def _proof(data: BuyerData, proof: Proof) -> dict[str, object]:
    return {
        "code_as_scanned": proof.code,
        "opened_at": _utc(proof.opened_at),
        "closed_at": _utc(proof.closed_at),
        "received_at": _utc(proof.received_at),
        "photos": list(_photos(data, proof)),
    }


def _photos(data: BuyerData, proof: Proof) -> Iterator[dict[str, object]]:
    for photo in data.photos:
        if photo.proof_id == proof.id:
            is_kept = photo.deleted_at is None
            yield {
                "file": file_name(data, photo) if is_kept else None,
                "sha256": photo.sha256,
                "taken_at": _utc(photo.taken_at),
                "deleted_at": _utc(photo.deleted_at) if photo.deleted_at else None,
            }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
