"""``packwitness-cloud backup``: database, photos and keys in a folder like the data folder.

First the state of the database, then the photos, then the keys. Photos and keys are written
before the rows that need them, and never change: whatever a row of that state names is there
still when its turn comes. Photos that came meanwhile have no row in it.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from cloud.database.base import utc_now
from cloud.database.restorations import mark_as_copy
from cloud.database.snapshot import snapshot
from cloud.main.errors import DataFolderUnusable, StartError
from cloud.main.moving import damaged, sqlite_file, telling
from cloud.main.opening import local_photo_store
from cloud.main.process import data_folder_locked
from cloud.main.progress import Progress
from cloud.main.settings import CloudSettings
from cloud.photos.copying import Copied, copy_photos
from cloud.photos.local import LocalPhotoStore

DATABASE = "packwitness.sqlite3"


def back_up(
    settings: CloudSettings, folder: Path, say: Callable[[str], None], progress: Progress
) -> Copied | None:
    """Bring a backup up to date, or begin one; also beside a running cloud.

    Interrupted, it leaves the state of the database that was there before. Photos in a bucket
    are not copied (None). Raises StartError, DatabaseError or PhotoStoreError.
    """
    file = sqlite_file(
        settings, "its own tools make the backup (pg_dump; see docs/for-it.md, Backup)"
    )
    if folder.resolve() == settings.data_dir.resolve():
        raise StartError(f"{folder} is the data folder itself; name another one")
    with data_folder_locked(folder):
        new = folder / f"{DATABASE}.new"
        new.unlink(missing_ok=True)
        snapshot(file, new)
        mark_as_copy(new, utc_now())
        copied = None if settings.s3.bucket else _photos(settings, folder, say, progress)
        try:
            _keys(settings.key_file, folder / settings.key_file.relative_to(settings.data_dir))
            new.replace(folder / DATABASE)
            _flush(folder)
        except OSError as error:
            raise DataFolderUnusable(f"the backup is not finished: {error}") from error
    return copied


def _photos(
    settings: CloudSettings, folder: Path, say: Callable[[str], None], progress: Progress
) -> Copied:
    return copy_photos(
        local_photo_store(settings, owner=False),
        LocalPhotoStore(folder / settings.photo_dir.relative_to(settings.data_dir)),
        on_damaged=lambda key: say(damaged(key)),
        on_step=telling(progress),
    )


def _keys(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    new = target.with_name(f"{target.name}.new")
    new.unlink(missing_ok=True)
    # With its mode, from the start: nobody else may read it.
    new.touch(mode=0o600, exist_ok=False)
    shutil.copyfile(source, new)
    _flush(new)
    new.replace(target)
    _flush(target.parent)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
