"""Keeping what marketplaces say about returns and refunds."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.marketplaces import returns as told
from cloud.orders.models import (
    RETURN_REASON_LENGTH,
    RETURN_STATUS_LENGTH,
    BuyerReturn,
)


def put_return(session: Session, shop_id: int, facts: told.Return, now: datetime) -> None:
    """Add or update a return (a scoped session; safe to run twice).

    What is older than what is known changes nothing.
    """
    row = session.scalar(
        select(BuyerReturn).where(
            BuyerReturn.shop_id == shop_id, BuyerReturn.return_id == facts.return_id
        )
    )
    if row is None:
        row = BuyerReturn(shop_id=shop_id, return_id=facts.return_id)
        session.add(row)
    elif facts.updated_at < row.changed_at:
        return
    row.order_number = facts.order_number
    row.status = facts.status[:RETURN_STATUS_LENGTH]
    row.is_open = facts.is_open
    row.reason = facts.reason[:RETURN_REASON_LENGTH]
    row.respond_by = facts.respond_by
    row.opened_at = facts.created_at
    row.changed_at = facts.updated_at
    row.read_at = now
    session.flush()
