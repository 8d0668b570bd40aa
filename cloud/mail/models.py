"""Table of e-mails."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, OrganisationOwned, primary_key


class MailState(StrEnum):
    """Where a mail is on its way."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    """A process speaks with the server; the server has nothing of it yet."""
    HANDING_OVER = "handing-over"
    """The server may have it from here on. Nobody sends it again."""
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The server may or may not have it."""


class Mail(OrganisationOwned, Base):
    """One mail to one person."""

    __tablename__ = "mails"
    __table_args__ = (Index("ix_mails_due", "state", "due_at"),)

    id: Mapped[int] = primary_key()
    key: Mapped[str] = mapped_column(String(32), unique=True)
    """Stands in its Message-ID."""
    kind: Mapped[str] = mapped_column(String(30))
    recipient: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(10))
    sealed_facts: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What its text is made from; None once it has ended."""
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    useful_until: Mapped[datetime]
    """After this it would come too late."""
    reason: Mapped[str] = mapped_column(String(200), default="")
    """Why it is not sent, or not yet, in the server's words."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
