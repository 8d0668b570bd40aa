"""The disk: room, and how long a photo takes to be safe on it."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table

SUBJECT = "disk"
PHOTO_BYTES = 2 * 1024**2
"""About what a 12-megapixel photo has (edge-hardware 1.5)."""
SLOWEST_MS = 500.0
"""Half a second from the click to "saved" is still in the packer's rhythm."""
_TRIES = 7
_TRIES_BESIDE_DAEMON = 3
_MB = 1_000_000


def check(table: Table) -> Iterator[Finding]:
    """Room above the reserve; the median time of some photo-sized writes, each flushed."""
    directory = _nearest(table.settings.spool.directory)
    reserve_bytes = table.settings.spool.reserve_bytes
    total_bytes, _, free_bytes = shutil.disk_usage(directory)
    if not total_bytes:
        return  # no disk at all: the finding of the spool says so
    text = f"{free_bytes // _MB} MB free at {directory}, {reserve_bytes // _MB} MB of it in reserve"
    if free_bytes <= reserve_bytes:
        to_do = "let the table send what waits, make room, or take a larger card: it refuses orders"
        yield wrong(SUBJECT, text, to_do=to_do)
        return
    yield fine(SUBJECT, text)
    yield from _speed(directory, _TRIES_BESIDE_DAEMON if table.daemon_runs else _TRIES)


def _nearest(directory: Path) -> Path:
    return next(path for path in (directory, *directory.parents) if os.access(path, os.F_OK))


def _speed(directory: Path, tries: int) -> Iterator[Finding]:
    subject = f"{SUBJECT} speed"
    try:
        times = sorted(_write_ms(directory) for _ in range(tries))
    except OSError as error:
        to_do = "run this as the daemon's user; if it is, see the finding of the spool"
        yield wrong(subject, f"{directory} cannot be written: {error.strerror}", to_do=to_do)
        return
    median_ms = statistics.median(times)
    text = (
        f"a photo of {PHOTO_BYTES // _MB} MB is safe in {median_ms:.0f} ms, at worst "
        f"{times[-1]:.0f} ms; limit {SLOWEST_MS:.0f} ms at the median"
    )
    to_do = "take a card of class A1 or A2, or a USB disk: this one is slow or worn"
    yield fine(subject, text) if median_ms <= SLOWEST_MS else wrong(subject, text, to_do=to_do)


def _write_ms(directory: Path) -> float:
    content = os.urandom(PHOTO_BYTES)  # some cards pack what can be packed
    began = time.monotonic()
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return (time.monotonic() - began) * 1000
