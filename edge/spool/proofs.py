"""The steps of a proof inside one transaction: which are allowed, and what they write."""

from collections.abc import Collection, Iterator
from sqlite3 import Connection

from edge.clock import Moment
from edge.spool import manifests, rows
from edge.spool.errors import BadProof, UnknownProof, WrongState
from edge.spool.journal import one
from edge.spool.records import PhotoRow, ProofRow, StoredManifest
from wire.messages import Area, Closing, Mode


def begin(connection: Connection, proof: ProofRow) -> None:
    """Add an open proof. Raises BadProof: its id is taken."""
    if one(connection, "SELECT 1 FROM proof WHERE proof_id = ?", proof.proof_id):
        raise BadProof(f"proof {proof.proof_id} exists already")
    rows.insert_proof(connection, proof)


def drop_photo(connection: Connection, proof_id: str, sha256: str) -> None:
    """Mark a photo of an open proof as undone.

    Raises:
        UnknownProof, WrongState: there is no such proof or photo; the proof is closed.
    """
    if not rows.proof(connection, proof_id).is_open:
        raise WrongState(f"proof {proof_id} is closed; its photos stay")
    changed = connection.execute(
        """UPDATE photo SET undone = 1
           WHERE proof_id = ? AND sha256 = ? AND undone = 0 AND fate = 'kept'""",
        (proof_id, sha256),
    ).rowcount
    if not changed:
        raise UnknownProof(f"proof {proof_id} shows no photo {sha256[:8]}")


def close(
    connection: Connection,
    proof_id: str,
    closing: Closing,
    closed: Moment,
    numbers: Iterator[int],
    *,
    shown: Collection[str] | None,
    area: Area | None,
) -> StoredManifest:
    """Close an open proof; one closed the same way already gives its manifest again.

    ``shown`` are the hashes it names; what else the proof holds is undone. None means all.
    ``area``: as ``manifests.build``.

    Raises:
        UnknownProof, WrongState: there is no such proof; it cannot be closed like this.
    """
    proof = rows.proof(connection, proof_id)
    previous = rows.newest_manifest(connection, proof_id)
    if not proof.is_open and previous is not None and previous.closing is closing:
        return previous
    photos = _shown(connection, proof_id, shown)
    manifests.require_closable(proof, photos, closing)
    manifest = manifests.build(
        proof,
        photos,
        closing=closing,
        closed=closed,
        revision=previous.revision + 1 if previous else 1,
        sequence=next(numbers),
        area=area,
    )
    rows.insert_manifest(connection, manifest, closed, [photo.sequence for photo in photos])
    return manifest


def _shown(connection: Connection, proof_id: str, shown: Collection[str] | None) -> list[PhotoRow]:
    if shown is None:
        return rows.live_photos(connection, proof_id)
    # one that was lost since stays named: the light counted it (docs/decisions, 0004)
    photos = rows.live_photos(connection, proof_id, with_lost=True)
    if missing := set(shown) - {photo.sha256 for photo in photos}:
        raise UnknownProof(f"proof {proof_id} holds no photo {', '.join(s[:8] for s in missing)}")
    connection.executemany(
        "UPDATE photo SET undone = 1 WHERE sequence = ?",
        [(photo.sequence,) for photo in photos if photo.sha256 not in shown],
    )
    return [photo for photo in photos if photo.sha256 in shown]


def withdraw(
    connection: Connection, proof_id: str, at: Moment, numbers: Iterator[int]
) -> StoredManifest:
    """Add the manifest that takes a sent proof back; one withdrawn already gives its own again.

    Raises:
        UnknownProof, WrongState: there is no such proof; it was not closed to be sent.
    """
    proof = rows.proof(connection, proof_id)
    previous = rows.newest_manifest(connection, proof_id)
    if previous is not None and previous.closing is Closing.WITHDRAWN:
        return previous
    if proof.is_open or previous is None or previous.closing is not Closing.SEND:
        raise WrongState(f"proof {proof_id} was not sent and cannot be withdrawn")
    manifest = manifests.withdrawal(previous, at=at, sequence=next(numbers))
    rows.insert_manifest(connection, manifest, at, rows.named_photos(connection, previous))
    # what was said before is no answer to this: it is followed anew, to learn if it was too late
    connection.execute("UPDATE proof SET progress = NULL WHERE proof_id = ?", (proof_id,))
    return manifest


def leave_out_lost(
    connection: Connection,
    proof_id: str,
    revision: int,
    missing: Collection[str],
    *,
    at: Moment,
    numbers: Iterator[int],
) -> StoredManifest | None:
    """Add a manifest without those missing photos that are lost; None if it is not called for.

    Only for the newest revision of a closed proof: the cloud has just said that it did not take
    it, so nothing follows a ``send`` that was taken.
    """
    previous = rows.waiting_manifest(connection, proof_id, revision)
    lost = [sha256 for sha256 in missing if not rows.is_offered(connection, sha256)]
    if previous is None or not lost:
        return None
    manifest = manifests.without(previous, lost, sequence=next(numbers))
    left = rows.named_photos(connection, previous, leaving_out=lost)
    rows.insert_manifest(connection, manifest, at, left)
    return manifest


def reopen(
    connection: Connection, code: str, mode: Mode, at: Moment, numbers: Iterator[int]
) -> tuple[ProofRow, list[PhotoRow]] | None:
    """Open the youngest proof of a code again if it is unsent and has photos.

    Proofs made from files that a start found stay as they are: nobody at the table saw them. A
    later ``send`` of the code ends the chance: its order is done.
    """
    sql = """SELECT p.*, m.closing FROM proof p JOIN manifest m ON m.proof_id = p.proof_id
             WHERE p.code = ? AND p.mode = ? AND p.was_found = 0 AND p.is_open = 0
               AND m.revision = (SELECT max(revision) FROM manifest WHERE proof_id = p.proof_id)
               AND m.closing IN (?, ?) AND m.refused = ''
             ORDER BY m.sequence DESC LIMIT 1"""
    row = one(connection, sql, code, mode, Closing.UNSENT, Closing.SEND)
    if row is None or row["closing"] != Closing.UNSENT:
        return None
    proof = rows.proof_of(row)
    photos = rows.live_photos(connection, proof.proof_id)
    if not photos:
        return None
    connection.execute("UPDATE proof SET is_open = 1 WHERE proof_id = ?", (proof.proof_id,))
    rows.insert_note(connection, "reopened", code, at, next(numbers))
    return proof, photos
