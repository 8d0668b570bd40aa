"""The log of a table: one line for each record, with its ids as ``name=value``."""

import logging
import sys
import time
from pathlib import Path

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LineFormatter(logging.Formatter):
    """Time in UTC, level, logger, text, then what was given as ``extra``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line, without line breaks from codes and reasons."""
        extras = {name: one for name, one in vars(record).items() if name not in _OWN}
        line = super().formatMessage(record)
        for name, one in extras.items():
            line += f" {name}={one}"
        return line.replace("\n", "\\n").replace("\r", "\\r")


def set_up(level: str, file: Path | None) -> None:
    """Send all logs to a file or to standard error.

    Raises:
        OSError: the file cannot be opened.
    """
    handler: logging.Handler
    handler = logging.StreamHandler(sys.stderr) if file is None else logging.FileHandler(file)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
