"""Table of sender processes, so that the death of one can be proven."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base


class SenderProcess(Base):
    """A process that sends.

    ``silent_since`` is written by who found its lock free; it begins no request from then on.
    ``ended_at`` is written by itself, or by who proved that it can do nothing more.
    """

    __tablename__ = "sender_processes"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    started_at: Mapped[datetime]
    lease_s: Mapped[float]
    """Its requests end within this of their beginning."""
    silent_since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
