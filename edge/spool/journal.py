"""The SQLite journal: opening, versions, transactions.

WAL with synchronous=FULL: a commit is on the disk when it returns (NORMAL may lose the last ones at
a power cut, edge-hardware 6.1). The connection stays open after a failed commit: SQLite then takes
the pages it tried to write for unwritten and writes them again, it does not retry the sync alone.
A commit that failed is invisible from then on, but if the power goes before the next successful
one, it may be found done; callers treat a failure as "not done, and to be repeated".
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Self

from edge.fault_points import Step, reached
from edge.spool.errors import NoSpool, SpoolDamaged, SpoolTooNew
from edge.spool.failures import typed

FILE_NAME = "journal.sqlite3"
BUSY_TIMEOUT_S = 5.0

Connect = Callable[[Path], sqlite3.Connection]
Value = str | int | bytes | None


def connect(path: Path) -> sqlite3.Connection:
    """A connection without Python's implicit transactions; used by one thread at a time."""
    return sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )


def schema_scripts() -> dict[int, str]:
    """The numbered scripts; script N turns a journal of version N-1 into one of version N."""
    folder = resources.files("edge.spool").joinpath("schema")
    return {
        int(entry.name.removeprefix("v").removesuffix(".sql")): entry.read_text("utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    }


class Journal:
    """One connection to the journal, and a lock that lets one thread at a time use it."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        """Take over an open connection; use ``open_writer`` or ``open_reader`` instead."""
        connection.row_factory = sqlite3.Row
        self._folder = folder
        self._connection = connection
        self._lock = Lock()

    @classmethod
    def open_writer(cls, path: Path, *, connect: Connect = connect) -> Self:
        """Open or make the journal, check it, and bring it to our version.

        Raises:
            SpoolTooNew: a newer program wrote it; nothing was changed.
            SpoolDamaged: it is no journal, or its check found damage; nothing was changed.
            NoSpace, ReadOnlyDisk, DiskFault, JournalBusy: as the names say.
        """
        return cls._open(path, connect, _prepare_writer)

    @classmethod
    def open_reader(cls, path: Path, *, connect: Connect = connect) -> Self:
        """Open a second connection that can only read; works beside a running daemon.

        Raises:
            NoSpool: there is none.
            SpoolTooNew, SpoolDamaged, DiskFault, JournalBusy: as for ``open_writer``.
        """
        if not path.exists():
            raise NoSpool(f"there is no spool in {path.parent}; start the daemon once")
        return cls._open(path, connect, _prepare_reader)

    @classmethod
    def _open(
        cls, path: Path, connect: Connect, prepare: Callable[[sqlite3.Connection], None]
    ) -> Self:
        with typed("opening the journal"):
            connection = connect(path)
            try:
                prepare(connection)
            except BaseException:
                connection.close()
                raise
        return cls(connection, path.parent)

    @contextmanager
    def transaction(self, doing: str) -> Iterator[sqlite3.Connection]:
        """Everything inside is durable after the block, or nothing is.

        Raises:
            NoSpace, ReadOnlyDisk, DiskFault, JournalBusy, SpoolDamaged: nothing was done.
        """
        with self._lock, typed(doing):
            if self._connection.in_transaction:  # an earlier roll-back failed too
                self._connection.execute("ROLLBACK")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                reached(Step.JOURNAL_WRITTEN, doing)
                self._connection.execute("COMMIT")
                _require_writable(self._folder)
                reached(Step.JOURNAL_COMMITTED, doing)
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        # after most failures SQLite has rolled back by itself, and what made the commit fail
        # may make this fail too; the next BEGIN would then say so
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    @contextmanager
    def reading(self, doing: str) -> Iterator[sqlite3.Connection]:
        """One consistent view of the journal.

        Raises:
            DiskFault, JournalBusy, SpoolDamaged: as the names say.
        """
        with self._lock, typed(doing):
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._roll_back()

    def close(self) -> None:
        """Close. Harmless when repeated; a checkpoint that fails is made up at the next start."""
        with suppress(sqlite3.Error):
            self._connection.close()


def _require_writable(folder: Path) -> None:
    """Raise OSError on a file system that was made read-only.

    There ext4 still takes what goes into blocks that an open file had before, and calls it synced
    without writing it: a commit that only reused the WAL succeeded in the virtual table, and was
    gone after the power cut.
    """
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))


def _prepare_reader(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA query_only = ON")
    if _version(connection) == 0:
        raise NoSpool("the journal is empty; start the daemon once")


def _prepare_writer(connection: sqlite3.Connection) -> None:
    # the version first: what a newer program wrote is not touched at all
    version = _version(connection)
    result = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if result != "ok":
        raise SpoolDamaged(f"the journal is damaged: {result}")
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    for number, script in sorted(schema_scripts().items()):
        if number > version:
            _apply(connection, number, script)


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    newest = max(schema_scripts())
    if version > newest:
        raise SpoolTooNew(
            f"the journal has version {version}, this program knows up to {newest}; "
            "install the newer program again, or give this one another spool"
        )
    return version


def _apply(connection: sqlite3.Connection, number: int, script: str) -> None:
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;"
        )
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def insert(connection: sqlite3.Connection, table: str, values: dict[str, Value]) -> None:
    """Insert one row; table and columns are names of the schema, never input."""
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - names of the schema
        tuple(values.values()),
    )


def one(connection: sqlite3.Connection, sql: str, *values: Value) -> sqlite3.Row | None:
    """The first row, if there is one."""
    row: sqlite3.Row | None = connection.execute(sql, values).fetchone()
    return row


def every(connection: sqlite3.Connection, sql: str, *values: Value) -> Sequence[sqlite3.Row]:
    """All rows."""
    rows: list[sqlite3.Row] = connection.execute(sql, values).fetchall()
    return rows
