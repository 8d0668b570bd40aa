"""Returns and refunds beside the proofs of their orders (scoped sessions)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchKind
from cloud.orders.models import BuyerReturn, Order
from cloud.proofs.models import Proof
from cloud.shops.models import Shop

_SAME_ORDER = and_(
    Order.shop_id == BuyerReturn.shop_id, Order.order_number == BuyerReturn.order_number
)
_WITH_PHOTOS = (Dispatch.kind == DispatchKind.PROOF, Proof.photo_count > 0)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A return or refund, its shop, and the newest proof of its order."""

    asked: BuyerReturn
    shop: Shop
    proof_id: int | None


@dataclass(frozen=True, slots=True)
class DisputeFilter:
    """Which of them are wanted."""

    is_open: bool = True
    shop_id: int | None = None
    has_proof: bool | None = None


def disputes(
    session: Session, wanted: DisputeFilter, *, most: int, offset: int = 0
) -> list[Dispute]:
    """Those that have to be answered first, then those without a known time, newest first."""
    conditions: list[ColumnElement[bool]] = [BuyerReturn.is_open.is_(wanted.is_open)]
    if wanted.shop_id is not None:
        conditions.append(BuyerReturn.shop_id == wanted.shop_id)
    if wanted.has_proof is not None:
        conditions.append(_proven() if wanted.has_proof else ~_proven())
    rows = session.execute(
        select(BuyerReturn, Shop, Order.id)
        .join(Shop, Shop.id == BuyerReturn.shop_id)
        .outerjoin(Order, _SAME_ORDER)
        .where(*conditions)
        .order_by(BuyerReturn.respond_by.is_(None), BuyerReturn.respond_by, BuyerReturn.id.desc())
        .limit(most)
        .offset(offset)
    ).all()
    proofs = _newest_proofs(session, [order_id for _asked, _shop, order_id in rows if order_id])
    return [Dispute(asked, shop, proofs.get(order_id)) for asked, shop, order_id in rows]


def _proven() -> ColumnElement[bool]:
    return (
        exists()
        .where(
            _SAME_ORDER,
            Dispatch.order_id == Order.id,
            Proof.id == Dispatch.proof_id,
            *_WITH_PHOTOS,
        )
        .correlate(BuyerReturn)
    )


def _newest_proofs(session: Session, order_ids: Sequence[int]) -> dict[int | None, int]:
    rows = session.execute(
        select(Dispatch.order_id, func.max(Dispatch.proof_id))
        .join(Proof, Proof.id == Dispatch.proof_id)
        .where(Dispatch.order_id.in_(order_ids), *_WITH_PHOTOS)
        .group_by(Dispatch.order_id)
    )
    return {order_id: proof_id for order_id, proof_id in rows if proof_id is not None}
