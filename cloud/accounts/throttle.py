"""Slows down guessing: failed attempts are counted by subject, durably, and forgotten in time."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cloud.accounts.models import SignInFailure

FAILURE_WINDOW = timedelta(minutes=15)
_LONGEST_SUBJECT = 200


def too_many_failures(session: Session, subject: str, now: datetime, allowed: int) -> bool:
    """Whether a subject failed ``allowed`` times or more lately (a system session)."""
    lately = select(func.count(SignInFailure.id)).where(
        SignInFailure.subject == _stored(subject), SignInFailure.at > now - FAILURE_WINDOW
    )
    return (session.scalar(lately) or 0) >= allowed


def note_failure(session: Session, subject: str, now: datetime) -> None:
    """Count a failed attempt and forget old ones (a system session)."""
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - FAILURE_WINDOW))
    session.add(SignInFailure(subject=_stored(subject), at=now))


def forget_failures(session: Session, subject: str) -> None:
    """Let a subject begin anew (a system session)."""
    session.execute(delete(SignInFailure).where(SignInFailure.subject == _stored(subject)))


def _stored(subject: str) -> str:
    return subject[:_LONGEST_SUBJECT]
