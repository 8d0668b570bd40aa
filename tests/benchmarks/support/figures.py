"""How the benchmarks measure and print: interleaved rounds, medians, one line with the goal."""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[3]
_DATA = ROOT / ".cache" / "benchmarks"
"""On the disk of the checkout: /tmp may be memory, where an fsync costs nothing."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The same work done by us and by the bare script, round by round."""

    ours: tuple[float, ...]
    bare: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Median of the rounds' ratios: a slow moment of the machine hits both halves of one."""
        return median(one / other for one, other in zip(self.ours, self.bare, strict=True))

    @property
    def beyond(self) -> float:
        """Median of what each round took beyond the bare script."""
        return median(one - other for one, other in zip(self.ours, self.bare, strict=True))


def interleaved(rounds: int, ours: Callable[[], float], bare: Callable[[], float]) -> Compared:
    """Do both in turn, the other one first each time, so that neither has the warmer machine."""
    measured: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(rounds):
        both = [("ours", ours), ("bare", bare)]
        for name, work in both if number % 2 else reversed(both):
            gc.collect()
            measured[name].append(work())
    return Compared(tuple(measured["ours"]), tuple(measured["bare"]))


def say(text: str) -> None:
    """One line of the benchmark's output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_figure(name: str, figure: str, *, goal: str, met: bool, measured: str) -> None:
    """The line that docs/benchmarks.md quotes."""
    say(f"{name}: {figure} (goal {goal}: {'met' if met else 'MISSED'}); {measured}")


def say_machine() -> None:
    """What the figures were made on."""
    cores = len(os.sched_getaffinity(0))
    busy = os.getloadavg()[0]
    python = ".".join(map(str, sys.version_info[:3]))
    say(f"machine: {cores} cores, load {busy:.1f} before the run, Python {python}")


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    _DATA.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_DATA) as folder:
        yield Path(folder)
