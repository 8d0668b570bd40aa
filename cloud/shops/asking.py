"""Sellers on their way to a marketplace's consent page: one state each, for one use."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.shops.errors import RequestUnknown
from cloud.shops.models import AuthorizationRequest
from cloud.shops.service import Purpose

ANSWER_WITHIN = timedelta(minutes=30)
"""Sellers look up passwords and read what they consent to."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a seller wants to authorize. `shop_id` is None for a shop that is new."""

    channel: str
    country: str
    purpose: Purpose
    shop_id: int | None = None


def new_state() -> str:
    """What comes back with the seller and only they know."""
    return secrets.token_urlsafe(32)


def note_request(
    session: Session, wish: Wish, *, state: str, member_id: int, now: datetime
) -> None:
    """Remember who left, and for what (a scoped session); old ones are forgotten."""
    session.execute(delete(AuthorizationRequest).where(AuthorizationRequest.expires_at < now))
    session.add(
        AuthorizationRequest(
            state_hash=_digest(state),
            channel=wish.channel,
            country=wish.country,
            purpose=wish.purpose,
            shop_id=wish.shop_id,
            member_id=member_id,
            expires_at=now + ANSWER_WITHIN,
        )
    )


def take_request(session: Session, *, state: str, channel: str, now: datetime) -> Wish:
    """What the seller who comes back wanted; works once (a scoped session).

    Raises:
        RequestUnknown: never made by this organisation, used already, or too old.
    """
    row = session.scalar(
        select(AuthorizationRequest)
        .where(
            AuthorizationRequest.state_hash == _digest(state),
            AuthorizationRequest.channel == channel,
            AuthorizationRequest.expires_at >= now,
        )
        .with_for_update()
    )
    if row is None:
        raise RequestUnknown("no authorization with this state is under way")
    wish = Wish(row.channel, row.country, Purpose(row.purpose), row.shop_id)
    session.delete(row)
    return wish


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
