"""What processes and the whole machine use, as the kernel counts it."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_BESIDE_TABLES = 300
"""Open files of a process besides one for each table."""


@dataclass(frozen=True, slots=True)
class Use:
    """Of one process at one moment."""

    cpu_s: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Of all that take part, at one moment."""

    at_s: float
    processes: dict[str, Use]
    busy_s: float
    """Of all cores together, whoever used them."""

    def cores_since(self, before: "Sample") -> dict[str, float]:
        """Cores that each of them used since then, and what ``others`` on this machine used."""
        seconds = self.at_s - before.at_s
        used = {
            name: _used_s(before.processes.get(name), use) / seconds
            for name, use in self.processes.items()
        }
        return {
            **used,
            "others": max(0.0, (self.busy_s - before.busy_s) / seconds - sum(used.values())),
        }


def sample(pids: dict[str, int]) -> Sample:
    """Look at these processes; one that has ended is left out."""
    uses = {name: use for name, pid in pids.items() if (use := _use(pid)) is not None}
    return Sample(monotonic(), uses, _busy_s())


def allow_files(tables: int) -> int:
    """Raise the limit of open files, for this process and its children; how many tables it lets in.

    Broker and generator have an open file for each table.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = tables + _BESIDE_TABLES
    if soft < wanted:
        soft = min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(tables, soft - _BESIDE_TABLES)


def _used_s(before: Use | None, now: Use) -> float:
    """A process that was started again counts from its own beginning."""
    is_same = before is not None and before.cpu_s <= now.cpu_s
    return now.cpu_s - before.cpu_s if before is not None and is_same else now.cpu_s


def _use(pid: int) -> Use | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # utime, stime and rss are the fields 14, 15 and 24 of proc(5); two are before the bracket
    ticks = int(fields[11]) + int(fields[12])
    return Use(ticks / _TICKS_PER_S, int(fields[21]) * _PAGE_BYTES)


def _busy_s() -> float:
    user, nice, system, _, _, irq, soft_irq, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + soft_irq) / _TICKS_PER_S
