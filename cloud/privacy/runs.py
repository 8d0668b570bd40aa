"""What was deleted when: each run of retention. Units of scoped sessions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from cloud.accounts.audit import Event, Recorded, record
from cloud.database.prepared import Changing
from cloud.database.scope import scope_of
from cloud.privacy.models import RetentionRun
from cloud.proofs.models import LeavingPhoto

BUYER = "buyer"
"""The kind of a run that deletes what is known of one buyer."""
SHOWN = 30
_DELETED = Changing(
    update(RetentionRun)
    .where(RetentionRun.id == bindparam("run"))
    .values(deleted_count=RetentionRun.deleted_count + bindparam("more"))
)
_FREED = Changing(
    update(RetentionRun)
    .where(RetentionRun.id == bindparam("run"))
    .values(freed_bytes=RetentionRun.freed_bytes + bindparam("more"))
)


def open_run(session: Session, kind: str, older_than: datetime, now: datetime) -> int:
    """The run of a kind that is under way, or was interrupted; else a new one."""
    found = session.scalar(
        select(RetentionRun).where(RetentionRun.kind == kind, RetentionRun.ended_at.is_(None))
    )
    if found is None:
        found = RetentionRun(
            kind=kind, older_than=older_than, started_at=now, deleted_count=0, freed_bytes=0
        )
        session.add(found)
        session.flush()
    return found.id


def count_deleted(session: Session, run_id: int, count: int) -> None:
    """So many more were deleted."""
    _DELETED.run(session, run=run_id, more=count)


def count_freed(session: Session, run_id: int, size_bytes: int) -> None:
    """So many more bytes are gone from the store."""
    _FREED.run(session, run=run_id, more=size_bytes)


def end_run(session: Session, kind: str, now: datetime) -> None:
    """The run of a kind that is under way is over; nothing if there is none."""
    found = session.scalar(
        select(RetentionRun)
        .where(RetentionRun.kind == kind, RetentionRun.ended_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if found is None:
        return
    found.ended_at = now
    what = f"{found.kind}: {found.deleted_count}; bytes: {found.freed_bytes}"
    organisation_id = scope_of(session).organisation_id
    if organisation_id is not None:
        record(session, organisation_id, Recorded(now, Event.RETENTION, what=what))


def newest_runs(session: Session) -> Sequence[RetentionRun]:
    """The last ones, the newest first."""
    return session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(SHOWN)).all()


def count_leaving(session: Session) -> int:
    """Photos that are deleted for everybody, and whose bytes are still to go."""
    return session.scalar(select(func.count()).select_from(LeavingPhoto)) or 0
