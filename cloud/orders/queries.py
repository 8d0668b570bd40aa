"""Finding orders."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.database.prepared import Reading
from cloud.orders.models import Order, Parcel

TRACKING_COUNTS_FOR = timedelta(days=60)
"""How old an order may be when its parcel's tracking number is scanned, unless a setting says else.

Carriers use numbers again after months or years."""
_CLOCKS_DIFFER = timedelta(days=1)
_MOST_CANDIDATES = 5
_FACTS = (
    Order.id,
    Order.shop_id,
    Order.order_number,
    Order.cancelled,
    Order.refunded,
    Order.buyer_id,
    Order.buyer_name,
)
_BY_NUMBER = Reading(
    select(*_FACTS).where(Order.order_number == bindparam("code")).limit(_MOST_CANDIDATES)
)
_BY_TRACKING = Reading(
    select(Parcel.id, *_FACTS)
    .join(Parcel, Parcel.order_id == Order.id)
    .where(
        Parcel.tracking_number == bindparam("code"),
        Order.ordered_at >= bindparam("earliest"),
        Order.ordered_at <= bindparam("latest"),
    )
    .order_by(Order.ordered_at.desc())
    .limit(_MOST_CANDIDATES)
)


class FoundOrder(NamedTuple):
    """What is known of an order that was looked for; the fields are those of `Order`."""

    id: int
    shop_id: int
    order_number: str
    cancelled: bool
    refunded: bool
    buyer_id: str
    buyer_name: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that a scanned code may mean."""

    order: FoundOrder
    parcel_id: int | None
    """When its tracking number was scanned."""


def candidates(
    session: Session,
    code: str,
    *,
    scanned_at: datetime,
    tracking_counts_for: timedelta = TRACKING_COUNTS_FOR,
) -> list[Candidate]:
    """All orders that a code fits, by order number and by tracking number, each order once.

    Several are a person's to decide: the parcel of several orders is one. A tracking number means
    orders placed before it was scanned, at most ``tracking_counts_for`` before: an older
    order had that number in another year, a later one got it anew.
    """
    by_number = (FoundOrder._make(row) for row in _BY_NUMBER.all(session, code=code))
    found = {order.id: Candidate(order, None) for order in by_number}
    by_tracking = _BY_TRACKING.all(
        session,
        code=code,
        earliest=scanned_at - tracking_counts_for,
        latest=scanned_at + _CLOCKS_DIFFER,
    )
    for parcel_id, *facts in by_tracking:
        order = FoundOrder._make(facts)
        found.setdefault(order.id, Candidate(order, parcel_id))
    return list(found.values())


def numbers_of(session: Session, order: FoundOrder) -> list[str]:
    """The order number and all tracking numbers of an order, each once."""
    tracking = session.scalars(
        select(Parcel.tracking_number).where(Parcel.order_id == order.id).order_by(Parcel.id)
    )
    return list(dict.fromkeys([order.order_number, *filter(None, tracking)]))


def ids_of_orders(session: Session, code: str) -> set[int]:
    """Ids of all orders with that order number or tracking number."""
    by_number = select(Order.id).where(Order.order_number == code)
    by_tracking = select(Parcel.order_id).where(Parcel.tracking_number == code)
    return {*session.scalars(by_number), *session.scalars(by_tracking)}
