"""Tables of the fleet."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base, BigId, OrganisationOwned, primary_key


class PackingTable(OrganisationOwned, Base):
    """A place where parcels are packed: a name that points to one device at a time."""

    __tablename__ = "packing_tables"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[int] = primary_key()
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]


class Device(OrganisationOwned, Base):
    """A computer at a table, with credentials of its own."""

    __tablename__ = "devices"
    __table_args__ = (CheckConstraint("partition BETWEEN 0 AND 63", name="partition"),)

    id: Mapped[int] = primary_key()
    device_id: Mapped[str] = mapped_column(String(40), unique=True)
    """MQTT user name and client id; a part of every topic of the device."""
    table_id: Mapped[int] = mapped_column(BigId, ForeignKey("packing_tables.id"), index=True)
    partition: Mapped[int]
    password_hash: Mapped[str] = mapped_column(String(300))
    """In the broker's own format, so that the broker can be given it."""
    hardware: Mapped[str] = mapped_column(String(120), default="")
    software: Mapped[str] = mapped_column(String(60), default="")
    enrolled_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    online: Mapped[bool] = mapped_column(default=False)
    boot_count: Mapped[int] = mapped_column(default=0)
    connection_count: Mapped[int] = mapped_column(default=0)
    """With ``boot_count``, orders what is heard of the device's connections."""
    last_seen_at: Mapped[datetime | None]
    health: Mapped[str] = mapped_column(Text, default="")
    """The newest health message, as JSON."""


class EnrolmentClaim(OrganisationOwned, Base):
    """Permission to enrol one device at a table: one use, expiring. Only its hash is kept."""

    __tablename__ = "enrolment_claims"

    id: Mapped[int] = primary_key()
    table_id: Mapped[int] = mapped_column(BigId, ForeignKey("packing_tables.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    device_id: Mapped[str | None] = mapped_column(String(40))
