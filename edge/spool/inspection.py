"""What lies in the photo folders at a start."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from edge.spool.failures import typed
from edge.spool.files import FileSystem, discard
from edge.spool.jpeg import is_complete
from edge.spool.names import DAMAGED, PHOTOS, TEMPORARY, NameParts, parse

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A file with a name of ours; ``path`` is relative to the spool."""

    path: str
    size_bytes: int
    parts: NameParts


@dataclass(frozen=True, slots=True)
class Inspection:
    """All photo files, oldest name number first, and the highest number ever seen in a name."""

    files: tuple[PhotoFile, ...]
    last_number: int


def inspect(files: FileSystem, directory: Path, zone: tzinfo | None) -> Inspection:
    """Look through the photo folders; temporary files are removed on the way.

    Raises:
        DiskFault: a folder cannot be read. Nothing is taken for lost because of that.
    """
    found: list[PhotoFile] = []
    last_number = 0
    with typed("looking through the photos"):
        for path in (directory / PHOTOS).glob("*/*"):
            if path.suffix == TEMPORARY:
                discard(files, path)
                continue
            relative = path.relative_to(directory).as_posix()
            parts = parse(relative.removesuffix(DAMAGED), zone)
            if parts is None:
                logger.info("not a photo of ours, left alone", extra={"file": path.name})
                continue
            last_number = max(last_number, parts.number)
            if path.suffix != DAMAGED:
                found.append(PhotoFile(relative, path.stat().st_size, parts))
    found.sort(key=lambda file: file.parts.number)
    return Inspection(tuple(found), last_number)


def whole_photo(files: FileSystem, path: Path, sha8: str) -> str | None:
    """The SHA-256 of a file that is a complete JPEG with the hash its name says, else None."""
    try:
        data = files.read(path)
    except OSError as error:
        logger.warning("a photo cannot be read", extra={"file": path.name, "error": str(error)})
        return None
    sha256 = hashlib.sha256(data).hexdigest()
    return sha256 if is_complete(data) and sha256.startswith(sha8) else None
