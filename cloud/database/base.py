"""What every model is built from: base, column types and the organisation mixins."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, MetaData
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator

# Names that are the same on both engines, so that a migration can name what it drops.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
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
    """A row of one organisation. Scoped sessions filter, stamp and check it (see scope.py)."""

    organisation_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("organisations.id"), index=True, nullable=False
    )


class OrganisationRoot:
    """The organisation itself: a scoped session sees only its own row."""

    id: Mapped[int] = primary_key()
