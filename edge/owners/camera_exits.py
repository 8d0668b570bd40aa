"""How often the program ended for its camera since that last worked: survives the program."""

import logging
from pathlib import Path
from typing import Protocol

from edge.spool.errors import SpoolError
from edge.spool.files import OsFileSystem, write_durable

logger = logging.getLogger(__name__)

FILE_NAME = "camera-exits"
_UNKNOWN = 1_000_000
"""A count that cannot be read or written allows no more exits: they could not be counted."""


class Reboots(Protocol):
    """The count of reboots."""

    def left(self) -> int:
        """How many may be asked for now."""
        ...


class CameraExits:
    """Follows the disk: a small file beside the photos."""

    def __init__(self, directory: Path, reboots: Reboots) -> None:
        """``directory``: the spool's."""
        self._path = directory / FILE_NAME
        self._reboots = reboots

    def count(self) -> int:
        """Exits since the camera last worked steadily. Never raises."""
        try:
            return max(0, int(self._path.read_text(encoding="ascii")))
        except FileNotFoundError:
            return 0
        except (OSError, ValueError) as error:
            logger.warning("exits for the camera cannot be read", extra={"reason": str(error)})
            return _UNKNOWN

    def reboots_left(self) -> int:
        """Reboots that may still be asked for. Never raises."""
        return self._reboots.left()

    def add(self) -> bool:
        """Count one durably; True if it was counted and may happen. Never raises."""
        return self._write(self.count() + 1)

    def clear(self) -> None:
        """The camera works steadily. Writes only if there is something to forget."""
        if self.count():
            self._write(0)

    def _write(self, count: int) -> bool:
        try:
            write_durable(OsFileSystem(), self._path, f"{count}\n".encode("ascii"))
        except SpoolError as error:
            logger.warning("exits for the camera cannot be counted", extra={"reason": str(error)})
            return False
        return True
