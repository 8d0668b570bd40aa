"""A checksum over rows that is the same whichever database they were read from."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import Enum


class RowSum:
    """Counts rows and sums their values up, in the order in which they come."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = hashlib.sha256()

    def __eq__(self, other: object) -> bool:
        """Whether both have had the same rows in the same order."""
        if not isinstance(other, RowSum):
            return NotImplemented
        return (self.rows, self._hash.digest()) == (other.rows, other._hash.digest())

    __hash__ = None  # type: ignore[assignment]  # it changes: no key of anything

    def add(self, rows: Iterable[Iterable[object]]) -> None:
        """Add rows. Raises TypeError for a value of a kind that no column has."""
        for row in rows:
            self.rows += 1
            for value in row:
                written = canonical(value)
                # With its length, so that no two rows run together into the same bytes.
                self._hash.update(len(written).to_bytes(8) + written)


def canonical(value: object) -> bytes:
    """Write a value so that equal ones, and no others, have the same bytes; its kind included."""
    kind, written = _written(value.value if isinstance(value, Enum) else value)
    return kind + b" " + written


def _written(value: object) -> tuple[bytes, bytes]:
    match value:
        case None:
            found = b"none", b""
        case bool() | int():
            # A bool that came back as a number would be another value.
            found = type(value).__name__.encode(), b"%d" % value
        case float():
            found = b"float", value.hex().encode()
        case str():
            found = b"text", value.encode()
        case bytes():
            found = b"bytes", value
        case datetime():
            found = b"time", value.astimezone(UTC).isoformat(timespec="microseconds").encode()
        case date():  # after datetime, which is a kind of date
            found = b"day", value.isoformat().encode()
        case _:
            raise TypeError(f"no column holds a {type(value).__name__}")
    return found
