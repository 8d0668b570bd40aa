"""Tables of the leases by which link processes share the partitions of tables."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database.base import Base


class LinkProcess(Base):
    """A link process that hears the broker, until ``alive_until`` by the database's clock."""

    __tablename__ = "link_processes"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    alive_until: Mapped[datetime]


class PartitionLease(Base):
    """Who serves the tables of a partition. Nobody, when ``holder`` is empty or the time is over.

    ``fence`` counts the changes of holder.
    """

    __tablename__ = "partition_leases"

    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str | None] = mapped_column(String(60))
    lease_until: Mapped[datetime]
    fence: Mapped[int]
