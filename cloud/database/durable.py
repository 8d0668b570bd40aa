"""Making files and their names outlast a power cut."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Return once what a file holds, or which names a folder holds, is on the disk.

    Raises:
        OSError: it may not be; nobody can tell any more.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
