"""A run of the daemon as its successor will know it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.clock import Clock
from edge.errors import TableError
from edge.service.endings import Ending
from edge.service.last_words import LastWords

logger = logging.getLogger(__name__)

_SAID_FOR_NS = 30 * 60 * 10**9


@dataclass(frozen=True, slots=True)
class Remembered:
    """This run, and how the one before it ended."""

    last_words: LastWords
    before: Ending
    _began_ns: int

    def faults(self, now_ns: int) -> list[str]:
        """What people elsewhere should know of the run before, for half an hour."""
        if not self.before.is_fault or now_ns - self._began_ns > _SAID_FOR_NS:
            return []
        return [f"restarted: {self.before.text}"]


@contextmanager
def remembered(directory: Path, clock: Clock) -> Iterator[Remembered]:
    """Note that a run began, and why it ends. The spool in ``directory`` must be ours by then."""
    now = clock.now()
    last_words = LastWords(directory, now.boot_id)
    before = last_words.begin()
    if before.text:
        level = logging.ERROR if before.is_fault else logging.WARNING
        logger.log(level, "restarted", extra={"reason": before.text})
    try:
        yield Remembered(last_words, before, now.monotonic_ns)
    except TableError as error:
        last_words.leave(str(error))
        raise
    finally:
        last_words.end()
