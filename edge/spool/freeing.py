"""Carrying out retention: the journal says first that a file goes, then it goes.

A crash in between leaves a file that the journal calls freed; the next start removes it. The rows
of a proof go when all its files are gone for certain and it is too old itself.
"""

import logging
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection, Row

from edge.clock import Moment
from edge.fault_points import Step, reached
from edge.spool.failures import typed
from edge.spool.files import FileSystem, discard, sync_directory
from edge.spool.journal import Journal, every, one
from edge.spool.records import RetentionResult
from edge.spool.retention import (
    ClockMark,
    KeptPhoto,
    Retention,
    ages,
    choose,
    is_too_old,
    judge_clock,
)
from edge.spool.rows import moment_of
from wire.messages import Closing

logger = logging.getLogger(__name__)

_AT_ONCE = 2000
"""Photos and proofs looked at in one run: the store thread has a packer to serve. More than a table
makes between two runs, and the oldest come first."""

GIVEN_UP = "its photos were freed by retention before the cloud took them"

_KEPT = """
    SELECT photo.*, proof.is_open = 0 AND (
               photo.undone = 1
               OR newest.closing = ?
               OR (newest.receipted = 1 AND EXISTS (
                       SELECT 1 FROM manifest_photo named
                       WHERE named.manifest = newest.sequence AND named.photo = photo.sequence))
           ) AS is_freeable
    FROM photo
    JOIN proof ON proof.proof_id = photo.proof_id
    LEFT JOIN manifest newest ON newest.proof_id = photo.proof_id AND newest.revision =
        (SELECT max(revision) FROM manifest WHERE proof_id = photo.proof_id)
    WHERE photo.fate = 'kept'
    ORDER BY photo.sequence LIMIT ?
"""

# closed, nothing on the disk, and nobody waits for anything about it
_DONE = """
    SELECT newest.*, newest.receipted = 1 OR newest.closing = ? AS is_done, EXISTS (
               SELECT 1 FROM photo WHERE photo.proof_id = proof.proof_id AND photo.fate = 'kept'
           ) AS has_files
    FROM (SELECT proof_id FROM proof WHERE is_open = 0 ORDER BY sequence LIMIT ?) AS proof
    JOIN manifest newest ON newest.proof_id = proof.proof_id AND newest.revision =
        (SELECT max(revision) FROM manifest WHERE proof_id = proof.proof_id)
    ORDER BY newest.sequence
"""


def free(
    journal: Journal,
    files: FileSystem,
    directory: Path,
    rule: Retention,
    now: Moment,
    *,
    short_bytes: int,
) -> RetentionResult:
    """Run the rule once over the oldest of all; ``short_bytes`` are to be made free beyond it.

    Raises:
        SpoolError: the journal refuses; nothing was freed that it does not know.
    """
    with journal.transaction("choosing what to free") as connection:
        trouble = _judge(connection, now)
        kept = [] if trouble else every(connection, _KEPT, Closing.CANCELLED, _AT_ONCE)
        photos = [_kept(row) for row in kept]
        excess_bytes = max(_kept_bytes(connection) - rule.max_bytes, short_bytes)
        chosen = set(choose(photos, rule, now, excess_bytes=excess_bytes))
        _note_freed(connection, chosen)
    if trouble:
        logger.warning("retention did not run", extra={"reason": trouble})
        return RetentionResult(refused=trouble)
    _remove_files(files, [directory / row["path"] for row in kept if row["sequence"] in chosen])
    _forget(journal, files, directory, rule, now)
    freed_bytes = sum(photo.size_bytes for photo in photos if photo.sequence in chosen)
    if chosen:
        logger.info("photos freed", extra={"photos": len(chosen), "bytes": freed_bytes})
    return RetentionResult(len(chosen), freed_bytes)


def _judge(connection: Connection, now: Moment) -> str:
    row = one(connection, "SELECT * FROM spool")
    verdict = judge_clock(now, _mark(row) if row else None)
    if verdict.mark is not None:
        moment = verdict.mark.moment
        connection.execute(
            "UPDATE spool SET mark_at = ?, mark_ns = ?, mark_boot_id = ?, mark_jumped = ?",
            (
                moment.wall.isoformat(),
                moment.monotonic_ns,
                moment.boot_id,
                int(verdict.mark.jumped),
            ),
        )
    return verdict.trouble


def _mark(row: Row) -> ClockMark | None:
    if row["mark_at"] is None:
        return None
    wall = datetime.fromisoformat(row["mark_at"])
    moment = Moment(wall, row["mark_ns"], row["mark_boot_id"], synced=True)
    return ClockMark(moment, jumped=bool(row["mark_jumped"]))


def _kept(row: Row) -> KeptPhoto:
    return KeptPhoto(
        row["sequence"], row["size_bytes"], moment_of(row), is_freeable=bool(row["is_freeable"])
    )


def _kept_bytes(connection: Connection) -> int:
    row = one(connection, "SELECT coalesce(sum(size_bytes), 0) FROM photo WHERE fate = 'kept'")
    return row[0] if row else 0


def _note_freed(connection: Connection, chosen: Iterable[int]) -> None:
    chosen_rows = [(sequence,) for sequence in chosen]
    connection.executemany("UPDATE photo SET fate = 'freed' WHERE sequence = ?", chosen_rows)
    # a cancelled proof whose photos went before the cloud wanted them has nothing more to say
    connection.executemany(
        """UPDATE manifest SET refused = ? WHERE receipted = 0 AND sequence IN
               (SELECT manifest FROM manifest_photo WHERE photo = ?)""",
        [(GIVEN_UP, sequence) for (sequence,) in chosen_rows],
    )


def _remove_files(files: FileSystem, paths: Collection[Path]) -> None:
    for path in paths:
        discard(files, path)
        reached(Step.FILE_REMOVED)
    with typed("syncing the photo folders"):
        for folder in {path.parent for path in paths}:
            sync_directory(files, folder)
            with suppress(OSError):  # not empty, as a rule
                files.rmdir(folder)


def _forget(
    journal: Journal, files: FileSystem, directory: Path, rule: Retention, now: Moment
) -> None:
    with journal.transaction("forgetting old proofs") as connection:
        rows = every(connection, _DONE, Closing.CANCELLED, _AT_ONCE)
        known_ages = ages([moment_of(row) for row in rows], now)
        for row, age in zip(rows, known_ages, strict=True):
            if not row["is_done"] or row["has_files"] or not is_too_old(age, rule):
                continue
            if _is_gone(connection, files, directory, row["proof_id"]):
                connection.execute("DELETE FROM proof WHERE proof_id = ?", (row["proof_id"],))
        connection.execute("DELETE FROM note WHERE sequence < (SELECT min(sequence) FROM proof)")


def _is_gone(connection: Connection, files: FileSystem, directory: Path, proof_id: str) -> bool:
    """Whether all files of the proof are gone: a file without its row would look like a find."""
    rows = every(connection, "SELECT path FROM photo WHERE proof_id = ?", proof_id)
    paths = [directory / row["path"] for row in rows]
    return all(discard(files, path) for path in paths if path.exists())
