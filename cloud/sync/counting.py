"""Keeps the figures of the reports: counts the hours anew whose proofs changed.

What changed is read from the news (database.changes). Where some of it was forgotten before it was
read, and at the very first, all hours are counted. Counting an hour again changes nothing.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.conversations.models import Dispatch
from cloud.conversations.outbox import CHANGE_KIND
from cloud.database.changes import changes_after, horizon
from cloud.database.leases import end_lease, take_lease
from cloud.database.news import ChangeRow
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.reports.counting import HOUR, count, hour_of, hours_of, next_packed, put
from cloud.reports.models import CountingMark
from cloud.reports.unproven import judge, note_proofs

LEASE = "reports"
_LASTS = timedelta(minutes=10)
_KNOWN_FOR = timedelta(days=2)
"""Changes are kept for longer than this."""
_AT_ONCE = 500
_SLICE = timedelta(days=1)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTING = system("what all organisations packed is counted")


class Counting:
    """Counts for all organisations; used by one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = f"reports-{secrets.token_hex(8)}"
        self._stopping = False

    def stop(self) -> None:
        """Let a turn under way end early (any thread); the next one counts what it left."""
        self._stopping = True

    def turn(self, now: datetime) -> int:
        """Count what changed since the last turn; how many changes there were.

        0 also where another process counts. Raises what `Database` does; nothing is lost by it.
        """
        if not self._take():
            return 0
        try:
            last_id = self._last_counted(now)
            changes = self._count_all(now) if last_id is None else self._count_changed(last_id, now)
            self._judge_orders(now)
        finally:
            self._let_go()
        return changes

    def _take(self) -> bool:
        return self._database.write(
            lambda session: take_lease(session, LEASE, self._holder, _LASTS), _COUNTING
        )

    def _let_go(self) -> None:
        self._database.write(
            lambda session: end_lease(session, LEASE, self._holder, timedelta()), _COUNTING
        )

    def _last_counted(self, now: datetime) -> int | None:
        """The change up to which all is counted; None: what came since is not known any more."""
        with self._database.read(_COUNTING) as session:
            mark = session.scalar(select(CountingMark))
            if mark is None or now - mark.counted_at > _KNOWN_FOR:
                return None
            last_id = mark.last_change_id
        # A restored database may number its changes from lower on.
        return last_id if last_id <= horizon(self._database).newest_id else None

    def _set_mark(self, last_change_id: int, now: datetime) -> None:
        def unit(session: Session) -> None:
            mark = session.scalar(select(CountingMark))
            if mark is None:
                mark = CountingMark()
                session.add(mark)
            mark.last_change_id, mark.counted_at = last_change_id, now

        self._database.write(unit, _COUNTING)

    def _count_all(self, now: datetime) -> int:
        # What changes meanwhile is counted once more in the next turn.
        position = horizon(self._database).newest_id
        for organisation_id in self._organisations():
            at = self._next(organisation_id, _EARLIEST)
            while at is not None:
                if self._stopping:
                    return 0
                self._count(organisation_id, at, at + _SLICE)
                self._take()
                at = self._next(organisation_id, at + _SLICE)
        self._set_mark(position, now)
        return 0

    def _next(self, organisation_id: int, since: datetime) -> datetime | None:
        with self._database.read(scoped(organisation_id)) as session:
            at = next_packed(session, since)
        return hour_of(at) if at else None

    def _count_changed(self, last_id: int, now: datetime) -> int:
        seen = 0
        while not self._stopping and (
            changes := changes_after(self._database, last_id, None, _AT_ONCE)
        ):
            for organisation_id, group in _by_organisation(changes):
                self._count_again(organisation_id, group)
            last_id = changes[-1].id
            seen += len(changes)
            self._take()
        self._set_mark(last_id, now)
        return seen

    def _count_again(self, organisation_id: int, changes: Sequence[ChangeRow]) -> None:
        scope = scoped(organisation_id)
        dispatches = _ids(changes, CHANGE_KIND)
        with self._database.read(scope) as session:
            proofs = set(
                session.scalars(select(Dispatch.proof_id).where(Dispatch.id.in_(dispatches)))
            )
            proofs |= set(_ids(changes, "proof"))
            hours = hours_of(session, [one for one in proofs if one is not None])
        for hour in sorted(hours):
            self._count(organisation_id, hour, hour + HOUR)
        if dispatches:
            self._database.write(lambda session: note_proofs(session, dispatches), scope)

    def _count(self, organisation_id: int, since: datetime, until: datetime) -> None:
        scope = scoped(organisation_id)
        with self._database.read(scope) as session:
            figures = count(session, since, until)
        self._database.write(lambda session: put(session, since, until, figures), scope)

    def _judge_orders(self, now: datetime) -> None:
        for organisation_id in self._organisations():
            scope = scoped(organisation_id)
            while not self._stopping and self._database.write(
                lambda session: judge(session, now, _AT_ONCE), scope
            ):
                self._take()

    def _organisations(self) -> Sequence[int]:
        with self._database.read(_COUNTING) as session:
            return session.scalars(select(Organisation.id).order_by(Organisation.id)).all()


def _by_organisation(changes: Iterable[ChangeRow]) -> Iterator[tuple[int, list[ChangeRow]]]:
    groups: dict[int, list[ChangeRow]] = defaultdict(list)
    for change in changes:
        if change.organisation_id:
            groups[change.organisation_id].append(change)
    yield from groups.items()


def _ids(changes: Iterable[ChangeRow], kind: str) -> list[int]:
    """Of what the changes of a kind are about ("dispatch:17"), each once."""
    subjects = {change.subject for change in changes if change.kind == kind}
    return sorted(int(subject.partition(":")[2]) for subject in subjects)
