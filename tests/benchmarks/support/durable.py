"""The barest durable write of a photo: what every peer of a benchmark does with one."""

import os
from pathlib import Path


def write_durable(path: Path, data: bytes) -> None:
    """Temporary file, fsync, rename, fsync of the directory."""
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
