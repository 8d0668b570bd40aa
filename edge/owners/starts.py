"""A number that grows with every start of the daemon: orders births and wills of one table."""

import time
from pathlib import Path

from edge.spool.files import OsFileSystem, write_durable


def next_start_number(path: Path) -> int:
    """Make the number of this start.

    The Unix time takes part, so that the number still grows after the file was lost or damaged.

    Raises:
        SpoolError: the disk refused.
    """
    number = max(_previous(path) + 1, int(time.time()))
    write_durable(OsFileSystem(), path, f"{number}\n".encode("ascii"))
    return number


def _previous(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
