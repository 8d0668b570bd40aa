"""Reading the spool: beside the store thread, and from another program beside the daemon."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from sqlite3 import Row
from threading import Lock
from typing import Self

from edge.spool.disk import DiskUse
from edge.spool.errors import PhotoDamaged, UnknownProof
from edge.spool.failures import typed
from edge.spool.files import FileSystem, OsFileSystem
from edge.spool.journal import FILE_NAME, Connect, Journal, connect, every, one
from edge.spool.records import (
    ProofSummary,
    SendableManifest,
    SendablePhoto,
    SpoolCounts,
)
from edge.spool.rows import manifest_of, moment_of
from wire.messages import Closing, DispatchState, Manifest, Mode

# a manifest that is still to be receipted: the newest of a closed proof, and nobody refused it
_WAITING = """
    FROM manifest m JOIN proof p ON p.proof_id = m.proof_id
    WHERE m.receipted = 0 AND m.refused = '' AND p.is_open = 0
      AND m.revision = (SELECT max(revision) FROM manifest WHERE proof_id = m.proof_id)
"""
_REFUSED = """
    FROM manifest m
    WHERE m.receipted = 0 AND m.refused != '' AND m.closing != 'cancelled'
      AND m.revision = (SELECT max(revision) FROM manifest WHERE proof_id = m.proof_id)
