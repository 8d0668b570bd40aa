"""Table of sender processes, so that the death of one can be proven."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base


class SenderProcess(Base):
    """A process that sends. ``ended_at`` is written by itself, or by whoever proved its death."""

    __tablename__ = "sender_processes"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
