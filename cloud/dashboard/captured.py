"""Where a proof was captured, in words: its table, or the capture platform."""

from collections.abc import Callable

from cloud.dashboard import words
from cloud.proofs.entries import LogEntry
from cloud.proofs.platforms import Platform


def captured_at(entry: LogEntry, say: Callable[[str], str]) -> str:
    """The table's name; the platform's word for what was captured in a browser or on a phone."""
    return entry.table_name or say(words.PLATFORMS[Platform(entry.proof.platform)])
