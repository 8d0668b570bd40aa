"""What a run writes down for the next one, in a file beside the photos."""

import logging
import threading
from dataclasses import replace
from pathlib import Path

from edge.service.endings import Ending, Run, ending_of, run_from_text
from edge.spool.errors import SpoolError
from edge.spool.files import OsFileSystem, write_durable

logger = logging.getLogger(__name__)

FILE_NAME = "last-run"
_LONGEST = 200


class LastWords:
    """Written at the start, at the end, and before an end by force. Safe from any thread."""

    def __init__(self, directory: Path, boot_id: str) -> None:
        """``directory``: the spool's."""
        self._path = directory / FILE_NAME
        self._lock = threading.Lock()
        self._run = Run(boot_id)

    def begin(self) -> Ending:
        """A run begins; how the one before ended. Never raises."""
        ending = ending_of(self._read(), self._run.boot_id)
        self._write(self._run)
        return ending

    def leave(self, reason: str) -> None:
        """Say why this run will have to end. Never raises; waits for the disk."""
        with self._lock:
            if reason[:_LONGEST] != self._run.reason:
                self._run = replace(self._run, reason=reason[:_LONGEST])
                self._write(self._run)

    def take_back(self) -> None:
        """It goes on after all."""
        self.leave("")

    def end(self) -> None:
        """This run ends by itself. A reason that was left stays."""
        with self._lock:
            self._run = replace(self._run, ended=True)
            self._write(self._run)

    def _read(self) -> Run | None:
        try:
            return run_from_text(self._path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            return None  # the first run, or a damaged disk: nothing is known

    def _write(self, run: Run) -> None:
        try:
            write_durable(OsFileSystem(), self._path, run.to_text().encode())
        except SpoolError as error:
            logger.warning("last words cannot be written", extra={"reason": str(error)})


def last_reason(directory: Path) -> str:
    """Why the newest run in ``directory`` ended; empty if it did not say, or cannot be read."""
    try:
        run = run_from_text((directory / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""
    return run.reason if run is not None else ""
