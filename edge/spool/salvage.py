"""What can be believed of a damaged journal.

A manifest carries its own proof: its bytes are stored beside their SHA-256. So manifests can be
taken over from a damaged journal, but only if all of them can be read, each fits its digest, and
no revision is missing: where one is missing it may be the one that took a ``send`` back, and the
buyer would get what the packer had cancelled. Everything else in a damaged journal is not believed.
"""

import hashlib
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from edge.spool.files import FileSystem, sync_directory
from edge.spool.journal import FILE_NAME, Connect, every
from edge.spool.records import StoredManifest
from edge.spool.rows import manifest_of
from wire.errors import WireError
from wire.messages import Manifest

logger = logging.getLogger(__name__)

_ASIDE = f"{FILE_NAME}.damaged-"
_COMPANIONS = ("-wal", "-shm")


def move_aside(files: FileSystem, directory: Path) -> Path:
    """Rename a damaged journal with its log, keep it for ever; the new name. Raises OSError.

    The journal goes last: a crash in between finds it damaged again and goes on.
    """
    target = directory / f"{_ASIDE}{_newest_number(directory) + 1}"
    for companion in (*_COMPANIONS, ""):
        source = directory / f"{FILE_NAME}{companion}"
        if source.exists():
            files.rename(source, target.with_name(target.name + companion))
    sync_directory(files, directory)
    return target


def newest_aside(directory: Path) -> Path | None:
    """The journal that was moved aside last, if one was."""
    number = _newest_number(directory)
    return directory / f"{_ASIDE}{number}" if number else None


def _newest_number(directory: Path) -> int:
    names = (path.name.removeprefix(_ASIDE) for path in directory.glob(f"{_ASIDE}*"))
    return max((int(name) for name in names if name.isdigit()), default=0)


def owner_of(path: Path, connect: Connect) -> str | None:
    """The device a damaged journal belonged to, if that can still be read."""
    try:
        with closing(connect(path)) as connection:
            row = connection.execute("SELECT device_id FROM spool").fetchone()
    except sqlite3.Error:
        return None
    # a torn page may read as a row of nothing
    return row[0] if row and isinstance(row[0], str) and row[0] else None


def read_manifests(path: Path, connect: Connect) -> list[StoredManifest]:
    """All manifests of a damaged journal, in their order, or none where one cannot be believed."""
    try:
        with closing(connect(path)) as connection:
            connection.row_factory = sqlite3.Row
            rows = every(connection, "SELECT * FROM manifest ORDER BY sequence")
            # compares the table with its indexes too, so that no row is missing unnoticed
            checked = connection.execute("PRAGMA integrity_check(manifest)").fetchone()[0]
            manifests = [manifest_of(row) for row in rows]
    except (sqlite3.Error, ValueError) as error:
        logger.warning("the damaged journal cannot be read", extra={"error": str(error)})
        return []
    if checked == "ok" and _revisions_complete(manifests) and all(map(_is_genuine, manifests)):
        return manifests
    logger.warning("a manifest of the damaged journal is not genuine; none is taken over")
    return []


def _is_genuine(manifest: StoredManifest) -> bool:
    if hashlib.sha256(manifest.raw).hexdigest() != manifest.digest:
        return False
    try:
        said = Manifest.from_bytes(manifest.raw)
    except WireError:
        return False
    return (said.proof_id, said.revision, said.closing, said.sequence) == (
        manifest.proof_id,
        manifest.revision,
        manifest.closing,
        manifest.sequence,
    )


def _revisions_complete(manifests: Iterable[StoredManifest]) -> bool:
    newest: dict[str, int] = {}
    for manifest in manifests:
        if manifest.revision != newest.get(manifest.proof_id, 0) + 1:
            return False
        newest[manifest.proof_id] = manifest.revision
    return True
