"""News for other processes and pages: rows written with the change they tell of.

Readers go on from the last id they saw. On PostgreSQL a row may become visible after one with a
higher number, so numbers are made from the transaction's own number, which every snapshot can
compare: a reader sees only rows of transactions older than all that are still open, and misses
none. Notifications only wake readers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    String,
    Text,
    bindparam,
    delete,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler

from cloud.database.base import (
    Base,
    BigId,
    OrganisationOwned,
    UtcDateTime,
    primary_key,
    utc_now,
)
from cloud.database.news import ChangeRow
from cloud.database.prepared import Adding, Reading
from cloud.database.scope import scope_of, scoped, system
from cloud.database.sessions import add_news
from cloud.database.write import Database

PAYLOAD_LIMIT_BYTES = 4096
# A transaction numbers its own rows in the low bits; the rest holds 2^43 transactions.
_ROW_BITS = 20
_ROWS_WRITTEN = "packwitness.changes"


class Change(OrganisationOwned, Base):
    """Something happened to `subject` ("dispatch:17"); `kind` says what ("dispatch.sent")."""

    __tablename__ = "changes"
    # SQLite gives the number of a deleted last row again unless told otherwise.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  read once by SQLAlchemy

    id: Mapped[int] = primary_key()
    kind: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128))
    device_id: Mapped[str | None] = mapped_column(String(64))
    payload: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)


class _transaction_number(ColumnElement[int]):  # noqa: N801  reads as the SQL function it is
    """The number of the transaction that runs this, as high as changes are numbered."""

    inherit_cache = True
    type = BigId


class _oldest_open_number(ColumnElement[int]):  # noqa: N801  reads as the SQL function it is
    """No transaction still open, or begun later, writes a change with a lower number."""

    inherit_cache = True
    type = BigId


@compiles(_transaction_number)
def _number_on_postgres(_element: _transaction_number, _compiler: SQLCompiler, **_: object) -> str:
    return f"(pg_current_xact_id()::text::bigint << {_ROW_BITS})"


@compiles(_oldest_open_number)
def _oldest_on_postgres(_element: _oldest_open_number, _compiler: SQLCompiler, **_: object) -> str:
    return f"(pg_snapshot_xmin(pg_current_snapshot())::text::bigint << {_ROW_BITS})"


_CHANGE = Adding(Change)
_NUMBERED = Adding(Change, id=_transaction_number() + bindparam("within", type_=BigId))


def record_change(
    session: Session,
    *,
    kind: str,
    subject: str,
    organisation_id: int | None = None,
    device_id: str | None = None,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Write a change in the session's transaction and wake its readers after the commit.

    `organisation_id` may be left out in a scoped session. The payload is small JSON (no personal
    data beyond ids): ValueError above 4096 bytes.
    """
    text = json.dumps(payload or {}, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > PAYLOAD_LIMIT_BYTES:
        raise ValueError(f"the payload of change {kind!r} exceeds {PAYLOAD_LIMIT_BYTES} bytes")
    owner = organisation_id or scope_of(session).organisation_id
    now = utc_now()
    values: dict[str, object] = {
        "organisation_id": owner,
        "kind": kind,
        "subject": subject,
        "device_id": device_id,
        "payload": text,
        "created_at": now,
    }
    if session.get_bind().dialect.name == "postgresql":
        written = session.info.get(_ROWS_WRITTEN, 0)
        session.info[_ROWS_WRITTEN] = written + 1
        change_id = _NUMBERED.run(session, within=written, **values)
    else:
        change_id = _CHANGE.run(session, **values)
    add_news(session, ChangeRow(change_id, owner or 0, kind, subject, device_id, text, now))


@dataclass(frozen=True)
class Horizon:
    """How far the changes can be read now."""

    newest_id: int
    """The last id that is final; a new reader begins after it."""
    hidden: bool
    """There are newer rows, which wait for a transaction older than theirs to end."""


def horizon(database: Database) -> Horizon:
    """Return how far the changes can be read."""
    with database.read(system("the feed of changes")) as session:
        newest = session.scalar(select(func.max(Change.id))) or 0
        if database.engines.is_sqlite:
            return Horizon(newest, hidden=False)
        # The bound itself, not the last row below it: rows of another server may lie above.
        bound = session.scalars(select(_oldest_open_number())).one()
        return Horizon(bound - 1, hidden=newest >= bound)


def least_new_id(connection: Connection) -> int:
    """PostgreSQL: changes written from now on, by this transaction or a later one, come after."""
    return connection.scalars(select(_oldest_open_number())).one()


def id_before(database: Database, at: datetime) -> int:
    """Return the id after which a reader begins, to see again what was written since a time."""
    with database.read(system("the feed of changes")) as session:
        return session.scalar(select(func.max(Change.id)).where(Change.created_at < at)) or 0


_AFTER = (
    select(
        Change.id,
        Change.organisation_id,
        Change.kind,
        Change.subject,
        Change.device_id,
        Change.payload,
        Change.created_at,
    )
    .where(Change.id > bindparam("last_id"))
    .order_by(Change.id)
    .limit(bindparam("most", type_=Integer))
)
_CHANGES = Reading(_AFTER)
_FINAL_CHANGES = Reading(_AFTER.where(Change.id < _oldest_open_number()))


def changes_after(
    database: Database, last_id: int, organisation_id: int | None, limit: int
) -> list[ChangeRow]:
    """Return at most `limit` changes after `last_id`, oldest first; of all organisations if None.

    Every id returned is final: no lower one appears later.
    """
    scope = system("the feed of changes") if organisation_id is None else scoped(organisation_id)
    reading = _CHANGES if database.engines.is_sqlite else _FINAL_CHANGES
    with database.read(scope) as session:
        return [ChangeRow._make(row) for row in reading.all(session, last_id=last_id, most=limit)]


def forget_changes(session: Session, before: datetime) -> int:
    """Delete the changes made before a time; return how many."""
    deleted = session.execute(delete(Change).where(Change.created_at < before))
    return int(deleted.rowcount)  # type: ignore[attr-defined]  # a DELETE has a cursor result