"""
# by this index, although hashes are grouped: a table keeps tens of thousands of receipted photos
_UNSENT_PHOTOS = """FROM photo INDEXED BY photo_to_send
                    WHERE receipted = 0 AND undone = 0 AND fate = 'kept'"""
_FINAL = tuple(state for state in DispatchState if state.is_final)


class SpoolReader:
    """Everything that changes nothing; safe to use from any thread.

    Any method raises DiskFault, JournalBusy or SpoolDamaged when the journal cannot be read.
    """

    def __init__(self, directory: Path, journal: Journal, files: FileSystem) -> None:
        """Read by an open connection; from outside use ``open_reader``."""
        self._directory = directory
        self._reading = journal
        self._files = files
        self._held: set[str] = set()
        self._held_lock = Lock()

    @classmethod
    def open_reader(
        cls, directory: Path, *, files: FileSystem | None = None, connect: Connect = connect
    ) -> Self:
        """Read a spool without owning it, as the command line does beside a running daemon.

        Raises:
            NoSpool, SpoolTooNew, SpoolDamaged, DiskFault, JournalBusy: as the names say.
        """
        journal = Journal.open_reader(directory / FILE_NAME, connect=connect)
        return cls(directory, journal, files or OsFileSystem())

    def close(self) -> None:
        """Stop reading. Harmless when repeated."""
        self._reading.close()

    def photos_to_send(self, limit: int) -> list[SendablePhoto]:
        """Photos that the cloud has not receipted, oldest first, each picture once.

        Those of the open proof are among them (photos travel before the proof is closed), and those
        of unsent, cancelled and withdrawn proofs; undone and lost ones are not.
        """
        sql = f"""SELECT min(sequence) AS first, sha256, size_bytes, proof_id, path
                  {_UNSENT_PHOTOS} GROUP BY sha256 ORDER BY first LIMIT ?"""
        with self._reading.reading("reading the photos to send") as connection:
            rows = every(connection, sql, limit)
        return [
            SendablePhoto(
                sha256=row["sha256"],
                size_bytes=row["size_bytes"],
                sequence=row["first"],
                proof_id=row["proof_id"],
                path=self._directory / row["path"],
            )
            for row in rows
        ]

    def read_photo(self, sha256: str) -> bytes:
        """The bytes of a photo, verified against their hash.

        Raises:
            UnknownProof: no photo of that hash was ever stored.
            PhotoDamaged: no file has these bytes any more; tell ``Spool.photo_lost``.
            DiskFault: it cannot be read at the moment.
        """
        sql = "SELECT path FROM photo WHERE sha256 = ? AND fate != 'freed' ORDER BY sequence"
        with self._reading.reading("looking for a photo") as connection:
            rows = every(connection, sql, sha256)
        if not rows:
            raise UnknownProof(f"the spool has no photo {sha256[:8]}")
        for row in rows:
            data = self._read(self._directory / row["path"])
            if data is not None and hashlib.sha256(data).hexdigest() == sha256:
                return data
        raise PhotoDamaged(f"{rows[0]['path']} is gone or is not what was written")

    def _read(self, path: Path) -> bytes | None:
        with typed(f"reading {path.name}"):
            try:
                return self._files.read(path)
            except FileNotFoundError:
                return None

    def manifests_to_send(self, limit: int) -> list[SendableManifest]:
        """Newest manifests that are neither receipted nor refused nor held, oldest first."""
        with self._held_lock:
            held = set(self._held)
        sql = f"SELECT m.* {_WAITING} ORDER BY m.sequence LIMIT ?"
        with self._reading.reading("reading the manifests to send") as connection:
            rows = every(connection, sql, limit + len(held))
        manifests = [manifest_of(row) for row in rows if row["proof_id"] not in held]
        return [
            SendableManifest(
                proof_id=manifest.proof_id,
                revision=manifest.revision,
                sequence=manifest.sequence,
                raw=manifest.raw,
                digest=manifest.digest,
                sha256s=tuple(photo.sha256 for photo in Manifest.from_bytes(manifest.raw).photos),
            )
            for manifest in manifests[:limit]
        ]

    def counts(self) -> SpoolCounts:
        """What waits to be taken by the cloud, and what a person has to know of.

        Quick however much is kept: it is asked for after each job of the store thread.
        """
        with self._reading.reading("counting") as connection:
            waiting = one(connection, f"SELECT count(*) {_WAITING}")
            oldest = one(connection, f"SELECT m.* {_WAITING} ORDER BY m.sequence LIMIT 1")
            unsent = one(connection, f"SELECT count(DISTINCT sha256) {_UNSENT_PHOTOS}")
            refused = one(connection, f"SELECT count(*) {_REFUSED}")
            lost = one(connection, "SELECT count(*) FROM photo WHERE fate = 'lost'")
        return SpoolCounts(
            waiting_proofs=waiting[0] if waiting else 0,
            oldest_waiting=moment_of(oldest) if oldest else None,
            waiting_photos=unsent[0] if unsent else 0,
            refused_proofs=refused[0] if refused else 0,
            lost_photos=lost[0] if lost else 0,
        )

    def kept_photos(self) -> int:
        """How many photos are on the disk. Looks at all of them."""
        with self._reading.reading("counting the photos") as connection:
            row = one(connection, "SELECT count(*) FROM photo WHERE fate = 'kept'")
        return row[0] if row else 0

    def following(self) -> list[str]:
        """Proofs whose ``send`` was receipted and whose end is not known yet, oldest first."""
        marks = ", ".join("?" * len(_FINAL))
        sql = f"""SELECT p.proof_id FROM proof p
                  WHERE p.mode = ? AND (p.progress IS NULL OR p.progress NOT IN ({marks}))
                    AND EXISTS (SELECT 1 FROM manifest m WHERE m.proof_id = p.proof_id
                                AND m.closing = ? AND m.receipted = 1)
                  ORDER BY p.sequence"""  # noqa: S608 - our own text
        with self._reading.reading("reading the proofs to follow") as connection:
            return [
                row["proof_id"]
                for row in every(connection, sql, Mode.PACKING, *_FINAL, Closing.SEND)
            ]

    def already_sent(self, code: str) -> bool:
        """Whether a proof of that code was closed to be sent, as far back as retention keeps it."""
        sql = """SELECT 1 FROM proof p JOIN manifest m ON m.proof_id = p.proof_id
                 WHERE p.code = ? AND p.mode = ? AND m.closing = ?
                   AND m.revision = (SELECT max(revision) FROM manifest WHERE proof_id = p.proof_id)
                 LIMIT 1"""
        with self._reading.reading("looking for a code") as connection:
            return one(connection, sql, code, Mode.PACKING, Closing.SEND) is not None

    def list_proofs(self, limit: int = 50, code: str | None = None) -> list[ProofSummary]:
        """The newest proofs, or those of one code, newest first."""
        sql = """SELECT p.*, m.revision, m.closing, m.receipted, m.refused
                 FROM proof p LEFT JOIN manifest m ON m.proof_id = p.proof_id
                   AND m.revision = (SELECT max(revision) FROM manifest
                                     WHERE proof_id = p.proof_id)
                 WHERE ?1 IS NULL OR p.code = ?1
                 ORDER BY p.sequence DESC LIMIT ?2"""
        photos_sql = """SELECT path FROM photo WHERE proof_id = ? AND fate = 'kept'
                        AND undone = 0 ORDER BY sequence"""
        with self._reading.reading("listing the proofs") as connection:
            return [
                self._summary(row, every(connection, photos_sql, row["proof_id"]))
                for row in every(connection, sql, code, limit)
            ]

    def _summary(self, row: Row, photos: Sequence[Row]) -> ProofSummary:
        return ProofSummary(
            proof_id=row["proof_id"],
            code=row["code"],
            mode=Mode(row["mode"]),
            opened_at=moment_of(row).wall,
            clock_synced=moment_of(row).synced,
            closing=None if row["is_open"] or not row["closing"] else Closing(row["closing"]),
            revision=row["revision"] or 0,
            receipted=bool(row["receipted"]),
            refused=row["refused"] or "",
            progress=DispatchState(row["progress"]) if row["progress"] else None,
            progress_reason=row["progress_reason"],
            photos=tuple(self._directory / photo["path"] for photo in photos),
        )

    def disk_use(self) -> DiskUse:
        """How full the spool's file system is.

        Raises:
            DiskFault: it does not say.
        """
        with typed("reading the room on the disk"):
            return self._files.use(self._directory)
