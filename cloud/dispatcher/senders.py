"""Sender processes: who they are, and the proof that one is gone.

A message whose outcome is unknown may be sent again only when its first sender can do nothing
more (invariant 5). A sender that completed its attempt is done; one that fell silent must be proven
dead. On SQLite the one process that may exist holds a file lock, so all earlier ones are. On
PostgreSQL nothing proves it yet: what such a sender left uncertain, and the chat does not show,
waits for a person.
"""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.clock import database_now
from cloud.dispatcher.models import SenderProcess


def new_sender_id() -> str:
    """A name for this process that no other has or had."""
    return f"sender-{secrets.token_hex(8)}"


def register(session: Session, sender_id: str) -> None:
    """Note that this process begins to send."""
    session.add(SenderProcess(id=sender_id, started_at=database_now(session), ended_at=None))


def end(session: Session, sender_id: str) -> None:
    """Note that this process sends nothing more."""
    process = session.get(SenderProcess, sender_id)
    if process is not None and process.ended_at is None:
        process.ended_at = database_now(session)


def end_others(session: Session, sender_id: str) -> int:
    """All other senders are dead: said by the one process that may exist (SQLite's file lock)."""
    others = session.scalars(
        select(SenderProcess).where(SenderProcess.ended_at.is_(None), SenderProcess.id != sender_id)
    ).all()
    now = database_now(session)
    for process in others:
        process.ended_at = now
    return len(others)


def ended_at(session: Session, sender_id: str) -> datetime | None:
    """When a sender was done for good; None while it may still act."""
    process = session.get(SenderProcess, sender_id)
    return process.ended_at if process is not None else None
