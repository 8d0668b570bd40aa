"""Shipped orders without a proof (scoped sessions).

Whether an order has one is decided some time after it was shipped, because a table may have been
offline; a proof that comes later still counts. Orders from before the first proof count as none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchKind
from cloud.orders.models import Order
from cloud.proofs.models import Proof
from cloud.shops.models import Shop

GRACE = timedelta(hours=2)
MOST_COUNTED = 1_000
_WITH_PHOTOS = (Dispatch.kind == DispatchKind.PROOF, Proof.photo_count > 0)


@dataclass(frozen=True, slots=True)
class UnprovenOrder:
    """A shipped order that nobody took photos of."""

    order_id: int
    order_number: str
    shop_name: str
    channel: str
    shipped_at: datetime | None


def judge(session: Session, now: datetime, most: int) -> int:
    """Decide about so many orders whose time has come; how many there were."""
    due = session.execute(
        select(Order.id, Order.shipped_at)
        .where(Order.proof_found.is_(None), Order.shipped_at <= now - GRACE)
        .order_by(Order.shipped_at)
        .limit(most)
    ).all()
    begun = session.scalar(select(Proof.received_at).order_by(Proof.id).limit(1))
    proven = _proven(session, [order_id for order_id, _at in due])
    bare = [
        order_id
        for order_id, shipped_at in due
        if order_id not in proven and begun and shipped_at and shipped_at >= begun
    ]
    _decide(session, bare, is_proven=False)
    others = {order_id for order_id, _at in due}.difference(bare)
    _decide(session, sorted(others), is_proven=True)
    return len(due)


def note_proofs(session: Session, dispatch_ids: Sequence[int]) -> None:
    """Proofs were sent, or found their order: those orders have one from now on."""
    orders = session.scalars(
        select(Order.id)
        .join(Dispatch, Dispatch.order_id == Order.id)
        .join(Proof, Proof.id == Dispatch.proof_id)
        .where(Dispatch.id.in_(dispatch_ids), Order.proof_found.is_(False), *_WITH_PHOTOS)
    )
    _decide(session, sorted(set(orders)), is_proven=True)


def unproven(
    session: Session, since: datetime, until: datetime, *, most: int, offset: int = 0
) -> list[UnprovenOrder]:
    """Orders shipped in a time without a proof, the newest first."""
    rows = session.execute(
        select(Order.id, Order.order_number, Shop.name, Shop.channel, Order.shipped_at)
        .join(Shop, Shop.id == Order.shop_id)
        .where(Order.proof_found.is_(False), Order.shipped_at >= since, Order.shipped_at < until)
        .order_by(Order.shipped_at.desc(), Order.id.desc())
        .limit(most)
        .offset(offset)
    )
    return [UnprovenOrder(*row) for row in rows]


def count_unproven(session: Session, since: datetime, until: datetime) -> int:
    """How many there are, up to one more than `MOST_COUNTED`."""
    found = (
        select(Order.id)
        .where(Order.proof_found.is_(False), Order.shipped_at >= since, Order.shipped_at < until)
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(found)) or 0


def _proven(session: Session, order_ids: Sequence[int]) -> set[int]:
    return set(
        session.scalars(
            select(Order.id).where(
                Order.id.in_(order_ids),
                exists()
                .where(Dispatch.order_id == Order.id, Proof.id == Dispatch.proof_id, *_WITH_PHOTOS)
                .correlate(Order),
            )
        )
    )


def _decide(session: Session, order_ids: Sequence[int], *, is_proven: bool) -> None:
    if order_ids:
        session.execute(update(Order).where(Order.id.in_(order_ids)).values(proof_found=is_proven))
