"""What marketplaces tell of authorizations: that one has ended, or when it will."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.changes import record_change
from cloud.shops.apps import purposes_of_app
from cloud.shops.models import Authorization
from cloud.shops.service import AuthorizationState

CHANGE_KIND = "shop"

_CLOCKS_DIFFER = timedelta(seconds=10)
_CAN_END = (AuthorizationState.AUTHORIZED, AuthorizationState.EXPIRED)


def revoke(
    session: Session, *, shop_id: int, channel: str, app_id: str, told_at: datetime, now: datetime
) -> bool:
    """A seller has taken an app's authorization back; whether that is news (a scoped session).

    All that the app served ends. What was authorized anew since it was told stays: pushes come
    late.
    """
    ended = [
        row
        for row in _authorizations(session, shop_id, channel, app_id)
        if row.state in _CAN_END and row.changed_at <= told_at + _CLOCKS_DIFFER
    ]
    for row in ended:
        row.state = AuthorizationState.REVOKED
        row.changed_at = now
    if ended:
        record_change(session, kind=CHANGE_KIND, subject=f"shop:{shop_id}")
    return bool(ended)


def note_end(
    session: Session, *, shop_id: int, channel: str, app_id: str, ends_at: datetime
) -> None:
    """When the seller has to authorize the app again, whatever is refreshed (a scoped session)."""
    rows = _authorizations(session, shop_id, channel, app_id)
    if any(row.ends_at != ends_at for row in rows):
        record_change(session, kind=CHANGE_KIND, subject=f"shop:{shop_id}")
    for row in rows:
        row.ends_at = ends_at


def _authorizations(
    session: Session, shop_id: int, channel: str, app_id: str
) -> Sequence[Authorization]:
    purposes = purposes_of_app(session, channel, app_id)
    return session.scalars(
        select(Authorization)
        .where(Authorization.shop_id == shop_id, Authorization.purpose.in_(purposes))
        .order_by(Authorization.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
