"""The reboots of this table, in a file beside its photos."""

import logging
from pathlib import Path

from edge.clock import Clock
from edge.service.reboots import (
    Reboot,
    RebootsDamaged,
    from_text,
    reboots_left,
    to_text,
    with_another,
)
from edge.spool.errors import SpoolError
from edge.spool.files import OsFileSystem, write_durable

logger = logging.getLogger(__name__)

FILE_NAME = "reboots"


class RebootLog:
    """Counts reboots so that they survive them. What cannot be read or written allows none."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        """``directory``: the spool's; it need not exist yet."""
        self._path = directory / FILE_NAME
        self._clock = clock

    def left(self) -> int:
        """How many reboots may be asked for now. Never raises."""
        past = self._read()
        return 0 if past is None else reboots_left(past, self._clock.now())

    def take(self, reason: str) -> bool:
        """Count one durably; True if it may happen. Never raises."""
        past, now = self._read(), self._clock.now()
        if past is None or reboots_left(past, now) == 0:
            return False
        text = to_text(with_another(past, Reboot(now, reason)))
        try:
            write_durable(OsFileSystem(), self._path, text.encode())
        except SpoolError as error:
            logger.warning("a reboot cannot be counted", extra={"reason": str(error)})
            return False
        return True

    def _read(self) -> tuple[Reboot, ...] | None:
        try:
            return from_text(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError, RebootsDamaged) as error:
            text = f"{self._path}: {error}; remove the file to allow reboots again"
            logger.warning("reboots cannot be counted", extra={"reason": text})
            return None
