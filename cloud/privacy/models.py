"""Tables of retention: who decided what, and what was deleted."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, BigId, OrganisationOwned, primary_key


class RetentionDecision(OrganisationOwned, Base):
    """How long a kind is kept, as somebody decided it. The newest of each kind counts."""

    __tablename__ = "retention_decisions"
    __table_args__ = (Index("ix_retention_decisions_newest", "organisation_id", "kind", "id"),)

    id: Mapped[int] = primary_key()
    kind: Mapped[str] = mapped_column(String(20))
    keep_days: Mapped[int | None]
    """None: for ever."""
    member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("members.id"))
    """None: the upgrade, which leaves everything as it was."""
    decided_at: Mapped[datetime]


class RetentionRun(OrganisationOwned, Base):
    """What was deleted at one time. A run that was interrupted goes on in the same row."""

    __tablename__ = "retention_runs"
    __table_args__ = (
        Index("ix_retention_runs_newest", "organisation_id", "id"),
        Index("ix_retention_runs_open", "organisation_id", "kind", "ended_at"),
    )

    id: Mapped[int] = primary_key()
    kind: Mapped[str] = mapped_column(String(20))
    """A word of kinds.Kind, or runs.BUYER."""
    older_than: Mapped[datetime]
    """What came before that time was deleted."""
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """None: it is under way, or was interrupted and goes on."""
    deleted_count: Mapped[int] = mapped_column(default=0)
    freed_bytes: Mapped[int] = mapped_column(BigId, default=0)
    """Of photos whose bytes are gone from the store."""
