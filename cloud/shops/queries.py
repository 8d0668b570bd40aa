"""Reading shops."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.shops.decisions import Decided, Sends, newest_decisions
from cloud.shops.models import Authorization, Shop
from cloud.shops.service import Purpose
from cloud.shops.standing import Standing, Stands, stands


@dataclass(frozen=True, slots=True)
class SalesChannel:
    """A shop as its seller sees it."""

    id: int
    channel: str
    country: str
    external_id: str
    name: str
    sending_enabled: bool
    batches_enabled: bool
    authorizations: Mapping[Purpose, Stands]
    decided: Decided | None
    batches_decided: Decided | None


def shop_names(session: Session) -> list[tuple[int, str, str]]:
    """Id, channel and name of each shop of the organisation, by name (a scoped session)."""
    rows = session.execute(select(Shop.id, Shop.channel, Shop.name).order_by(Shop.name, Shop.id))
    return [(shop_id, channel, name) for shop_id, channel, name in rows]


def sales_channels(session: Session, now: datetime) -> list[SalesChannel]:
    """All shops of the organisation, by name (a scoped session)."""
    shops = session.scalars(select(Shop).order_by(Shop.name, Shop.id)).all()
    standing = _standing(session, now)
    decided = newest_decisions(session)
    return [_shown(shop, standing.get(shop.id, {}), decided) for shop in shops]


def _shown(
    shop: Shop,
    standing: Mapping[Purpose, Stands],
    decided: Mapping[tuple[int, Sends], Decided],
) -> SalesChannel:
    never = Stands(Standing.NEVER)
    return SalesChannel(
        id=shop.id,
        channel=shop.channel,
        country=shop.country,
        external_id=shop.external_id,
        name=shop.name,
        sending_enabled=shop.sending_enabled,
        batches_enabled=shop.batches_enabled,
        authorizations={purpose: standing.get(purpose, never) for purpose in Purpose},
        decided=decided.get((shop.id, Sends.PHOTOS)),
        batches_decided=decided.get((shop.id, Sends.BATCHES)),
    )


def _standing(session: Session, now: datetime) -> dict[int, dict[Purpose, Stands]]:
    found: dict[int, dict[Purpose, Stands]] = {}
    for row in session.scalars(select(Authorization)):
        seen = stands(row.state, row.ends_at, row.refresh_expires_at, now=now)
        found.setdefault(row.shop_id, {})[Purpose(row.purpose)] = seen
    return found
