"""Tables of what is counted."""

from datetime import datetime

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, BigId, OrganisationOwned, primary_key


class CountedHour(OrganisationOwned, Base):
    """The figures of the proofs that were packed in one hour. Hours without any have no row."""

    __tablename__ = "counted_hours"
    __table_args__ = (UniqueConstraint("organisation_id", "hour"),)

    id: Mapped[int] = primary_key()
    hour: Mapped[datetime]
    """When it began; whole hours of UTC."""
    figures: Mapped[str] = mapped_column(Text)
    """As `figures.Figures.written` writes them."""


class CountingMark(Base):
    """How far changes were counted. There is one row at most."""

    __tablename__ = "counting_marks"

    id: Mapped[int] = primary_key()
    last_change_id: Mapped[int] = mapped_column(BigId)
    counted_at: Mapped[datetime]
