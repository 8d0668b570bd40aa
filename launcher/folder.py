"""The folder that holds all data of one installation, and what is remembered in it."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.errors import InUse, NoRoom

TABLE_RESERVE_BYTES = 64 * 1024**2
"""What the table leaves free on the disk; below it refuses new orders."""
_ROOM_BYTES = 4 * TABLE_RESERVE_BYTES


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths below one folder."""

    root: Path

    @property
    def sandbox(self) -> Path:
        """State of the marketplace."""
        return self.root / "sandbox"

    @property
    def cloud(self) -> Path:
        """Database, photos and keys of the cloud."""
        return self.root / "cloud"

    @property
    def spool(self) -> Path:
        """Photos and journal of the table."""
        return self.root / "table" / "spool"

    @property
    def table_settings(self) -> Path:
        """The table's settings, written at each start."""
        return self.root / "table" / "table.toml"

    @property
    def credentials(self) -> Path:
        """The table's own credentials."""
        return self.root / "table" / "credentials.json"

    @property
    def logs(self) -> Path:
        """One log for each program."""
        return self.root / "logs"

    @property
    def notes(self) -> Path:
        """What the launcher remembers from one run to the next."""
        return self.root / "launcher.json"

    def prepare(self) -> None:
        """Make the folders; the logs of the run before are kept once.

        Raises:
            NoRoom: the disk is nearly full, or refuses.
        """
        try:
            for folder in (self.sandbox, self.cloud, self.spool.parent, self.logs):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for log in self.logs.glob("*.log"):
                log.replace(log.with_suffix(".log.1"))
            free = shutil.disk_usage(self.root).free
        except OSError as error:
            raise NoRoom(f"{self.root} cannot be used: {error.strerror}") from error
        if free < _ROOM_BYTES:
            raise NoRoom(
                f"the disk of {self.root} is full: {free // 1024**2} MB are free, "
                f"{_ROOM_BYTES // 1024**2} MB are needed. Make room, or put the data elsewhere: "
                "PACKWITNESS_RUN_DIR=/another/folder make run"
            )

    def remembered(self) -> dict[str, Any]:
        """What was noted; empty at the first run, or when the note cannot be read."""
        try:
            noted = json.loads(self.notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def remember(self, **facts: object) -> None:
        """Add to the note; readable by its owner alone."""
        write_private(self.notes, json.dumps(self.remembered() | facts, indent=2) + "\n")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the folder for this launcher alone.

        Raises:
            InUse: another launcher has it.
            NoRoom: it cannot be made.
        """
        try:
            for folder in (self.root.parent, self.root):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.root / "launcher.lock").open("a")
        except OSError as error:
            raise NoRoom(f"{self.root} cannot be used: {error.strerror}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InUse(
                    f"{self.root} is in use by another `make run` or `make demo`; end that first"
                ) from None
            yield


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by this user alone."""
    unfinished = path.with_name(path.name + ".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)
