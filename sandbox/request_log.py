"""What was asked and how it ended. Holds no secrets: no query, no body, no header."""

from collections import deque
from itertools import count

from pydantic import BaseModel


class LoggedRequest(BaseModel):
    """One call to the marketplace's interface.

    `outcome` is "ok", the error name that was answered, or "dropped".
    `accepted` tells whether the marketplace acted on it, whatever the caller was told.
    """

    number: int
    at: float
    method: str
    path: str
    shop_id: int | str | None
    http_status: int | None
    outcome: str
    accepted: bool
    message_type: str | None
    message_id: str | None
    faults: list[str]


class RequestLog:
    """The last calls, oldest first."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._numbers = count(1)
        self._entries: deque[LoggedRequest] = deque(maxlen=capacity)

    def next_number(self) -> int:
        """The number for the next entry."""
        return next(self._numbers)

    def add(self, entry: LoggedRequest) -> None:
        """Remember an entry; the oldest is forgotten when the log is full."""
        self._entries.append(entry)

    def after(self, number: int = 0) -> list[LoggedRequest]:
        """The entries with a higher number."""
        return [entry for entry in self._entries if entry.number > number]

    def clear(self) -> None:
        """Forget all entries; numbers go on."""
        self._entries.clear()
