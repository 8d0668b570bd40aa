"""How far a long reading of a shop's orders is, for pages. Units for the write path, all scoped."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.sync.models import OrderReading


def begins_at(session: Session, shop_id: int) -> datetime | None:
    """Where a first reading that was broken off began; None: there was none."""
    row = session.get(OrderReading, shop_id)
    return row.begins_at if row is not None and row.finished_at is None else None


def note_long_reading(
    session: Session, shop_id: int, mark: datetime, until: datetime, *, is_first: bool
) -> None:
    """A long reading begins at ``mark``, or goes on there after a restart."""
    row = session.get(OrderReading, shop_id)
    if row is not None and row.finished_at is None:
        row.ends_at = until
        return
    if row is None:
        row = OrderReading(shop_id=shop_id)
        session.add(row)
    row.is_first = is_first
    row.begins_at = row.read_until = mark
    row.ends_at = row.started_at = until
    row.orders_read = 0
    row.finished_at = None


def note_window(
    session: Session, shop_id: int, until: datetime, orders: int, now: datetime
) -> None:
    """A window was read whole; nothing is noted where no long reading is under way."""
    row = session.get(OrderReading, shop_id)
    if row is None or row.finished_at is not None:
        return
    row.read_until = until
    row.orders_read += orders
    if until >= row.ends_at:
        row.finished_at = now


@dataclass(frozen=True, slots=True)
class ReadingUnderWay:
    """A long reading of a shop's orders that has not come to its end."""

    orders_read: int
    read_until: datetime


def readings_under_way(session: Session) -> dict[int, ReadingUnderWay]:
    """By shop, of the session's organisation."""
    rows = session.scalars(select(OrderReading).where(OrderReading.finished_at.is_(None)))
    return {row.shop_id: ReadingUnderWay(row.orders_read, row.read_until) for row in rows}
