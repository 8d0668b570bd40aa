"""How a platform delivers its pushes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Health = Literal["good", "warning", "stopped"]


@dataclass(frozen=True)
class SuccessRule:
    """What too many failures lead to, counted over a window of attempts.

    Judged only after more than `more_than` attempts within `window_s`. A share of successes below
    `warn_below` is a warning, below `stop_below` ends the delivery.
    """

    window_s: float
    more_than: int
    warn_below: float
    stop_below: float

    def judge(self, outcomes: Iterable[tuple[float, bool]], now: float) -> Health:
        """What the attempts (when, and whether the app took it) lead to."""
        recent = [succeeded for at, succeeded in outcomes if now - at <= self.window_s]
        if len(recent) <= self.more_than:
            return "good"
        share = sum(recent) / len(recent)
        if share < self.stop_below:
            return "stopped"
        return "warning" if share < self.warn_below else "good"


@dataclass(frozen=True)
class PushRules:
    """The platform's table: `retry_after_s` are the pauses before the second, third... attempt."""

    retry_after_s: tuple[float, ...] = ()
    success: SuccessRule | None = None
    keep_s: float = 3 * 86_400

    def next_due(self, attempts: int, now: float) -> float | None:
        """When to try again after so many failed attempts; None: not any more."""
        pauses = self.retry_after_s
        return now + pauses[attempts - 1] if attempts <= len(pauses) else None
