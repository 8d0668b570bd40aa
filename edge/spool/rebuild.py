"""The first rows of a journal: its owner and, after damage, the manifests that can be believed.

They are one transaction. A journal without an owner is therefore new, or a rebuild that a power cut
stopped, and is filled (again) from the damaged journal that lies beside it.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from sqlite3 import Connection, Row

from edge.clock import Moment
from edge.spool import rows
from edge.spool.inspection import Inspection, PhotoFile
from edge.spool.journal import Connect, Journal, insert, one
from edge.spool.records import PhotoRow, ProofRow, StoredManifest
from edge.spool.salvage import newest_aside, read_manifests
from wire.messages import Manifest

logger = logging.getLogger(__name__)

Unclaimed = defaultdict[tuple[str, int], list[PhotoFile]]
"""Files by the beginning of their hash and their size."""


def found_journal(
    journal: Journal, directory: Path, seen: Inspection, device_id: str, connect: Connect
) -> int:
    """Fill a journal that has no owner yet; how many manifests were taken over.

    Raises:
        SpoolError: nothing was done; the next start does it again.
    """
    aside = newest_aside(directory)
    manifests = read_manifests(aside, connect) if aside else []
    with journal.transaction("founding the journal") as connection:
        last = max([seen.last_number, *(manifest.sequence for manifest in manifests)])
        insert(connection, "spool", {"only_row": 1, "device_id": device_id, "last_sequence": last})
        _restore(connection, manifests, seen.files)
    if aside:
        logger.warning(
            "journal rebuilt", extra={"damaged": aside.name, "kept_manifests": len(manifests)}
        )
    return len(manifests)


def _restore(
    connection: Connection, manifests: Iterable[StoredManifest], files: Iterable[PhotoFile]
) -> None:
    unclaimed = _by_picture(files)
    for stored in manifests:
        manifest = Manifest.from_bytes(stored.raw)
        if stored.revision == 1:
            rows.insert_proof(connection, _proof(manifest))
        _restore_photos(connection, manifest, unclaimed)
        sequences = [
            row["sequence"]
            for photo in manifest.photos
            if (row := _photo_row(connection, manifest.proof_id, photo.sha256)) is not None
        ]
        closed = Moment(manifest.closed_at, 0, "", manifest.clock_synced)
        rows.insert_manifest(connection, stored, closed, sequences)


def _proof(manifest: Manifest) -> ProofRow:
    return ProofRow(
        sequence=manifest.sequence,
        proof_id=manifest.proof_id,
        code=manifest.code,
        mode=manifest.mode,
        packer=manifest.packer,
        is_open=False,
        # what the monotonic clock said belongs to a boot that is over
        opened=Moment(manifest.opened_at, 0, "", manifest.clock_synced),
    )


def _restore_photos(connection: Connection, manifest: Manifest, unclaimed: Unclaimed) -> None:
    """Give the manifest's photos their files; read_photo checks the whole hash before use."""
    for photo in manifest.photos:
        if _photo_row(connection, manifest.proof_id, photo.sha256) is not None:
            continue
        file = _claim(unclaimed[photo.sha256[:8], photo.size_bytes], manifest.code)
        if file is None:
            continue  # freed by retention before the damage, or lost with it
        row = PhotoRow(
            sequence=file.parts.number,
            proof_id=manifest.proof_id,
            sha256=photo.sha256,
            size_bytes=photo.size_bytes,
            path=file.path,
            source=photo.source,
            warnings=tuple(photo.warnings),
            taken=Moment(photo.taken_at, 0, "", photo.clock_synced),
        )
        rows.insert_photo(connection, row)


def _photo_row(connection: Connection, proof_id: str, sha256: str) -> Row | None:
    sql = "SELECT sequence FROM photo WHERE proof_id = ? AND sha256 = ?"
    return one(connection, sql, proof_id, sha256)


def _by_picture(files: Iterable[PhotoFile]) -> Unclaimed:
    # of two files with one number one is a copy that somebody made
    unclaimed: Unclaimed = defaultdict(list)
    for file in {file.parts.number: file for file in files}.values():
        unclaimed[file.parts.sha8, file.size_bytes].append(file)
    return unclaimed


def _claim(candidates: list[PhotoFile], code: str) -> PhotoFile | None:
    """Take the first file of this code off the list."""
    for file in candidates:
        parts = file.parts
        if code == parts.code or (not parts.whole_code and code.startswith(parts.code)):
            candidates.remove(file)
            return file
    return None
