"""What goes back to a client."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """An envelope, or a page that is no JSON, or nothing (`dropped`).

    `error` is the error's name for the log, empty for a success.
    """

    http_status: int = 200
    envelope: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    html: str | None = None
    dropped: bool = False

    @property
    def outcome(self) -> str:
        """How the log names it."""
        if self.dropped:
            return "dropped"
        return "not json" if self.html is not None else self.error or "ok"
