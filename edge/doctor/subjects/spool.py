"""The spool: whether photos can be kept, and what waits in it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge.clock import Clock
from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.spool.errors import SpoolError, SpoolLocked
from edge.spool.lock import LOCK_NAME
from edge.spool.store import Spool


def check(table: Table) -> Iterator[Finding]:
    """Rights, and the content where no daemon holds it."""
    directory = table.settings.spool.directory
    problem = _rights(directory)
    if problem is not None:
        yield problem
    elif table.daemon_runs:
        yield fine("spool", f"{directory} is in use by the running daemon")
    elif table.credentials is None or not (directory / LOCK_NAME).exists():
        yield fine("spool", f"{directory} can be used")
    else:
        reserve_bytes = table.settings.spool.reserve_bytes
        yield _content(directory, table.credentials.device_id, table.clock, reserve_bytes)


def _rights(directory: Path) -> Finding | None:
    """Try it: rights alone do not tell of read-only file systems."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"packwitness")
            os.fsync(file.fileno())
    except OSError as error:
        to_do = "run this with sudo, or set spool.directory to a folder of the daemon's own user"
        return wrong("spool", f"{directory} cannot be written: {error.strerror}", to_do=to_do)
    return None


def _content(directory: Path, device_id: str, clock: Clock, reserve_bytes: int) -> Finding:
    try:
        spool = Spool.open(directory, device_id=device_id, clock=clock, reserve_bytes=reserve_bytes)
    except SpoolLocked:
        return fine("spool", f"{directory} is in use by the running daemon")
    except SpoolError as error:
        to_do = "make room, replace the card, or follow the text"
        return wrong("spool", str(error), to_do=to_do)
    try:
        use, photos, waiting = spool.disk_use(), spool.kept_photos(), spool.counts()
    finally:
        spool.close()
    text = f"{directory}: {photos} photos, {waiting.waiting_proofs} proofs wait"
    return fine("spool", f"{text}, disk {use.used_percent:.0f} % used")
