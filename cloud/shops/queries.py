"""Reading shops."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.shops.models import Shop


def shop_names(session: Session) -> list[tuple[int, str, str]]:
    """Id, channel and name of each shop of the organisation, by name (a scoped session)."""
    rows = session.execute(select(Shop.id, Shop.channel, Shop.name).order_by(Shop.name, Shop.id))
    return [(shop_id, channel, name) for shop_id, channel, name in rows]
