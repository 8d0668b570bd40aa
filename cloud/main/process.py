"""What belongs to this process: its data folder's lock, its logs, and how it ends."""

import fcntl
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cloud.main.errors import AlreadyRunning, DataFolderUnusable

_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


@contextmanager
def data_folder_locked(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the data folder for this process alone; the kernel lets go when it ends.

    ``shared``: with others that also share it.

    Raises:
        AlreadyRunning: another process holds it.
        DataFolderUnusable: it cannot be made or written to.
    """
    make_folder(folder)
    with _disk_errors(folder):
        file = (folder / "lock").open("a+")
    with file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise AlreadyRunning(
                f"another packwitness-cloud (process {holder}) has {folder}; stop it first"
            ) from None
        with _disk_errors(folder):
            file.seek(0)
            file.truncate()
            file.write(f"{os.getpid()}\n")
            file.flush()
        yield


def make_folder(folder: Path) -> None:
    """Make a folder that only this user may enter.

    Raises:
        DataFolderUnusable: the text says why.
    """
    with _disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataFolderUnusable(
            f"the folder {folder} cannot be used: {error.strerror}; "
            "make room, give this user the right, or set another data_dir"
        ) from None


@contextmanager
def ends_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGINT end the program as its own return would, with all that is cleaned up.

    Once: a second signal does not disturb the end that the first began.
    """

    def end(_signal: int, _frame: FrameType | None) -> None:
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        _asked.to_end = True
        raise SystemExit(0)

    before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class _Asked:
    """Whether a signal has asked the program to end."""

    to_end = False


_asked = _Asked()
_LOOK_EVERY_S = 1.0


def wait_for_end() -> NoReturn:
    """Wait until a signal ends the program; raises SystemExit.

    What a handler raises can get lost: while Python runs a finalizer, it is reported and dropped.
    """
    pause = threading.Event()
    while not _asked.to_end:
        pause.wait(_LOOK_EVERY_S)
    raise SystemExit(0)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, text, and the fields given as ``extra``.

    ``roles`` says which process of several wrote it; empty: there is only one.
    """

    def __init__(self, roles: str = "") -> None:
        super().__init__()
        self._fixed = {"role": roles} if roles else {}

    def format(self, record: logging.LogRecord) -> str:
        """Render one record."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "text": record.getMessage(),
            **self._fixed,
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def log_to_stderr(level: str, roles: str = "") -> None:
    """Send all logs to standard error; libraries that chat at INFO are held to warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(roles))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn.access", "cloud.link.paho"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def end_process(error: BaseException) -> None:
    """End at once: a thread that everything depends on is dead. The supervisor starts anew."""
    logging.getLogger(__name__).critical("a thread died; the process ends", exc_info=error)
    logging.shutdown()
    os._exit(70)
