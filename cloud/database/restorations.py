"""That this database was put back from a backup, and what the cloud before it may have done since.

A copy that ``packwitness-cloud backup`` made carries a row that nobody has dealt with yet: a cloud
does not start from it. ``packwitness-cloud restored`` deals with it, and says until when the cloud
that was lost may have worked (decision 17).
"""

import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from cloud.database.base import Base, UtcDateTime, primary_key
from cloud.database.durable import flush
from cloud.database.errors import SnapshotFailed
from cloud.database.prepared import Reading

_CLOCKS_DIFFER = timedelta(minutes=1)
"""By so much a synchronised table may be ahead."""
_KEPT_BY_TABLES = timedelta(days=30)
"""Longer ago than any copy that a table with the usual settings still has."""


class Restoration(Base):
    """One time that the database was put back."""

    __tablename__ = "restorations"

    id: Mapped[int] = primary_key()
    mark: Mapped[str] = mapped_column(String(32), unique=True)
    """Random; tables that hear of a new one offer again what they still have."""
    taken_at: Mapped[datetime | None]
    """When the copy was made, where the copy says so."""
    noted_at: Mapped[datetime | None]
    """When a person dealt with it; None: this is a copy as it was made."""
    lost_at: Mapped[datetime | None]
    """Until then the cloud before this one may have taken proofs in, and sent them."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Which proofs may have been sent by a cloud whose memory is gone."""

    lost_at: datetime | None
    noted_at: datetime | None

    def covers(self, closed_at: datetime, *, clock_synced: bool, now: datetime) -> bool:
        """Whether a proof that was closed then, and is new here, may have been sent before."""
        if self.lost_at is None or self.noted_at is None:
            return False
        if not clock_synced:
            return now - self.noted_at < _KEPT_BY_TABLES
        return closed_at - _CLOCKS_DIFFER <= self.lost_at


_DOUBT = Reading(
    select(
        func.max(Restoration.lost_at, type_=UtcDateTime()),
        func.max(Restoration.noted_at, type_=UtcDateTime()),
    )
)
_MARK = Reading(
    select(Restoration.mark)
    .where(Restoration.noted_at.is_not(None))
    .order_by(Restoration.id.desc())
    .limit(1)
)


def mark_as_copy(file: Path, taken_at: datetime) -> None:
    """Write into a copy of a SQLite database that it is one. Raises SnapshotFailed."""
    values = (secrets.token_hex(16), taken_at.replace(tzinfo=None).isoformat(sep=" "))
    try:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("INSERT INTO restorations (mark, taken_at) VALUES (?, ?)", values)
        flush(file)
    except (sqlite3.Error, OSError) as error:
        raise SnapshotFailed(f"{file} cannot be marked as a copy: {error}") from error


def untreated(session: Session) -> Restoration | None:
    """The row of a copy that nobody has dealt with; None in a database that goes on."""
    return session.scalar(
        select(Restoration)
        .where(Restoration.noted_at.is_(None))
        .order_by(Restoration.id.desc())
        .limit(1)
    )


def note_restoration(session: Session, lost_at: datetime, now: datetime) -> None:
    """The database may be used from now; every copy's row in it is dealt with."""
    session.add(Restoration(mark=secrets.token_hex(16), noted_at=now, lost_at=lost_at))
    for row in session.scalars(select(Restoration).where(Restoration.noted_at.is_(None))):
        row.noted_at, row.lost_at = now, lost_at
    session.flush()


def doubt_of(session: Session) -> Doubt:
    """What new proofs are to be judged by."""
    return Doubt(*_DOUBT.one(session))


def newest_mark(session: Session) -> str:
    """The mark that tables are told; empty for a database that was never put back."""
    row = _MARK.first(session)
    return row[0] if row else ""
