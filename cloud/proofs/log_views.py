"""Saved views of the log: named filters, a member's own and those that colleagues share."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from cloud.accounts.queries import member_names
from cloud.proofs.models import VIEW_NAME_LENGTH, LogView

MOST_VIEWS = 50
"""Of one member: more are not found again in a list."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view as one member sees it."""

    id: int
    name: str
    query: str
    is_shared: bool
    shared_by: str
    """The colleague whose view it is; empty for the member's own."""


def views_for(session: Session, member_id: int) -> list[SavedView]:
    """A member's own views by name, then those that others share (a scoped session)."""
    rows = session.scalars(
        select(LogView)
        .where(or_(LogView.member_id == member_id, LogView.is_shared.is_(True)))
        .order_by(LogView.name, LogView.id)
    ).all()
    others = {row.member_id for row in rows} - {member_id}
    names = member_names(session, others) if others else {}
    views = [
        SavedView(row.id, row.name, row.query, row.is_shared, names.get(row.member_id, ""))
        for row in rows
    ]
    return sorted(views, key=lambda view: bool(view.shared_by))


def save_view(
    session: Session, member_id: int, name: str, query: str, *, is_shared: bool, now: datetime
) -> bool:
    """Keep a view; the member's view of the same name is replaced.

    Returns False, and keeps nothing, when the name is empty or the member has `MOST_VIEWS`.
    """
    name = " ".join(name.split())[:VIEW_NAME_LENGTH].strip()
    own = select(LogView).where(LogView.member_id == member_id)
    view = session.scalar(own.where(LogView.name == name))
    if view is None:
        count = session.scalar(select(func.count()).select_from(own.subquery()))
        if not name or (count or 0) >= MOST_VIEWS:
            return False
        view = LogView(member_id=member_id, name=name)
        session.add(view)
    view.query, view.is_shared, view.saved_at = query, is_shared, now
    session.flush()
    return True


def delete_view(session: Session, member_id: int, view_id: int) -> bool:
    """Delete a view of this member; False when it is none of theirs."""
    found = session.scalar(
        select(LogView.id).where(LogView.id == view_id, LogView.member_id == member_id)
    )
    if found is None:
        return False
    session.execute(delete(LogView).where(LogView.id == found))
    return True
