"""Reading and writing how long each kind is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.queries import member_names
from cloud.privacy.errors import NotSoManyDays
from cloud.privacy.kinds import (
    LEAST_DAYS,
    MOST_DAYS,
    USUAL_DAYS,
    Decided,
    Kind,
    days_in_force,
)
from cloud.privacy.models import RetentionDecision

_LOOKED_AT = 20
"""Decisions within a day that can still matter; more within one are nobody's."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long a kind is kept, and who decided so."""

    kind: Kind
    days: int | None
    """As decided last; None: for ever."""
    days_now: int | None
    """In force at the moment: longer for a day after a decision for less."""
    by: str
    """Empty: nobody has decided."""
    decided_at: datetime | None
    is_left_by_upgrade: bool
    """Nobody has decided since the version that deletes by age came."""


def rule_of(session: Session, kind: Kind, now: datetime) -> Rule:
    """The rule of a kind (a scoped session)."""
    rows = _newest(session, kind)
    in_force = days_in_force(kind, [Decided(one.keep_days, one.decided_at) for one in rows], now)
    if not rows:
        return Rule(kind, USUAL_DAYS[kind], in_force, "", None, is_left_by_upgrade=False)
    newest = rows[0]
    names = member_names(session, [newest.member_id] if newest.member_id else [])
    return Rule(
        kind,
        newest.keep_days,
        in_force,
        names.get(newest.member_id or 0, ""),
        newest.decided_at,
        is_left_by_upgrade=newest.member_id is None,
    )


def decide(
    session: Session, kind: Kind, keep_days: int | None, *, member_id: int, now: datetime
) -> None:
    """Keep a kind for so many days from now on; None: for ever (a scoped session).

    Raises:
        NotSoManyDays: out of bounds.
    """
    if keep_days is not None and not LEAST_DAYS <= keep_days <= MOST_DAYS:
        raise NotSoManyDays(f"between {LEAST_DAYS} and {MOST_DAYS} days, or for ever")
    session.add(
        RetentionDecision(kind=kind, keep_days=keep_days, member_id=member_id, decided_at=now)
    )
    session.flush()


def _newest(session: Session, kind: Kind) -> Sequence[RetentionDecision]:
    return session.scalars(
        select(RetentionDecision)
        .where(RetentionDecision.kind == kind)
        .order_by(RetentionDecision.id.desc())
        .limit(_LOOKED_AT)
    ).all()
