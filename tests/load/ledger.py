"""What was closed and what was receipted, and how long that took. Pure: times are given.

Times are monotonic seconds.
"""

from bisect import bisect_left
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Took:
    """From F4 to the receipt: how many, and their percentiles in seconds."""

    count: int
    p50_s: float
    p95_s: float
    p99_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a stretch of time."""

    seconds: float
    closed: int
    receipted: int
    took: Took
    """Those that still wait count with what they have waited, if that is beyond the limit."""
    waiting: int
    """Closed and not receipted at the end of it."""

    @property
    def proofs_per_minute(self) -> float:
        """Receipted."""
        return 60 * self.receipted / self.seconds if self.seconds else 0.0


class Ledger:
    """All proofs of a run."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._closed_at: dict[str, float] = {}
        self._closings: list[float] = []
        self._receipts: list[tuple[float, float]] = []
        self.repeated = 0
        """Receipts of what was receipted before, or was never closed."""
        self.refused: list[str] = []
        """What the cloud said to proofs that it did not take."""

    def close(self, proof_id: str, at_s: float) -> None:
        """F4."""
        self._closed_at[proof_id] = at_s
        self._closings.append(at_s)

    def receipt(self, proof_id: str, at_s: float) -> None:
        """The cloud has it."""
        closed_s = self._closed_at.pop(proof_id, None)
        if closed_s is None:
            self.repeated += 1
        else:
            self._receipts.append((at_s, at_s - closed_s))

    def refuse(self, proof_id: str, reason: str) -> None:
        """The cloud will not take it."""
        self._closed_at.pop(proof_id, None)
        self.refused.append(reason)

    @property
    def closed(self) -> int:
        """All that were closed."""
        return len(self._closings)

    @property
    def receipted(self) -> int:
        """All that were receipted."""
        return len(self._receipts)

    @property
    def waiting(self) -> int:
        """Closed and not receipted."""
        return len(self._closed_at)

    def oldest_wait_s(self, now_s: float) -> float:
        """How long the one waits that waits longest."""
        return now_s - min(self._closed_at.values(), default=now_s)

    def last_slow_s(self, since_s: float) -> float | None:
        """When the last receipt since then came that took longer than the limit."""
        slow = [at_s for at_s, took_s in self._since(since_s) if took_s > self._limit_s]
        return slow[-1] if slow else None

    def figures(self, from_s: float, to_s: float) -> Figures:
        """Of the time from then to now, which is ``to_s``."""
        done = self._since(from_s)
        waits = [to_s - closed_s for closed_s in self._closed_at.values()]
        beyond = [wait_s for wait_s in waits if wait_s > self._limit_s]
        return Figures(
            seconds=to_s - from_s,
            closed=len(self._closings) - bisect_left(self._closings, from_s),
            receipted=len(done),
            took=percentiles([took_s for _, took_s in done] + beyond),
            waiting=len(waits),
        )

    def _since(self, from_s: float) -> list[tuple[float, float]]:
        return self._receipts[bisect_left(self._receipts, (from_s, 0.0)) :]


def percentiles(took_s: list[float]) -> Took:
    """Of durations in any order; of none, zeros."""
    ordered = sorted(took_s)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    return Took(len(ordered), at(0.5), at(0.95), at(0.99), at(1.0))


def per_second(times_s: list[float], begin_s: float) -> list[int]:
    """How many of the times lie in each second after ``begin_s``."""
    seconds = [int(at_s - begin_s) for at_s in times_s if at_s >= begin_s]
    counts = [0] * (max(seconds, default=-1) + 1)
    for second in seconds:
        counts[second] += 1
    return counts
