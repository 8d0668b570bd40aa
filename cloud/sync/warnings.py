"""Telling owners and managers by mail that a shop's authorization ends soon."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member
from cloud.accounts.roles import Role
from cloud.mail.posting import MailRoom, NewMail
from cloud.shops.models import Authorization, Shop
from cloud.shops.standing import stands

AUTHORIZATION_ENDS = "authorization-ends"
"""The kind of these mails."""
_USEFUL_FOR = timedelta(days=1)
"""A day later the next one would say something else."""


def warn_once(session: Session, mails: MailRoom, authorization_id: int, now: datetime) -> bool:
    """Warn if a threshold has passed that nobody was warned of; whether that was so.

    After a new authorization its thresholds count anew. A system session.
    """
    row = session.get_one(Authorization, authorization_id, with_for_update=True)
    stand = stands(row.state, row.ends_at, row.refresh_expires_at, now=now)
    told, row.warned = row.warned, stand.warning
    if stand.warning <= told or stand.ends_at is None:
        return False
    shop = session.get_one(Shop, row.shop_id)
    facts = {
        "shop": shop.name,
        "channel": shop.channel,
        "purpose": row.purpose,
        "ends_at": stand.ends_at.isoformat(),
    }
    for email, language in _who_can_renew(session, row.organisation_id):
        new = NewMail(AUTHORIZATION_ENDS, email, language, facts, _USEFUL_FOR)
        mails.post(session, row.organisation_id, new)
    return True


def _who_can_renew(session: Session, organisation_id: int) -> Iterator[tuple[str, str]]:
    rows = session.execute(
        select(Member.email, Member.language).where(
            Member.organisation_id == organisation_id,
            Member.role.in_([Role.OWNER, Role.MANAGER]),
            Member.left_at.is_(None),
        )
    )
    yield from ((email, language) for email, language in rows)
