"""How many partitions each link process has: as even as can be, by one sum for all. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Balance:
    """What one process does about its share now; at most one of the two is not empty."""

    take: tuple[int, ...]
    give_up: tuple[int, ...]


def share_of(process: str, processes: Collection[str], partitions: int) -> int:
    """The share of a process. The shares of all ``processes`` add up to ``partitions``."""
    each, rest = divmod(partitions, len(processes))
    return each + (sorted(processes).index(process) < rest)


def balance(process: str, processes: Collection[str], holders: Mapping[int, str | None]) -> Balance:
    """What ``process`` takes of the free partitions (holder None), or gives up of its own.

    It takes from the front and gives up from the back, so that as few as possible change hands.
    """
    share = share_of(process, processes, len(holders))
    own = sorted(number for number, holder in holders.items() if holder == process)
    free = sorted(number for number, holder in holders.items() if holder is None)
    return Balance(
        take=tuple(free[: max(0, share - len(own))]),
        give_up=tuple(own[share:]),
    )
