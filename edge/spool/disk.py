"""How full the disk is, and what follows from it. Pure."""

from dataclasses import dataclass

from edge.events import DiskLevel

WARN_PERCENT = 80.0
DEFAULT_RESERVE_BYTES = 512 * 1024**2
"""Room to finish the open proof, for the journal to grow, and for the system beside us."""


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Room on the file system that holds the spool, in bytes."""

    total_bytes: int
    free_bytes: int
    """What this program may still write; space kept for root is not in it."""

    @property
    def used_percent(self) -> float:
        """Share that is not free, 0 to 100."""
        if self.total_bytes <= 0:
            return 100.0
        return 100.0 * (1 - min(self.free_bytes, self.total_bytes) / self.total_bytes)


def level_of(use: DiskUse, *, reserve_bytes: int, warn_percent: float = WARN_PERCENT) -> DiskLevel:
    """RESERVE when no more than the reserve is free: the open proof may be finished, no new one."""
    if use.free_bytes <= reserve_bytes:
        return DiskLevel.RESERVE
    if use.used_percent >= warn_percent:
        return DiskLevel.WARN
    return DiskLevel.FINE


def missing_bytes(use: DiskUse, *, reserve_bytes: int) -> int:
    """How much has to be freed before new proofs are taken again."""
    return max(0, reserve_bytes + 1 - use.free_bytes)
