"""Reading members."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member


def member_names(session: Session, member_ids: Iterable[int]) -> dict[int, str]:
    """What to call these members: their name, or else their address (a scoped session)."""
    rows = session.execute(
        select(Member.id, Member.name, Member.email).where(Member.id.in_(list(member_ids)))
    )
    return {member_id: name or email for member_id, name, email in rows}
