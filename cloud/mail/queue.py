"""Taking mails to be sent, one at a time, and noting how each ended. Units for the write path.

A process that dies with a mail in hand leaves it in one of two states. ``claimed``: the server had
nothing of it, and it is sent again once the lease has lapsed. ``handing-over``: SMTP has no way to
ask what became of it (RFC 5321 6.1), so it ends as unknown and is not sent again.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from cloud.database.clock import database_now
from cloud.mail.models import Mail, MailState
from cloud.mail.retry import pause_after

LEASE = timedelta(minutes=15)
"""Longer than a server can keep one mail: each of its answers has a deadline."""
KEPT = timedelta(days=30)
"""How long it is remembered what became of a mail."""
TOO_LATE = "too-late"
LOST = "lost-while-sending"
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail in hand."""

    id: int
    attempt: int
    """Which attempt this is; another process that took the mail has a higher one."""
    key: str
    kind: str
    recipient: str = field(repr=False)
    language: str
    sealed_facts: bytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LastMail:
    """What became of a mail."""

    state: MailState
    reason: str


def is_any_due(session: Session) -> bool:
    """Whether there is something to take (a reading system session)."""
    now = database_now(session)
    return session.scalar(select(Mail.id).where(or_(_due(now), _left(now))).limit(1)) is not None


def take(session: Session) -> Taken | None:
    """Take the mail that is due first; None: none is, or what was due came too late."""
    now = database_now(session)
    session.execute(
        update(Mail)
        .where(_left(now))
        .values(state=MailState.UNKNOWN, reason=LOST, ended_at=now, sealed_facts=None)
    )
    row = session.scalar(
        select(Mail)
        .where(_due(now))
        .order_by(Mail.due_at, Mail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    if row.useful_until <= now or row.sealed_facts is None:
        _end(row, MailState.FAILED, row.reason or TOO_LATE, now)
        return None
    row.state, row.lease_until = MailState.CLAIMED, now + LEASE
    row.attempts += 1
    return Taken(
        row.id,
        row.attempts,
        row.key,
        row.kind,
        row.recipient,
        row.language,
        row.sealed_facts,
        row.created_at,
    )


def begin_handing_over(session: Session, taken: Taken) -> bool:
    """Note that the server may have it from here on. False: another process took it meanwhile."""
    row = _row(session, taken)
    if row is None or row.state != MailState.CLAIMED:
        return False
    row.state, row.lease_until = MailState.HANDING_OVER, database_now(session) + LEASE
    return True


def put_back(session: Session, taken: Taken, reason: str) -> None:
    """The server has not taken it: it is due again later."""
    row = _row(session, taken)
    if row is not None and row.ended_at is None:
        row.state, row.lease_until = MailState.WAITING, None
        row.reason = _short(reason)
        row.due_at = database_now(session) + pause_after(row.attempts)


def end(session: Session, taken: Taken, state: MailState, reason: str = "") -> None:
    """How it ended. What was given up as unknown may still turn out to be known."""
    row = _row(session, taken)
    if row is not None and (row.ended_at is None or row.state == MailState.UNKNOWN):
        _end(row, state, reason, database_now(session))


def last_mails(
    session: Session, recipients: Collection[str], kinds: Collection[str]
) -> dict[str, LastMail]:
    """What became of the last mail of these kinds, by recipient (a scoped session)."""
    rows = session.execute(
        select(Mail.recipient, Mail.state, Mail.reason)
        .where(Mail.recipient.in_(recipients), Mail.kind.in_(kinds))
        .order_by(Mail.id)
    )
    return {recipient: LastMail(MailState(state), reason) for recipient, state, reason in rows}


def forget_mails(session: Session, before: datetime) -> None:
    """Forget mails that ended long ago (a system session)."""
    session.execute(delete(Mail).where(Mail.ended_at < before))


def close_after_restoring(session: Session, now: datetime) -> None:
    """What waits in a backup may have been sent since: nothing of it is sent again."""
    session.execute(
        update(Mail)
        .where(Mail.ended_at.is_(None))
        .values(state=MailState.UNKNOWN, reason=LOST, ended_at=now, sealed_facts=None)
    )


def _due(now: datetime) -> ColumnElement[bool]:
    lapsed = and_(Mail.state == MailState.CLAIMED, Mail.lease_until < now)
    return or_(and_(Mail.state == MailState.WAITING, Mail.due_at <= now), lapsed)


def _left(now: datetime) -> ColumnElement[bool]:
    return and_(Mail.state == MailState.HANDING_OVER, Mail.lease_until < now)


def _row(session: Session, taken: Taken) -> Mail | None:
    row = session.scalar(select(Mail).where(Mail.id == taken.id).with_for_update())
    return row if row is not None and row.attempts == taken.attempt else None


def _end(row: Mail, state: MailState, reason: str, now: datetime) -> None:
    row.state, row.reason, row.ended_at = state, _short(reason), now
    row.sealed_facts, row.lease_until = None, None


def _short(reason: str) -> str:
    return reason[:_LONGEST_REASON]
