"""Keeping what marketplaces say about orders."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.marketplaces import orders as told
from cloud.orders.items import put_items
from cloud.orders.models import BUYER_NAME_LENGTH, Order, Parcel
from cloud.orders.tracking import note_parcel


def put_order(session: Session, shop_id: int, facts: told.Order, now: datetime) -> Order:
    """Add or update an order with its items and parcels (a scoped session; safe to run twice).

    What is older than what is known changes nothing, except that parcels may gain numbers.
    """
    order = session.scalar(
        select(Order).where(Order.shop_id == shop_id, Order.order_number == facts.number)
    )
    is_new = order is None
    if order is None:
        order = Order(shop_id=shop_id, order_number=facts.number, ordered_at=facts.created_at)
        session.add(order)
    is_news = is_new or facts.updated_at >= order.changed_at
    if is_news:
        _tell(order, facts)
    order.read_at = now
    session.flush()
    if is_news and order.erased_at is None:
        put_items(session, order.id, facts.items)
    for parcel in facts.parcels:
        _put_parcel(session, order, facts, parcel, now, is_news=is_news)
    session.flush()
    return order


def _tell(order: Order, facts: told.Order) -> None:
    order.status = facts.status
    order.cancelled = facts.is_cancelled
    order.refunded = facts.is_refunded
    order.changed_at = facts.updated_at
    if facts.is_shipped and order.shipped_at is None:
        order.shipped_at = facts.updated_at
    if order.erased_at is not None:
        return  # whoever asked for it to be forgotten is not brought back by a change of the order
    order.buyer_id = facts.buyer_id or order.buyer_id or ""
    order.buyer_name = (facts.buyer_name or order.buyer_name or "")[:BUYER_NAME_LENGTH]
    recipient = facts.recipient.name if facts.recipient else ""
    order.recipient_name = (recipient or order.recipient_name or "")[:BUYER_NAME_LENGTH]


def _put_parcel(
    session: Session,
    order: Order,
    facts: told.Order,
    said: told.Parcel,
    now: datetime,
    *,
    is_news: bool,
) -> None:
    parcel = session.scalar(
        select(Parcel).where(Parcel.order_id == order.id, Parcel.package_number == said.number)
    )
    if parcel is None:
        parcel = Parcel(
            organisation_id=order.organisation_id,
            order_id=order.id,
            package_number=said.number,
        )
        session.add(parcel)
    if said.tracking_number and (is_news or parcel.tracking_number is None):
        parcel.tracking_number = said.tracking_number
    note_parcel(parcel, is_packed=facts.is_packed and not facts.is_cancelled, now=now)
    parcel.read_at = now
