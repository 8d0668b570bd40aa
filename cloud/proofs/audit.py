"""Auditing the database against the photo store: what is missing, wrong, or named by no row.

Rows and objects are read side by side, both ascending by hash, so that only a part of each is in
memory. The cloud may go on meanwhile: what looks wrong is looked at again before it is told.
Nothing is changed.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.photos.errors import PhotoDamaged, PhotoMissing, PhotoStoreError, StoreUnavailable
from cloud.photos.store import PhotoStore, StoredPhoto
from cloud.proofs.queries import PhotoRow, codes_showing, photo_rows_after
from cloud.proofs.service import has_photo, is_leaving

ON_ITS_WAY = timedelta(hours=1)
"""A photo is stored before its row is committed: a younger one without a row is no finding."""

_WORKERS = 8
_AT_ONCE = 256
_CODES_TOLD = 3
_FAILING = 16
"""So many photos one after the other that cannot be read: the store itself is in trouble."""

Pair = tuple[PhotoRow | None, StoredPhoto | None]


class Wrong(StrEnum):
    """What an audit finds."""

    MISSING = "missing"
    WRONG_SIZE = "wrong size"
    DAMAGED = "damaged"
    WRONG_ROW = "wrong row"
    UNREADABLE = "unreadable"
    UNNAMED = "no row"


@dataclass(frozen=True, slots=True)
class Finding:
    """One photo with which something is wrong."""

    wrong: Wrong
    organisation_id: int
    sha256: str
    size_bytes: int
    """By its row; of one without a row, as stored."""
    stored_bytes: int | None = None
    device_id: str = ""
    """The device that sent it first."""
    codes: tuple[str, ...] = ()
    """Order or tracking numbers of proofs that show it; a few."""
    reason: str = ""


@dataclass(slots=True)
class Counts:
    """How far an audit is."""

    photos: int = 0
    """Rows looked at."""
    objects: int = 0
    """Objects that the store listed."""


def paired(rows: Iterable[PhotoRow], stored: Iterable[StoredPhoto]) -> Iterator[Pair]:
    """Rows and objects of one organisation side by side; both ascend by hash without repeats."""
    row_of, object_of = iter(rows), iter(stored)
    row, found = next(row_of, None), next(object_of, None)
    while row is not None or found is not None:
        if found is None or (row is not None and row.sha256 < found.key.sha256):
            yield row, None
            row = next(row_of, None)
        elif row is None or found.key.sha256 < row.sha256:
            yield None, found
            found = next(object_of, None)
        else:
            yield row, found
            row, found = next(row_of, None), next(object_of, None)


class Audit:
    """One run over organisations; `counts` tells meanwhile how far it is."""

    def __init__(
        self,
        database: Database,
        store: PhotoStore,
        *,
        quick: bool,
        now: datetime,
        on_step: Callable[[Counts], None] = lambda _counts: None,
    ) -> None:
        """``quick``: sizes as they are listed; only the bytes of what looks wrong are read.

        ``on_step`` is called after each photo and object.
        """
        self.counts = Counts()
        self._on_step = on_step
        self._database = database
        self._store = store
        self._quick = quick
        self._settled = now - ON_ITS_WAY
        self._unreadable = 0

    def organisation(self, organisation_id: int) -> Iterator[Finding]:
        """Yield what is wrong, ascending by hash.

        Raises DatabaseError, and PhotoStoreError when the store cannot list, or photo after photo
        cannot be read.
        """
        pairs = paired(self._rows(organisation_id), self._store.listing(organisation_id))
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="audit") as pool:
            while batch := list(islice(pairs, _AT_ONCE)):
                judged = pool.map(lambda pair: self._judge(organisation_id, *pair), batch)
                for (row, found), finding in zip(batch, judged, strict=True):
                    self.counts.photos += row is not None
                    self.counts.objects += found is not None
                    self._on_step(self.counts)
                    self._require_working(finding)
                    if finding is not None:
                        yield finding

    def _rows(self, organisation_id: int) -> Iterator[PhotoRow]:
        last = ""
        while True:
            with self._database.read(scoped(organisation_id)) as session:
                rows = photo_rows_after(session, last, _AT_ONCE)
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            last = rows[-1].sha256

    def _judge(
        self, organisation_id: int, row: PhotoRow | None, found: StoredPhoto | None
    ) -> Finding | None:
        if row is None:
            return None if found is None else self._unnamed(found)
        listed_bytes = None if found is None else found.size_bytes
        if self._quick and listed_bytes == row.size_bytes:
            return None
        wrong, reason = self._read(organisation_id, row, listed_bytes)
        if wrong is None:
            return None
        with self._database.read(scoped(organisation_id)) as session:
            if not has_photo(session, row.sha256):
                return None  # deleted meanwhile
            codes = codes_showing(session, row.sha256, _CODES_TOLD)
        return Finding(
            wrong,
            organisation_id,
            row.sha256,
            row.size_bytes,
            stored_bytes=listed_bytes,
            device_id=row.device_id,
            codes=codes,
            reason=reason,
        )

    def _read(
        self, organisation_id: int, row: PhotoRow, listed_bytes: int | None
    ) -> tuple[Wrong | None, str]:
        try:
            data = self._store.read(organisation_id, row.sha256)
        except PhotoMissing:
            return Wrong.MISSING, ""
        except PhotoDamaged:
            same_size = listed_bytes in {None, row.size_bytes}
            return (Wrong.DAMAGED if same_size else Wrong.WRONG_SIZE), ""
        except PhotoStoreError as error:
            return Wrong.UNREADABLE, str(error)
        return (None if len(data) == row.size_bytes else Wrong.WRONG_ROW), ""

    def _unnamed(self, found: StoredPhoto) -> Finding | None:
        key = found.key
        if found.written_at > self._settled:
            return None
        with self._database.read(scoped(key.organisation_id)) as session:
            if has_photo(session, key.sha256) or is_leaving(session, key.sha256):
                return None  # its row came meanwhile, or is gone already
        return Finding(
            Wrong.UNNAMED,
            key.organisation_id,
            key.sha256,
            found.size_bytes,
            stored_bytes=found.size_bytes,
        )

    def _require_working(self, finding: Finding | None) -> None:
        if finding is None or finding.wrong is not Wrong.UNREADABLE:
            self._unreadable = 0
            return
        self._unreadable += 1
        if self._unreadable >= _FAILING:
            raise StoreUnavailable(finding.reason)
