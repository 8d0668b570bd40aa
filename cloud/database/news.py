"""What a change looks like to its readers, and the newest ones kept at hand."""

import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class ChangeRow(NamedTuple):
    """A change as its readers get it; the fields are those of `changes.Change`."""

    id: int
    organisation_id: int
    kind: str
    subject: str
    device_id: str | None
    payload: str
    created_at: datetime


class RecentChanges:
    """The last changes that this process committed, for readers that are nearly up to date.

    On SQLite, whose ids have no gaps: a gap means that another process wrote between them, and then
    only what came after it is known here.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._rows: deque[ChangeRow] = deque()
        self._known_after: int | None = None
        """All changes with a higher id are among the rows, or were not committed here yet."""

    def add(self, rows: Sequence[ChangeRow]) -> None:
        """Take in what was committed, in the order of the commits."""
        with self._lock:
            for row in rows:
                if not self._rows or row.id != self._rows[-1].id + 1:
                    self._rows.clear()
                    self._known_after = row.id - 1
                self._rows.append(row)
            while len(self._rows) > self._most:
                self._known_after = self._rows.popleft().id

    def after(
        self, last_id: int, organisation_id: int | None, limit: int
    ) -> list[ChangeRow] | None:
        """The changes after an id, as `changes.changes_after`; None: the database must be asked."""
        with self._lock:
            if self._known_after is None or last_id < self._known_after:
                return None
            # The ids have no gaps, so that the place of one is known.
            newer = list(self._rows)[max(0, last_id - self._known_after) :]
        wanted = (row for row in newer if organisation_id in (None, row.organisation_id))
        return [row for row, _ in zip(wanted, range(limit), strict=False)]
