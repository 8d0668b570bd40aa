"""Finding orders."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.orders.models import Order, Parcel

_MOST_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that a scanned code may mean; ``parcel`` when its tracking number was scanned."""

    order: Order
    parcel: Parcel | None


def candidates(session: Session, code: str) -> list[Candidate]:
    """All orders that a code fits, by order number and by tracking number, each order once.

    Several are a person's to decide; tracking numbers are reused over the years.
    """
    by_number = session.scalars(
        select(Order).where(Order.order_number == code).limit(_MOST_CANDIDATES)
    )
    found = {order.id: Candidate(order, None) for order in by_number}
    by_tracking = session.execute(
        select(Order, Parcel)
        .join(Parcel, Parcel.order_id == Order.id)
        .where(Parcel.tracking_number == code)
        .limit(_MOST_CANDIDATES)
    )
    for order, parcel in by_tracking:
        found.setdefault(order.id, Candidate(order, parcel))
    return list(found.values())


def numbers_of(session: Session, order: Order) -> list[str]:
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
