"""Keeping orders that were read, so that what waits for them goes on."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from cloud.conversations.outbox import wake_waiting
from cloud.database.errors import ConstraintViolated
from cloud.database.scope import Scope
from cloud.database.sessions import Unit
from cloud.database.write import Database
from cloud.marketplaces.orders import Order
from cloud.orders.service import put_order


def keep_orders(session: Session, shop_id: int, orders: Sequence[Order], now: datetime) -> None:
    """Keep orders of a shop (a scoped session; safe to run twice)."""
    for order in orders:
        put_order(session, shop_id, order, now)
    wake_waiting(session, codes_of(orders), now)


def write_again(database: Database, unit: Unit[None], scope: Scope) -> None:
    """Write, and once more where another process has just added the same order.

    Raises what `Database.write` does.
    """
    try:
        database.write(unit, scope)
    except ConstraintViolated:
        database.write(unit, scope)


def codes_of(orders: Iterable[Order]) -> set[str]:
    """Everything by which these orders can be scanned."""
    codes: set[str] = set()
    for order in orders:
        codes |= {order.number, *(parcel.tracking_number for parcel in order.parcels)}
    return codes - {""}
