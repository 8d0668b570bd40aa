"""What belongs to this process: its data folder's lock, its logs, and how it ends."""

import fcntl
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cloud.main.errors import AlreadyRunning

_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


@contextmanager
def data_folder_locked(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process alone; the kernel lets go when it ends.

    Raises:
        AlreadyRunning: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise AlreadyRunning(
                f"another packwitness-cloud (process {holder}) has {folder}; stop it first"
            ) from None
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, text, and the fields given as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one record."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "text": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def log_to_stderr(level: str) -> None:
    """Send all logs to standard error; libraries that chat at INFO are held to warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn.access", "cloud.link.paho"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def end_process(error: BaseException) -> None:
    """End at once: a thread that everything depends on is dead. The supervisor starts anew."""
    logging.getLogger(__name__).critical("a thread died; the process ends", exc_info=error)
    logging.shutdown()
    os._exit(70)
