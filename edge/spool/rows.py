"""The journal's rows as Python sees them, and the statements that change them.

Every function takes the connection of a transaction that the caller began.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from edge.clock import Moment
from edge.spool.errors import UnknownProof
from edge.spool.journal import Value, every, insert, one
from edge.spool.records import PhotoRow, ProofRow, StoredManifest
from wire.messages import Closing, Mode


def moment_values(moment: Moment) -> dict[str, Value]:
    """The four columns that every table has for its one moment."""
    return {
        "at": moment.wall.isoformat(),
        "monotonic_ns": moment.monotonic_ns,
        "boot_id": moment.boot_id,
        "clock_synced": int(moment.synced),
    }


def moment_of(row: sqlite3.Row) -> Moment:
    """The moment of a row."""
    return Moment(
        wall=datetime.fromisoformat(row["at"]),
        monotonic_ns=row["monotonic_ns"],
        boot_id=row["boot_id"],
        synced=bool(row["clock_synced"]),
    )


def proof_of(row: sqlite3.Row) -> ProofRow:
    """A row of ``proof``."""
    return ProofRow(
        sequence=row["sequence"],
        proof_id=row["proof_id"],
        code=row["code"],
        mode=Mode(row["mode"]),
        packer=row["packer"],
        is_open=bool(row["is_open"]),
        opened=moment_of(row),
        was_found=bool(row["was_found"]),
    )


def photo_of(row: sqlite3.Row) -> PhotoRow:
    """A row of ``photo``."""
    return PhotoRow(
        sequence=row["sequence"],
        proof_id=row["proof_id"],
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        path=row["path"],
        source=row["source"],
        warnings=tuple(json.loads(row["warnings"])),
        taken=moment_of(row),
    )


def manifest_of(row: sqlite3.Row) -> StoredManifest:
    """A row of ``manifest``."""
    return StoredManifest(
        proof_id=row["proof_id"],
        revision=row["revision"],
        closing=Closing(row["closing"]),
        sequence=row["sequence"],
        raw=row["raw"],
        digest=row["digest"],
    )


def proof(connection: sqlite3.Connection, proof_id: str) -> ProofRow:
    """The proof of that id.

    Raises:
        UnknownProof: there is none.
    """
    row = one(connection, "SELECT * FROM proof WHERE proof_id = ?", proof_id)
    if row is None:
        raise UnknownProof(f"the spool has no proof {proof_id}")
    return proof_of(row)


def live_photos(
    connection: sqlite3.Connection, proof_id: str, *, with_lost: bool = False
) -> list[PhotoRow]:
    """The photos that the proof shows: neither undone nor freed (nor lost); oldest first."""
    sql = """SELECT * FROM photo WHERE proof_id = ? AND undone = 0 AND fate IN ('kept', ?)
             ORDER BY sequence"""
    fate = "lost" if with_lost else "kept"
    return [photo_of(row) for row in every(connection, sql, proof_id, fate)]


def is_offered(connection: sqlite3.Connection, sha256: str) -> bool:
    """Whether a picture is on the disk and goes to the cloud when it is wanted."""
    sql = "SELECT 1 FROM photo WHERE sha256 = ? AND undone = 0 AND fate = 'kept'"
    return one(connection, sql, sha256) is not None


def newest_manifest(connection: sqlite3.Connection, proof_id: str) -> StoredManifest | None:
    """The manifest with the highest revision, if the proof was ever closed."""
    sql = "SELECT * FROM manifest WHERE proof_id = ? ORDER BY revision DESC LIMIT 1"
    row = one(connection, sql, proof_id)
    return None if row is None else manifest_of(row)


def waiting_manifest(
    connection: sqlite3.Connection, proof_id: str, revision: int
) -> StoredManifest | None:
    """The manifest of that revision, if it is the newest of a closed proof and not answered."""
    sql = """SELECT m.* FROM manifest m JOIN proof p ON p.proof_id = m.proof_id
             WHERE m.proof_id = ? AND m.revision = ? AND m.receipted = 0 AND m.refused = ''
               AND p.is_open = 0
               AND m.revision = (SELECT max(revision) FROM manifest WHERE proof_id = m.proof_id)"""
    row = one(connection, sql, proof_id, revision)
    return None if row is None else manifest_of(row)


def insert_proof(connection: sqlite3.Connection, row: ProofRow) -> None:
    """Add a proof and remember its sequence as used."""
    insert(
        connection,
        "proof",
        {
            "sequence": row.sequence,
            "proof_id": row.proof_id,
            "code": row.code,
            "mode": row.mode,
            "packer": row.packer,
            "is_open": int(row.is_open),
            "was_found": int(row.was_found),
            **moment_values(row.opened),
        },
    )
    use_sequence(connection, row.sequence)


def insert_photo(connection: sqlite3.Connection, row: PhotoRow) -> None:
    """Add a photo and remember its sequence as used."""
    insert(
        connection,
        "photo",
        {
            "sequence": row.sequence,
            "proof_id": row.proof_id,
            "sha256": row.sha256,
            "size_bytes": row.size_bytes,
            "path": row.path,
            "source": row.source,
            "warnings": json.dumps(row.warnings),
            **moment_values(row.taken),
        },
    )
    use_sequence(connection, row.sequence)


def insert_manifest(
    connection: sqlite3.Connection, manifest: StoredManifest, closed: Moment, photos: Iterable[int]
) -> None:
    """Add a manifest with the photos it names, close its proof, remember the sequence as used."""
    insert(
        connection,
        "manifest",
        {
            "sequence": manifest.sequence,
            "proof_id": manifest.proof_id,
            "revision": manifest.revision,
            "closing": manifest.closing,
            "raw": manifest.raw,
            "digest": manifest.digest,
            **moment_values(closed),
        },
    )
    connection.executemany(
        "INSERT INTO manifest_photo (manifest, photo) VALUES (?, ?)",
        [(manifest.sequence, photo) for photo in photos],
    )
    connection.execute("UPDATE proof SET is_open = 0 WHERE proof_id = ?", (manifest.proof_id,))
    use_sequence(connection, manifest.sequence)


def insert_note(
    connection: sqlite3.Connection, kind: str, code: str, at: Moment, sequence: int
) -> None:
    """Add a note and remember its sequence as used."""
    insert(
        connection, "note", {"sequence": sequence, "kind": kind, "code": code, **moment_values(at)}
    )
    use_sequence(connection, sequence)


def use_sequence(connection: sqlite3.Connection, sequence: int) -> None:
    """Never hand out this number again."""
    connection.execute("UPDATE spool SET last_sequence = max(last_sequence, ?)", (sequence,))


def named_photos(
    connection: sqlite3.Connection, manifest: StoredManifest, leaving_out: Collection[str] = ()
) -> Sequence[int]:
    """Sequences of the photos that a manifest names, without those of some hashes."""
    sql = """SELECT photo.sequence, photo.sha256 FROM manifest_photo named
             JOIN photo ON photo.sequence = named.photo WHERE named.manifest = ?"""
    named = every(connection, sql, manifest.sequence)
    return [row["sequence"] for row in named if row["sha256"] not in leaving_out]
