"""Photos on the disk of this machine, written so that a power cut takes none of them.

Layout: <root>/<organisation>/<first two digits>/<sha256>. A photo is written to a temporary
file, flushed, put in its place in one step, and then its folder, and every folder newly made, is
flushed (stack C: no library does all of this).
"""

import errno
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cloud.photos.errors import (
    PhotoDamaged,
    PhotoMissing,
    PhotoStoreError,
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
)
from cloud.photos.store import PhotoKey, StoredPhoto, matches, photo_key, require_match

_INCOMING = "incoming"

_ERRORS: dict[int, type[PhotoStoreError]] = {
    errno.ENOSPC: StoreFull,
    errno.EDQUOT: StoreFull,
    errno.EROFS: StoreUnusable,
    errno.EACCES: StoreUnusable,
    errno.EPERM: StoreUnusable,
    errno.ENOTDIR: StoreUnusable,
    errno.EEXIST: StoreUnusable,
}

logger = logging.getLogger(__name__)


class LocalPhotoStore:
    """A photo store in a folder. The one process that owns it removes temporary files at its start.

    A command beside that process is not the ``owner``. Raises StoreUnusable when the folder does
    not exist and cannot be made.
    """

    def __init__(self, root: Path, *, owner: bool = True) -> None:
        self._root = root
        self._incoming = root / _INCOMING
        self._lasting_folders: set[Path] = set()
        with _disk_errors():
            for folder in [*_missing_above(root), root, self._incoming]:
                self._make_folder(folder)
            if owner:
                self._remove_leftovers()

    def __repr__(self) -> str:
        return f"LocalPhotoStore({str(self._root)!r})"

    def check(self) -> None:
        """See `PhotoStore.check`."""
        with _disk_errors():
            _discard(self._write_temporary(b"trial"))

    def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
        """See `PhotoStore.put`."""
        key = PhotoKey(organisation_id, sha256)
        require_match(key, data)
        path = self._path(key)
        with _disk_errors():
            self._make_folder(path.parent.parent)
            self._make_folder(path.parent)
            if self._is_sound(key):
                # Whoever wrote it may have died before these were flushed.
                _flush(path)
                _flush(path.parent)
                return
            self._write(path, data)

    def read(self, organisation_id: int, sha256: str) -> bytes:
        """See `PhotoStore.read`."""
        key = PhotoKey(organisation_id, sha256)
        with _disk_errors():
            try:
                data = self._path(key).read_bytes()
            except FileNotFoundError:
                raise PhotoMissing(f"no photo {sha256} of organisation {organisation_id}") from None
        if not matches(key, data):
            raise PhotoDamaged(
                f"the stored photo {sha256} of organisation {organisation_id} is damaged: "
                f"{len(data)} bytes with another hash"
            )
        return data

    def exists_verified(self, organisation_id: int, sha256: str) -> bool:
        """See `PhotoStore.exists_verified`."""
        with _disk_errors():
            return self._is_sound(PhotoKey(organisation_id, sha256))

    def delete(self, organisation_id: int, sha256: str) -> None:
        """See `PhotoStore.delete`."""
        path = self._path(PhotoKey(organisation_id, sha256))
        with _disk_errors():
            try:
                path.unlink()
            except FileNotFoundError:
                return
            _flush(path.parent)

    def organisations(self) -> list[int]:
        """See `PhotoStore.organisations`."""
        with _disk_errors():
            names = [path.name for path in self._root.iterdir()]
        return sorted(int(name) for name in names if name.isdecimal())

    def listing(self, organisation_id: int) -> Iterator[StoredPhoto]:
        """See `PhotoStore.listing`: one of the 256 folders of an organisation at a time."""
        with _disk_errors():
            shelves = sorted((self._root / str(organisation_id)).glob("??"))
        for shelf in shelves:
            yield from self._on_shelf(organisation_id, shelf)

    def _on_shelf(self, organisation_id: int, shelf: Path) -> list[StoredPhoto]:
        found = []
        with _disk_errors():
            for name in sorted(os.listdir(shelf)):  # noqa: PTH208  names alone, to be sorted
                key = photo_key(organisation_id, name)
                try:
                    status = (shelf / name).stat()
                except FileNotFoundError:
                    continue  # deleted meanwhile
                if key is not None and name.startswith(shelf.name):
                    written_at = datetime.fromtimestamp(status.st_mtime, UTC)
                    found.append(StoredPhoto(key, status.st_size, written_at))
        return found

    def _path(self, key: PhotoKey) -> Path:
        return self._root / str(key.organisation_id) / key.sha256[:2] / key.sha256

    def _is_sound(self, key: PhotoKey) -> bool:
        try:
            return matches(key, self._path(key).read_bytes())
        except FileNotFoundError:
            return False

    def _write(self, path: Path, data: bytes) -> None:
        name = self._write_temporary(data)
        try:
            # Replaces a damaged photo; a sound one written meanwhile has the same bytes.
            os.replace(name, path)  # noqa: PTH105  the step that the tests make fail
        except BaseException:
            _discard(name)
            raise
        _flush(path.parent)

    def _write_temporary(self, data: bytes) -> str:
        handle, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            _discard(name)
            raise
        return name

    def _make_folder(self, folder: Path) -> None:
        """Make a folder that lasts.

        One that is there may still be lost in a power cut (another thread has not flushed it yet,
        an earlier flush failed), so each is flushed once by each process that relies on it.
        """
        if folder in self._lasting_folders:
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        _flush(folder.parent)
        self._lasting_folders.add(folder)

    def _remove_leftovers(self) -> None:
        leftovers = list(self._incoming.iterdir())
        for path in leftovers:
            path.unlink()
        if leftovers:
            logger.info("removed unfinished photos", extra={"photos": len(leftovers)})


def _discard(name: str) -> None:
    """Remove a temporary file; the next start tries again, and the first error matters more."""
    try:
        os.unlink(name)  # noqa: PTH108  the step that the tests make fail
    except OSError:
        logger.warning("an unfinished photo stays until the next start")


def _missing_above(root: Path) -> list[Path]:
    return [folder for folder in reversed(root.parents) if not folder.is_dir()]


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Turn the system's errors into those of the store."""
    try:
        yield
    except OSError as error:
        kind = _ERRORS.get(error.errno or 0, StoreUnavailable)
        raise kind(f"the photo store's disk: {error.strerror or error}") from error
