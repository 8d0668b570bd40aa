"""Sender processes: who they are, and the proof that one can send nothing more.

A message whose outcome is unknown may be sent again only when its first sender can do nothing more
(invariant 5). A sender that completed its attempt is done; one that fell silent must be proven to
be. On SQLite the one process that may exist holds a file lock, so all earlier ones are dead.

On PostgreSQL a sender holds a lock for as long as it lives (``database.session_lock``). Whoever
finds that lock free silences the sender: from that commit on it begins no request, because each
begins with a transaction that reads its row under a lock of the row. What it had begun until then
ends within its lease. So after the lease it is done, dead or not (docs/decisions/0015).
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.database.clock import database_now
from cloud.database.prepared import Reading
from cloud.database.session_lock import is_free
from cloud.dispatcher.models import SenderProcess

MARGIN = timedelta(seconds=5)
"""Beyond the lease: for clocks that do not run at quite the same speed."""

_MAY_BEGIN = Reading(
    select(SenderProcess.silent_since, SenderProcess.ended_at)
    .where(SenderProcess.id == bindparam("sender"))
    # FOR SHARE: whoever silences the sender waits for us, or we see what it wrote.
    .with_for_update(read=True)
)


def new_sender_id() -> str:
    """A name for this process that no other has or had."""
    return f"sender-{secrets.token_hex(8)}"


def lock_key(sender_id: str) -> int:
    """The number of a sender's lock: 64 bits with a sign, as PostgreSQL has them."""
    digest = hashlib.sha256(f"packwitness {sender_id}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def register(session: Session, sender_id: str, lease: timedelta) -> None:
    """Note that this process begins to send. On PostgreSQL it has its lock already."""
    session.add(
        SenderProcess(
            id=sender_id,
            started_at=database_now(session),
            lease_s=lease.total_seconds(),
            silent_since=None,
            ended_at=None,
        )
    )


def end(session: Session, sender_id: str) -> None:
    """Note that this process sends nothing more."""
    process = session.get(SenderProcess, sender_id)
    if process is not None and process.ended_at is None:
        process.ended_at = database_now(session)


def end_others(session: Session, sender_id: str) -> int:
    """All other senders are dead: said by the one process that may exist (SQLite's file lock)."""
    others = _others(session, sender_id)
    now = database_now(session)
    for process in others:
        process.ended_at = now
    return len(others)


def prove_ends(session: Session, sender_id: str) -> int:
    """Silence other senders whose lock is free, and end those silent for long; how many ended.

    PostgreSQL only. The row of one that lives is not locked here: it needs it for every request.
    """
    ended = 0
    for process in _others(session, sender_id):
        if process.silent_since is None:
            if is_free(session, lock_key(process.id)):
                # Waits for requests that are being begun; the time is taken after them.
                session.refresh(process, with_for_update=True)
                process.silent_since = database_now(session)
        elif _is_over(process, database_now(session)):
            process.ended_at = database_now(session)
            ended += 1
    return ended


def may_begin_requests(session: Session, sender_id: str) -> bool:
    """Whether nobody has silenced this sender; asked in the transaction that begins a request.

    One without a row may: nobody can ever call it ended. On SQLite there is nobody who could.
    """
    if session.get_bind().dialect.name == "sqlite":
        return True
    row = _MAY_BEGIN.first(session, sender=sender_id)
    return row is None or row == (None, None)


def ended_at(session: Session, sender_id: str) -> datetime | None:
    """When a sender was done for good; None while it may still act."""
    process = session.get(SenderProcess, sender_id)
    return process.ended_at if process is not None else None


def _others(session: Session, sender_id: str) -> Sequence[SenderProcess]:
    return session.scalars(
        select(SenderProcess)
        .where(SenderProcess.ended_at.is_(None), SenderProcess.id != sender_id)
        .order_by(SenderProcess.id)
    ).all()


def _is_over(process: SenderProcess, now: datetime) -> bool:
    """Whether all that it began before it was silenced has ended."""
    lease = timedelta(seconds=process.lease_s)
    return process.silent_since is not None and now - process.silent_since > lease + MARGIN
