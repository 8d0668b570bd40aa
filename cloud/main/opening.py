"""Opening database, keys and photos: whole for ``serve``, or beside a cloud that already runs."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum

from cloud.database.engine import Engines
from cloud.database.restorations import untreated
from cloud.database.scope import system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.main.errors import AlreadyRunning, RestoredCopy
from cloud.main.process import data_folder_locked, end_process, make_folder
from cloud.main.settings import CloudSettings
from cloud.migrations.upgrade import require_current, upgrade
from cloud.photos.errors import TransientPhotoStoreError
from cloud.photos.local import LocalPhotoStore
from cloud.photos.store import PhotoStore

logger = logging.getLogger(__name__)


class PhotoHome(StrEnum):
    """Where photos are kept."""

    BUCKET = "bucket"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Basics:
    """What every command needs."""

    settings: CloudSettings
    database: Database
    box: SecretBox


@contextmanager
def basics(
    settings: CloudSettings,
    prepare: Callable[[Engines], None] = upgrade,
    *,
    copies: bool = False,
) -> Iterator[Basics]:
    """Open the database, with its schema prepared, and the key file.

    A backup as it was made is opened only with ``copies``. Raises StartError or DatabaseError.
    """
    with ExitStack() as stack:
        database = Database.open(settings.database_url, on_death=end_process)
        stack.callback(database.close)
        prepare(database.engines)
        if not copies:
            _refuse_copy(database)
        make_folder(settings.key_file.parent)
        yield Basics(settings, database, SecretBox(settings.key_file))


def _refuse_copy(database: Database) -> None:
    """Raise RestoredCopy for a database that is a copy as the backup made it."""
    with database.read(system("is this a copy")) as session:
        copy = untreated(session)
    if copy is not None:
        when = f"{copy.taken_at:%Y-%m-%d %H:%M} UTC" if copy.taken_at else "unknown time"
        raise RestoredCopy(
            f"this database is a backup of {when}, and what waited in it may have been sent since. "
            "If it takes the place of one that was lost, type: packwitness-cloud restored"
        )


@contextmanager
def basics_for_a_command(settings: CloudSettings) -> Iterator[Basics]:
    """The same for a command that only writes a few rows, so it may run beside the cloud.

    Alone it prepares the schema; beside a running cloud the schema must be this version's.
    """
    with ExitStack() as stack:
        prepare = upgrade
        try:
            stack.enter_context(data_folder_locked(settings.data_dir))
        except AlreadyRunning:
            prepare = require_current
        yield stack.enter_context(basics(settings, prepare))


def photo_store(settings: CloudSettings, *, owner: bool) -> PhotoStore:
    """The photo store that the settings choose. Of a local one, one process is the ``owner``.

    Raises:
        PhotoStoreError: it cannot be used as it is set up.
    """
    if settings.s3.bucket:
        return s3_photo_store(settings)
    return local_photo_store(settings, owner=owner)


def s3_photo_store(settings: CloudSettings) -> PhotoStore:
    """The one in the bucket. Raises PhotoStoreError."""
    from cloud.photos.s3 import S3PhotoStore  # noqa: PLC0415 - loads its library

    return S3PhotoStore(settings.s3.store)


def local_photo_store(settings: CloudSettings, *, owner: bool) -> PhotoStore:
    """The one in the data folder. Raises PhotoStoreError."""
    return LocalPhotoStore(settings.photo_dir, owner=owner)


def photo_store_tried_out(settings: CloudSettings, *, owner: bool) -> PhotoStore:
    """The same, after a trial photo.

    A store that is only out of reach now does not keep the cloud from its start: nothing is
    receipted until it is back. Raises PermanentPhotoStoreError.
    """
    store = photo_store(settings, owner=owner)
    try:
        store.check()
    except TransientPhotoStoreError as error:
        logger.warning("photos cannot be stored now, and none is receipted: %s", error)
    return store
