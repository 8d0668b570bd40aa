"""Pushes that came in: kept once, worked off under a lease, forgotten after some days.

Units for the write path. Whoever takes a push makes it due again later than its work can last; if
that process dies, another takes it then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.database.clock import database_now
from cloud.marketplaces.pushes import Push
from cloud.shops.models import AppCredential
from cloud.sync.models import InboxPush

KEPT = timedelta(days=5)
"""Longer than any marketplace repeats a push, and than a replay of an old one is taken."""


@dataclass(frozen=True, slots=True)
class TakenPush:
    """A push that this process works off now."""

    id: int
    organisation_id: int
    channel: str
    app_id: str
    base_url: str
    raw_body: bytes
    received_at: datetime
    tries: int
    """This one included."""


def put_push(
    session: Session, credential_id: int, push: Push, raw_body: bytes, now: datetime
) -> bool:
    """Keep a push (a scoped session); False: it is there already.

    Two deliveries at the same moment are told apart by the constraint: the later one raises
    ConstraintViolated.
    """
    there = session.scalar(
        select(InboxPush.id).where(
            InboxPush.credential_id == credential_id, InboxPush.push_key == push.key
        )
    )
    if there is not None:
        return False
    session.add(
        InboxPush(
            credential_id=credential_id,
            push_key=push.key,
            told_at=push.told_at,
            received_at=now,
            raw_body=raw_body,
            due_at=now,
        )
    )
    return True


def take_due(session: Session, most: int, lasts: timedelta) -> Sequence[TakenPush]:
    """Take what is due, oldest first, each by one process at a time (a system session)."""
    now = database_now(session)
    rows = session.execute(
        select(InboxPush, AppCredential)
        .join(AppCredential, AppCredential.id == InboxPush.credential_id)
        .where(InboxPush.due_at <= now)
        .order_by(InboxPush.due_at, InboxPush.id)
        .limit(most)
        .with_for_update(of=InboxPush, skip_locked=True)
    ).all()
    taken = []
    for push, app in rows:
        push.due_at = now + lasts
        push.tries += 1
        taken.append(_taken(push, app))
    return taken


def _taken(push: InboxPush, app: AppCredential) -> TakenPush:
    return TakenPush(
        id=push.id,
        organisation_id=push.organisation_id,
        channel=app.channel,
        app_id=app.app_id,
        base_url=app.base_url,
        raw_body=push.raw_body,
        received_at=push.received_at,
        tries=push.tries,
    )


def finish_push(session: Session, push_id: int, outcome: str) -> None:
    """It is worked off (a scoped session)."""
    row = session.get(InboxPush, push_id)
    if row is not None:
        row.due_at = None
        row.outcome = outcome


def put_off_push(session: Session, push_id: int, wait: timedelta) -> None:
    """It is tried again later (a scoped session)."""
    row = session.get(InboxPush, push_id)
    if row is not None and row.due_at is not None:
        row.due_at = database_now(session) + wait


def forget_pushes(session: Session, before: datetime) -> int:
    """Delete those that came before a time and are done; how many (a system session)."""
    deleted = session.execute(
        delete(InboxPush).where(InboxPush.received_at < before, InboxPush.due_at.is_(None))
    )
    return int(deleted.rowcount)  # type: ignore[attr-defined]  # a DELETE has a cursor result
