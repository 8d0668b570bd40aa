"""What the cloud answered, as changes of the journal; about things long gone nothing changes."""

from collections.abc import Iterable
from sqlite3 import Connection

from edge.spool.journal import every
from wire.messages import DispatchState


def photo_receipted(connection: Connection, sha256: str) -> list[str]:
    """The cloud has these bytes; this only ends their retransmission. Gives their proofs."""
    sql = "UPDATE photo SET receipted = 1 WHERE sha256 = ? AND receipted = 0 RETURNING proof_id"
    return [row["proof_id"] for row in every(connection, sql, sha256)]


def photos_wanted(connection: Connection, sha256s: Iterable[str]) -> None:
    """The cloud misses photos, whatever it said of them before."""
    connection.executemany(
        "UPDATE photo SET receipted = 0 WHERE sha256 = ?", [(sha256,) for sha256 in sha256s]
    )


def photo_lost(connection: Connection, sha256: str) -> list[tuple[str, str]]:
    """A photo is damaged and not offered any more; its proofs and files, below the spool."""
    sql = (
        "UPDATE photo SET fate = 'lost' WHERE sha256 = ? AND fate = 'kept' RETURNING proof_id, path"
    )
    return [(row["proof_id"], row["path"]) for row in every(connection, sql, sha256)]


def proof_receipted(connection: Connection, proof_id: str, revision: int) -> None:
    """The cloud holds this manifest and every photo it names."""
    connection.execute(
        "UPDATE manifest SET receipted = 1, refused = '' WHERE proof_id = ? AND revision = ?",
        (proof_id, revision),
    )
    connection.execute(
        """UPDATE photo SET receipted = 1 WHERE sequence IN (
               SELECT mp.photo FROM manifest_photo mp JOIN manifest m ON m.sequence = mp.manifest
               WHERE m.proof_id = ? AND m.revision = ?)""",
        (proof_id, revision),
    )


def offer_again(connection: Connection, restoration: str) -> int | None:
    """The cloud lost its memory: what is whole on this disk counts as not receipted. How many.

    None when that was done for this restoration before. A manifest of which a photo was freed or
    lost could only be offered without it; the cloud's last word about that one stays.
    """
    noted = connection.execute(
        "UPDATE spool SET restoration = ?1 WHERE restoration != ?1", (restoration,)
    )
    if noted.rowcount == 0:
        return None
    return connection.execute(
        """UPDATE manifest SET receipted = 0 WHERE receipted = 1 AND NOT EXISTS (
               SELECT 1 FROM manifest_photo mp JOIN photo ON photo.sequence = mp.photo
               WHERE mp.manifest = manifest.sequence AND photo.fate != 'kept')"""
    ).rowcount


def proof_refused(connection: Connection, proof_id: str, revision: int, reason: str) -> None:
    """The cloud will not take this manifest; a person has to know."""
    connection.execute(
        """UPDATE manifest SET refused = ?
           WHERE proof_id = ? AND revision = ? AND receipted = 0""",
        (reason or "refused by the cloud", proof_id, revision),
    )


def note_progress(connection: Connection, proof_id: str, state: DispatchState, reason: str) -> None:
    """How far the proof's dispatch has come. What is known already costs no write."""
    connection.execute(
        "UPDATE proof SET progress = ?, progress_reason = ? WHERE proof_id = ?"
        " AND (progress IS NOT ? OR progress_reason IS NOT ?)",
        (state, reason, proof_id, state, reason),
    )
