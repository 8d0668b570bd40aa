"""The cloud's time, as well as a table can know it. Pure.

The cloud reads its clock between a question and its answer, so the middle of the two is wrong by
half their distance at most. From then on the monotonic clock counts, whose crystal is off by less
than 100 millionths.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MOST_BOUND_S: Final = 5.0
"""A time that may be wrong by more than this is not taken for right."""
_DRIFT: Final = 100e-6
_NS: Final = 1e9


@dataclass(frozen=True, slots=True)
class ServerTime:
    """What the cloud's clock said, at which moment of ours."""

    wall: datetime
    monotonic_ns: int
    """Of this boot."""
    bound_s: float
    """How wrong it may have been at that moment."""

    def wall_at(self, monotonic_ns: int) -> datetime:
        """The cloud's time at another moment of this boot."""
        return self.wall + timedelta(microseconds=(monotonic_ns - self.monotonic_ns) / 1000)

    def bound_at(self, monotonic_ns: int) -> float:
        """How wrong ``wall_at`` may be, in seconds."""
        return self.bound_s + abs(monotonic_ns - self.monotonic_ns) / _NS * _DRIFT

    def holds_at(self, monotonic_ns: int) -> bool:
        """Whether it still counts as right."""
        return self.bound_at(monotonic_ns) <= MOST_BOUND_S


def learned(
    before: ServerTime | None, said: datetime, asked_ns: int, answered_ns: int
) -> ServerTime | None:
    """The better of what was known and what an answer says, at the moment of the answer."""
    middle_ns = (asked_ns + answered_ns) // 2
    new = ServerTime(said, middle_ns, max(0, answered_ns - asked_ns) / 2 / _NS)
    if before is not None and before.bound_at(answered_ns) <= new.bound_at(answered_ns):
        return before
    return new if new.holds_at(answered_ns) else before
