"""Tracking numbers: they come minutes or days after the label, and carriers use them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.orders.models import Order, Parcel

ASK_EVERY = timedelta(minutes=5)
"""Asking more often brings nothing (marketplace-apis 1.3)."""
ASK_LONGEST = timedelta(days=3)
"""Packed longer ago than this, a parcel that still has no number gets none any more."""
_SLOWER_AFTER = 6
"""The pause grows with the time a number is missing, to this part of it."""


@dataclass(frozen=True, slots=True)
class MissingNumber:
    """A parcel whose number is to be asked for."""

    parcel_id: int
    order_number: str
    package_number: str


def note_parcel(parcel: Parcel, *, is_packed: bool, now: datetime) -> None:
    """Let a packed parcel without a number be asked about, or end that."""
    if parcel.tracking_number or not is_packed:
        parcel.due_since = parcel.ask_at = None
    elif parcel.due_since is None:
        parcel.due_since, parcel.ask_at = now, now + ASK_EVERY


def next_ask(due_since: datetime, now: datetime) -> datetime | None:
    """When to ask again after an answer without a number; None: not any more."""
    missing_for = now - due_since
    if missing_for >= ASK_LONGEST:
        return None
    return now + max(ASK_EVERY, missing_for / _SLOWER_AFTER)


def numbers_to_ask(
    session: Session, shop_id: int, now: datetime, most: int
) -> Sequence[MissingNumber]:
    """Parcels of a shop to ask about now, those that have waited longest first (scoped)."""
    rows = session.execute(
        select(Parcel.id, Order.order_number, Parcel.package_number)
        .join(Order, Order.id == Parcel.order_id)
        .where(Order.shop_id == shop_id, Parcel.ask_at <= now)
        .order_by(Parcel.ask_at, Parcel.id)
        .limit(most)
    )
    return [MissingNumber(*row) for row in rows]


def put_answer(session: Session, parcel_id: int, tracking_number: str, now: datetime) -> None:
    """Keep what a marketplace answered, a number or that there is none yet (scoped)."""
    parcel = session.get_one(Parcel, parcel_id)
    if tracking_number:
        _number(parcel, tracking_number)
    elif parcel.due_since is not None:
        parcel.ask_at = next_ask(parcel.due_since, now)


def put_told_number(
    session: Session, shop_id: int, order_number: str, package_number: str, tracking_number: str
) -> bool:
    """Keep a number that was told of a parcel without one (scoped).

    False: the order has to be read, because no such parcel is known, or it has another number, and
    what was told may be older than that.
    """
    parcel = session.scalar(
        select(Parcel)
        .join(Order, Order.id == Parcel.order_id)
        .where(
            Order.shop_id == shop_id,
            Order.order_number == order_number,
            Parcel.package_number == package_number,
        )
    )
    if parcel is None or parcel.tracking_number not in (None, tracking_number):
        return False
    _number(parcel, tracking_number)
    return True


def _number(parcel: Parcel, tracking_number: str) -> None:
    parcel.tracking_number = tracking_number
    parcel.due_since = parcel.ask_at = None
