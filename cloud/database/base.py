"""What every model is built from: base, column types and the organisation mixins."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column
from sqlalchemy.sql.schema import ColumnCollectionConstraint
from sqlalchemy.types import TypeDecorator

# PostgreSQL takes 63 bytes; three are the prefix.
_LONGEST_NAME = 60


def _table_and_columns(constraint: ColumnCollectionConstraint | Index, table: Table) -> str:
    """Return what tells a constraint from others, shortened the same way on both engines."""
    name = "_".join([table.name, *(column.name for column in constraint.columns)])
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9]}_{digest}"


# Constraints have names, so that a migration can name what it drops.
NAMING_CONVENTION: dict[str, Any] = {
    "table_and_columns": _table_and_columns,
    "ix": "ix_%(table_and_columns)s",
    "uq": "uq_%(table_and_columns)s",
    "fk": "fk_%(table_and_columns)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows by itself only in a column declared exactly INTEGER (which holds 64 bits).
BigId = BigInteger().with_variant(Integer(), "sqlite")


def utc_now() -> datetime:
    """Return this machine's time, aware, in UTC. Leases use `clock.database_now` instead."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware in UTC on both engines, to the microsecond.

    Raises ValueError for a naive datetime, which would mean another instant on another machine.
    SQLite keeps it as text of fixed width, so it sorts as it should.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values and turn others into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}; use utc_now()")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  SQLAlchemy's signature
    ) -> datetime | None:
        """Give the zone back that SQLite does not keep."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table. `Mapped[datetime]` is a `UtcDateTime`."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012  read once by SQLAlchemy


def primary_key() -> MappedColumn[int]:
    """Return the usual key: a 64-bit number that the database counts up."""
    return mapped_column(BigId, primary_key=True, autoincrement=True)


class OrganisationOwned:
    """A row of one organisation. Scoped sessions filter, stamp and check it (see scope.py).

    Without an index of its own: SQLite, which has no statistics, takes one for as good as that of
    any other column, and walks through all rows of an organisation to find a few.
    """

    organisation_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("organisations.id"), nullable=False
    )


class OrganisationRoot:
    """The organisation itself: a scoped session sees only its own row."""

    id: Mapped[int] = primary_key()
