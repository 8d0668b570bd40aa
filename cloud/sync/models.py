"""Tables of what is read from marketplaces: pushes that came in, and how far the reading is."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, BigId, OrganisationOwned, primary_key
from cloud.database.sight import OfShop


class InboxPush(OrganisationOwned, Base):
    """A push as it came, kept until it is worked off and for some days after, to know repeats."""

    __tablename__ = "pushes"
    __table_args__ = (
        UniqueConstraint("credential_id", "push_key"),
        Index("ix_pushes_due", "due_at", "id"),
        Index("ix_pushes_received", "received_at"),
    )

    id: Mapped[int] = primary_key()
    credential_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("app_credentials.id", ondelete="CASCADE")
    )
    push_key: Mapped[str] = mapped_column(String(64))
    """The same for each delivery of one push (marketplaces.pushes)."""
    told_at: Mapped[datetime]
    """At the marketplace."""
    received_at: Mapped[datetime]
    raw_body: Mapped[bytes] = mapped_column(LargeBinary)
    due_at: Mapped[datetime | None]
    """When it may be worked off; while somebody does, when others may. None: it is done."""
    tries: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    """A word of push_work.Outcome; empty until it is done."""


class ReadingPace(OrganisationOwned, OfShop, Base):
    """When the next request that reads of a shop may go out, whichever process makes it."""

    __tablename__ = "reading_paces"

    shop_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True
    )
    free_at: Mapped[datetime]


class OrderReading(OrganisationOwned, OfShop, Base):
    """A long reading of a shop's orders, the first one or one after a pause, and how far it is."""

    __tablename__ = "order_readings"

    shop_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True
    )
    is_first: Mapped[bool]
    """Nothing of the shop was read before."""
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """Orders that changed between these are read, oldest first."""
    read_until: Mapped[datetime]
    orders_read: Mapped[int] = mapped_column(default=0)
    """In whole windows, so that what a restart reads again is not counted twice."""
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
