"""Putting files and journal in order at a start, both ways.

- A temporary file was never promised to anybody and is removed.
- A row whose file is gone, or has another size, becomes ``lost``: it is said, never hidden.
- A whole photo without a row (its commit was cut off, the card forgot the journal, or the journal
  was damaged) becomes part of an *unsent* proof of its own. Nobody heard "saved" for it, so it must
  not slip into a proof that is sent; but it is not thrown away either.
- A broken file without a row is renamed, and stays for a person.
- A proof left open becomes unsent; its photos come back when the code is scanned again.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from sqlite3 import Connection
from uuid import uuid4

from edge.clock import Moment
from edge.spool import manifests, rows
from edge.spool.failures import typed
from edge.spool.files import FileSystem, discard, set_aside, sync_directory
from edge.spool.inspection import Inspection, PhotoFile, whole_photo
from edge.spool.journal import Journal, every
from edge.spool.records import PhotoRow, ProofRow, RecoveredProof, Recovery
from wire.messages import MAX_CODE_LENGTH, MAX_PHOTOS_PER_PROOF, Closing, Mode

logger = logging.getLogger(__name__)

FOUND_WARNING = "recovered-from-file"
UNKNOWN_SOURCE = "unknown"


def reconcile(
    journal: Journal,
    files: FileSystem,
    directory: Path,
    seen: Inspection,
    *,
    numbers: Iterator[int],
    now: Moment,
) -> Recovery:
    """Bring photo files and journal together; afterwards each has what the other names.

    Raises:
        SpoolError: the disk or the journal refuses; the next start begins anew.
    """
    with journal.reading("comparing files and journal") as connection:
        known = every(connection, "SELECT path, size_bytes, fate FROM photo")
    sizes = {file.path: file.size_bytes for file in seen.files}
    named = {row["path"] for row in known}
    whole, aside = _examine(files, directory, [f for f in seen.files if f.path not in named])
    fates: dict[str, str] = {}
    for row in known:
        if row["fate"] != "freed":
            fates[row["path"]] = "kept" if sizes.get(row["path"]) == row["size_bytes"] else "lost"
        elif row["path"] in sizes:
            discard(files, directory / row["path"])
    with journal.transaction("putting the spool in order") as connection:
        _note_fates(connection, fates)
        recovered = _close_left_open(connection, numbers, now)
        found = [_take_in(connection, group, numbers, now) for group in _groups(whole)]
    lost = tuple(directory / path for path, fate in fates.items() if fate == "lost")
    for path in lost:
        logger.error("photo is lost", extra={"file": path.name})
    return Recovery(tuple(recovered), tuple(found), lost=lost, set_aside=tuple(aside))


def _examine(
    files: FileSystem, directory: Path, unnamed: Iterable[PhotoFile]
) -> tuple[list[tuple[PhotoFile, str]], list[Path]]:
    """Whole photos with their SHA-256, and the new names of broken ones."""
    whole: list[tuple[PhotoFile, str]] = []
    aside: list[Path] = []
    folders: set[Path] = set()
    for file in unnamed:
        path = directory / file.path
        folders.add(path.parent)
        sha256 = whole_photo(files, path, file.parts.sha8)
        if sha256 is not None:
            whole.append((file, sha256))
            continue
        aside.append(set_aside(files, path))
        logger.error("broken photo set aside", extra={"file": path.name})
    with typed("syncing the photo folders"):
        for folder in folders:  # their names may never have been synced, and are promised now
            sync_directory(files, folder)
    return whole, aside


def _note_fates(connection: Connection, fates: dict[str, str]) -> None:
    connection.executemany(
        "UPDATE photo SET fate = ? WHERE path = ? AND fate != ?",
        [(fate, path, fate) for path, fate in fates.items()],
    )


def _close_left_open(
    connection: Connection, numbers: Iterator[int], now: Moment
) -> list[RecoveredProof]:
    left = every(connection, "SELECT * FROM proof WHERE is_open = 1 ORDER BY sequence")
    closed = [_close(connection, rows.proof_of(row), numbers, now) for row in left]
    for proof in closed:
        logger.warning(
            "proof was left open", extra={"proof": proof.proof_id, "closing": proof.closing}
        )
    return closed


def _close(
    connection: Connection, proof: ProofRow, numbers: Iterator[int], now: Moment
) -> RecoveredProof:
    photos = rows.live_photos(connection, proof.proof_id)
    previous = rows.newest_manifest(connection, proof.proof_id)
    manifest = manifests.build(
        proof,
        photos,
        closing=Closing.UNSENT if photos else Closing.CANCELLED,
        closed=now,
        revision=previous.revision + 1 if previous else 1,
        sequence=next(numbers),
    )
    rows.insert_manifest(connection, manifest, now, [photo.sequence for photo in photos])
    return RecoveredProof(proof.proof_id, proof.code, manifest.closing, len(photos))


def _groups(whole: list[tuple[PhotoFile, str]]) -> Iterator[list[tuple[PhotoFile, str]]]:
    """Photos of one code in the order of their numbers, as many as one proof takes."""
    by_code: dict[str, list[tuple[PhotoFile, str]]] = defaultdict(list)
    for file, sha256 in whole:
        group = by_code[file.parts.code]
        if all(sha256 != other for _, other in group):
            group.append((file, sha256))
        else:
            # the same picture once more for the same order: a proof of its own keeps its file
            yield [(file, sha256)]
    for group in by_code.values():
        for start in range(0, len(group), MAX_PHOTOS_PER_PROOF):
            yield group[start : start + MAX_PHOTOS_PER_PROOF]


def _take_in(
    connection: Connection,
    group: list[tuple[PhotoFile, str]],
    numbers: Iterator[int],
    now: Moment,
) -> RecoveredProof:
    proof = ProofRow(
        sequence=next(numbers),
        proof_id=uuid4().hex,
        code=group[0][0].parts.code[:MAX_CODE_LENGTH],
        mode=Mode.PACKING,
        packer=None,
        is_open=True,
        opened=_by_name(group[0][0]),
        was_found=True,
    )
    rows.insert_proof(connection, proof)
    for file, sha256 in group:
        photo = PhotoRow(
            # not the number in the name: somebody may have copied the file
            sequence=next(numbers),
            proof_id=proof.proof_id,
            sha256=sha256,
            size_bytes=file.size_bytes,
            path=file.path,
            source=UNKNOWN_SOURCE,
            warnings=(FOUND_WARNING,),
            taken=_by_name(file),
        )
        rows.insert_photo(connection, photo)
    logger.warning("photos without a row", extra={"proof": proof.proof_id, "photos": len(group)})
    return _close(connection, proof, numbers, now)


def _by_name(file: PhotoFile) -> Moment:
    """When a file was taken, by its name; a wall clock of a boot that nobody knows."""
    return Moment(file.parts.taken, 0, "", synced=False)
