"""Opening database and keys: whole for ``serve``, or beside a cloud that already runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from cloud.database.engine import Engines
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.main.errors import AlreadyRunning
from cloud.main.process import data_folder_locked, end_process, make_folder
from cloud.main.settings import CloudSettings
from cloud.migrations.upgrade import require_current, upgrade


@dataclass(frozen=True, slots=True)
class Basics:
    """What every command needs."""

    settings: CloudSettings
    database: Database
    box: SecretBox


@contextmanager
def basics(
    settings: CloudSettings, prepare: Callable[[Engines], None] = upgrade
) -> Iterator[Basics]:
    """Open the database, with its schema prepared, and the key file."""
    with ExitStack() as stack:
        database = Database.open(settings.database_url, on_death=end_process)
        stack.callback(database.close)
        prepare(database.engines)
        make_folder(settings.key_file.parent)
        yield Basics(settings, database, SecretBox(settings.key_file))


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
