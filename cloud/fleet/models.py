"""Tables of the fleet."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, validates

from cloud.database.base import Base, BigId, OrganisationOwned, primary_key
from cloud.fleet.naming import LONGEST_NAME, LONGEST_SORT_KEY, sort_key


class PackingTable(OrganisationOwned, Base):
    """A place where parcels are packed: a name that points to one device at a time."""

    __tablename__ = "packing_tables"

    id: Mapped[int] = primary_key()
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    sort_key: Mapped[str] = mapped_column(String(LONGEST_SORT_KEY))
    """The name as lists are sorted by it; follows the name by itself."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    """Its device may not connect and none may enrol, until it is enabled again."""
    retired_at: Mapped[datetime | None] = mapped_column()
    """Gone for good; its proofs stay, and its name is free."""

    __table_args__ = (
        Index(
            "uq_packing_tables_name_in_use",
            "organisation_id",
            "name",
            unique=True,
            sqlite_where=retired_at.is_(None),
            postgresql_where=retired_at.is_(None),
        ),
        Index("ix_packing_tables_sort_key", "organisation_id", "sort_key", "id"),
    )

    @validates("name")
    def _sort_by(self, _field: str, name: str) -> str:
        self.sort_key = sort_key(name)
        return name


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
    """The newest health message, as JSON. The next three are read from it."""
    waiting_proofs: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    """When the oldest of those that wait was closed."""
    in_trouble: Mapped[bool] = mapped_column(default=False)
    """It named a fault, or calls the lead."""


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


class Badge(OrganisationOwned, Base):
    """What a member signs in with at tables. Earlier ones stay known for what was packed with them.

    Its code is sealed, so that the same badge can be printed again, and forgotten once it is ended.
    """

    __tablename__ = "badges"

    id: Mapped[int] = primary_key()
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("members.id"))
    mark: Mapped[str] = mapped_column(String(40))
    """What tables keep of it (wire.badges)."""
    sealed_code: Mapped[bytes | None] = mapped_column(LargeBinary)
    """None: it is ended."""
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column()
    """What was packed later with it has no packer."""

    __table_args__ = (
        UniqueConstraint("organisation_id", "mark"),
        Index(
            "uq_badges_good_of_member",
            "member_id",
            unique=True,
            sqlite_where=ended_at.is_(None),
            postgresql_where=ended_at.is_(None),
        ),
    )
