"""What the running daemon knows, in a file in memory: for ``doctor`` and for IT's own watching.

systemd gives the folder (RuntimeDirectory); where it gives none, nothing is written.
"""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from edge.clock import Clock
from wire.messages import Health

logger = logging.getLogger(__name__)

FOLDER_VARIABLE = "RUNTIME_DIRECTORY"
DEFAULT_FOLDER = Path("/run/packwitness")
FILE_NAME = "status.json"
INTERVAL_S = 5.0
_STOP_S = 1.0


@dataclass(frozen=True, slots=True)
class Status:
    """The health that the daemon told last."""

    health: Health
    age_s: float


class StatusFile:
    """Writes the health every few seconds, from a thread of its own."""

    def __init__(self, folder: Path, health: Callable[[], Health], clock: Clock) -> None:
        """``health`` is asked from the thread; it must not wait."""
        self._path = folder / FILE_NAME
        self._health = health
        self._clock = clock
        self._has_failed = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="status", daemon=True)

    def start(self) -> None:
        """Tell it once, then again and again."""
        self._write()
        self._thread.start()

    def stop(self) -> None:
        """End, and take the file away: what it says is over."""
        self._stopping.set()
        self._thread.join(_STOP_S)
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL_S):
            self._write()

    def _write(self) -> None:
        told = {
            "monotonic_ns": self._clock.monotonic_ns(),
            "health": self._health().model_dump(mode="json"),
        }
        new = self._path.with_suffix(".new")
        try:
            new.write_text(json.dumps(told), encoding="utf-8")
            new.rename(self._path)
        except OSError as error:
            if not self._has_failed:
                logger.warning("the status cannot be written", extra={"reason": str(error)})
            self._has_failed = True


def read_status(folder: Path, now_ns: int) -> Status | None:
    """What a daemon told, None where there is none or another version wrote it."""
    try:
        told = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        health = Health.model_validate(told["health"])
        return Status(health, max(0.0, (now_ns - told["monotonic_ns"]) / 1e9))
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
