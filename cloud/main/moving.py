"""``packwitness-cloud move-database`` and ``move-photos``: to a larger home."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from cloud.database.engine import Engines, make_engines
from cloud.main.errors import BadSettings, StartError
from cloud.main.opening import PhotoHome, local_photo_store, s3_photo_store
from cloud.main.process import data_folder_locked
from cloud.main.progress import Progress
from cloud.main.settings import CloudSettings
from cloud.migrations.moving import Moved, move
from cloud.photos.copying import Copied, copy_photos
from cloud.photos.store import PhotoKey


def move_database(settings: CloudSettings, to: str, progress: Progress) -> Moved:
    """Copy the SQLite database of the settings into an empty one on PostgreSQL.

    Raises StartError or DatabaseError; both databases are then as they were, but that the empty
    one may have tables.
    """
    file = sqlite_file(settings, "only a SQLite database is moved")
    with ExitStack() as stack:
        stack.enter_context(data_folder_locked(settings.data_dir))
        return move(_opened(f"sqlite:///{file}", stack), _opened(to, stack), progress)


def _opened(address: str, stack: ExitStack) -> Engines:
    engines = make_engines(address)
    stack.callback(engines.dispose)
    return engines


def sqlite_file(settings: CloudSettings, otherwise: str) -> Path:
    """The file of the database.

    Raises BadSettings, with ``otherwise`` in its text, for another kind; StartError without it.
    """
    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        raise BadSettings("setting database: cannot be read as a URL") from None
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BadSettings(f"setting database names {url.get_backend_name()}: {otherwise}")
    file = Path(url.database)
    if not file.is_file():
        raise StartError(f"there is no database {file}; look at the settings data_dir and database")
    return file


def move_photos(
    settings: CloudSettings, to: PhotoHome, say: Callable[[str], None], progress: Progress
) -> Copied:
    """Copy what is missing, verified; also beside a running cloud. Deletes nothing.

    Raises BadSettings without a bucket, and PhotoStoreError when a store fails: run it again.
    """
    if not settings.s3.bucket:
        raise BadSettings("setting s3.bucket is empty: name the bucket, in the section [s3]")
    stores = {
        PhotoHome.FOLDER: local_photo_store(settings, owner=False),
        PhotoHome.BUCKET: s3_photo_store(settings),
    }
    target = stores.pop(to)
    [source] = stores.values()
    target.check()
    return copy_photos(
        source, target, on_damaged=lambda key: say(damaged(key)), on_step=telling(progress)
    )


def damaged(key: PhotoKey) -> str:
    """One line about a photo that could not be copied."""
    return f"damaged: photo {key.sha256} of organisation {key.organisation_id}, not copied"


def telling(progress: Progress) -> Callable[[Copied], None]:
    """Progress of copying photos."""
    return lambda done: progress(f"so far {in_words(done)}")


def in_words(done: Copied) -> str:
    """What was copied, in one line."""
    parts = [f"{done.copied} photos copied", f"{done.present} were there already"]
    if done.damaged:
        parts.append(f"{done.damaged} are damaged and were not copied")
    return ", ".join(parts)
