"""Table of the audit log. The database itself refuses to change or delete its rows."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, BigId, OrganisationOwned, primary_key


class AuditEntry(OrganisationOwned, Base):
    """Who did what, when, and from where. Triggers of the migration make it append-only."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_newest", "organisation_id", "id"),
        Index("ix_audit_entries_event", "organisation_id", "event", "id"),
        Index("ix_audit_entries_member", "organisation_id", "member_id", "id"),
    )

    id: Mapped[int] = primary_key()
    at: Mapped[datetime]
    member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("members.id"))
    event: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(500))
    """Path and ids, without names, texts or secrets."""
    ending: Mapped[str] = mapped_column(String(40))
    """What the page answered with: a word of its own, or a status of HTTP."""
    address: Mapped[str] = mapped_column(String(45))
    """Of the browser; a proxy on this machine is believed about it."""
