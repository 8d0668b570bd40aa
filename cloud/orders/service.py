"""Keeping what marketplaces say about orders."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.marketplaces import orders as told
from cloud.orders.models import BUYER_NAME_LENGTH, Order, Parcel


def put_order(session: Session, shop_id: int, facts: told.Order, now: datetime) -> Order:
    """Add or update an order and its parcels (a scoped session; safe to run twice).

    What is older than what is known changes nothing, except that parcels may gain numbers.
    """
    order = session.scalar(
        select(Order).where(Order.shop_id == shop_id, Order.order_number == facts.number)
    )
    if order is None:
        order = Order(shop_id=shop_id, order_number=facts.number, ordered_at=facts.created_at)
        session.add(order)
        _tell(order, facts)
        is_news = True
    else:
        is_news = facts.updated_at >= order.changed_at
        if is_news:
            _tell(order, facts)
    order.read_at = now
    session.flush()
    for parcel in facts.parcels:
        _put_parcel(session, order, parcel, now, is_news=is_news)
    session.flush()
    return order


def _tell(order: Order, facts: told.Order) -> None:
    order.status = facts.status
    order.cancelled = facts.is_cancelled
    order.changed_at = facts.updated_at
    order.buyer_id = facts.buyer_id or order.buyer_id or ""
    order.buyer_name = (facts.buyer_name or order.buyer_name or "")[:BUYER_NAME_LENGTH]


def _put_parcel(
    session: Session, order: Order, facts: told.Parcel, now: datetime, *, is_news: bool
) -> None:
    parcel = session.scalar(
        select(Parcel).where(Parcel.order_id == order.id, Parcel.package_number == facts.number)
    )
    if parcel is None:
        parcel = Parcel(
            organisation_id=order.organisation_id,
            order_id=order.id,
            package_number=facts.number,
        )
        session.add(parcel)
    if facts.tracking_number and (is_news or parcel.tracking_number is None):
        parcel.tracking_number = facts.tracking_number
    parcel.read_at = now
