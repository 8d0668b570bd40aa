"""Setting something aside for a time. Pure; times are monotonic seconds."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Parkable:
    """Something that can be left alone, with a reason, until a time or for ever (infinity)."""

    parked_until: float | None = None
    parked_because: str = ""

    def park(self, until: float, reason: str) -> None:
        """Leave it alone until then."""
        self.parked_until, self.parked_because = until, reason

    def unpark_if_due(self, now: float) -> None:
        """Try it again when its time is over."""
        if self.parked_until is not None and now >= self.parked_until:
            self.parked_until, self.parked_because = None, ""
