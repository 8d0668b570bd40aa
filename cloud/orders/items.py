"""What was ordered, line by line."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.marketplaces.orders import OrderItem as ToldItem
from cloud.orders.models import ITEM_TEXT_LENGTH, ITEM_URL_LENGTH, OrderItem

_Line = tuple[str, str, str, str, int, str]


def put_items(session: Session, order_id: int, items: Sequence[ToldItem]) -> None:
    """Keep the lines of an order as they were told last (a scoped session).

    None told changes nothing: a marketplace may leave them out.
    """
    lines = [_line(item) for item in items]
    if not lines or lines == _known(session, order_id):
        return
    session.execute(delete(OrderItem).where(OrderItem.order_id == order_id))
    for position, (item_id, name, variant, sku, quantity, image_url) in enumerate(lines):
        session.add(
            OrderItem(
                order_id=order_id,
                position=position,
                item_id=item_id,
                name=name,
                variant=variant,
                sku=sku,
                quantity=quantity,
                image_url=image_url,
            )
        )


def _known(session: Session, order_id: int) -> list[_Line]:
    rows = session.scalars(
        select(OrderItem).where(OrderItem.order_id == order_id).order_by(OrderItem.position)
    )
    return [
        (row.item_id, row.name, row.variant, row.sku, row.quantity, row.image_url) for row in rows
    ]


def _line(item: ToldItem) -> _Line:
    """As it is kept; a longer text than any seller writes is cut, and such an address left out."""
    return (
        item.item_id[:80],
        item.name[:ITEM_TEXT_LENGTH],
        item.variant[:ITEM_TEXT_LENGTH],
        item.sku[:ITEM_TEXT_LENGTH],
        item.quantity,
        item.image_url if len(item.image_url) <= ITEM_URL_LENGTH else "",
    )
