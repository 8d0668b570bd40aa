"""Finding a buyer: by order number, tracking number, the marketplace's id, or name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.orders.models import Order
from cloud.orders.queries import ids_of_orders
from cloud.shops.models import Shop

MOST_FOUND = 50
"""Orders that are looked at for one search; a name may be many people's."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who ordered at a shop; one whose id is not known is known by one order alone."""

    shop_id: int
    buyer_id: str
    order_id: int
    """One of their orders: what a page's address names, instead of a person."""


@dataclass(frozen=True, slots=True)
class FoundBuyer:
    """A buyer as a search finds them."""

    buyer: Buyer
    name: str
    channel: str
    shop_name: str
    order_number: str
    ordered_at: datetime
    erased_at: datetime | None


def find_buyers(session: Session, text: str) -> list[FoundBuyer]:
    """Buyers that a number, an id or a name may mean, those who ordered last first.

    A scoped session. Names and ids are found as the marketplace writes them.
    """
    wanted = text.strip().replace("\0", "")
    if not wanted:
        return []
    ids = _matching(session, wanted)
    rows = session.execute(
        select(Order, Shop.channel, Shop.name)
        .join(Shop, Shop.id == Order.shop_id)
        .where(Order.id.in_(ids))
        .order_by(Order.ordered_at.desc(), Order.id.desc())
    )
    found: dict[object, FoundBuyer] = {}
    for order, channel, shop_name in rows:
        key = (order.shop_id, order.buyer_id) if order.buyer_id else order.id
        one = FoundBuyer(
            buyer_of(order),
            order.buyer_name,
            channel,
            shop_name,
            order.order_number,
            order.ordered_at,
            order.erased_at,
        )
        found.setdefault(key, one)
    return list(found.values())


def buyer_of(order: Order) -> Buyer:
    """Whose order it is."""
    return Buyer(order.shop_id, order.buyer_id, order.id)


def orders_of(session: Session, buyer: Buyer, most: int | None = None) -> Sequence[Order]:
    """The orders of a buyer, oldest first (a scoped session)."""
    if not buyer.buyer_id:
        return session.scalars(select(Order).where(Order.id == buyer.order_id)).all()
    # By the id first, which an index holds with the organisation; few shops share one.
    found = select(Order).where(Order.buyer_id == buyer.buyer_id, Order.shop_id == buyer.shop_id)
    return session.scalars(found.order_by(Order.id).limit(most)).all()


def _matching(session: Session, wanted: str) -> list[int]:
    ids = set(ids_of_orders(session, wanted))
    for column in (Order.buyer_id, Order.buyer_name):
        newest = select(Order.id).where(column == wanted).order_by(Order.id.desc())
        ids.update(session.scalars(newest.limit(MOST_FOUND)))
    return sorted(ids, reverse=True)[:MOST_FOUND]
